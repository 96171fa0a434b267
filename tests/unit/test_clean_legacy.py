"""Vietnamese from before Unicode: right to the last letter, and nothing else is touched."""

from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import closing
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_source import ask, declare, land, pull

from ingestion import quarantine
from ingestion.clean import legacy
from ingestion.clean.legacy import LETTERS, decode, detect, to_unicode
from ingestion.clean.syllable import is_syllable
from ingestion.model import Encoding
from ingestion.rebuild import rebuild

REPUBLIC = "Cộng hòa xã hội chủ nghĩa Việt Nam"
#: The same words as a program shows them that takes the bytes for windows-1252, by hand.
SHOWN = {
    "tcvn3": "Céng hßa x· héi chñ nghÜa ViÖt Nam",
    "vni": "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam",
    "viscii": "Cµng hòa xã hµi chü nghîa Vi®t Nam",
    "cp1258": "Côòng hoÌa xaÞ hôòi chuÒ nghiÞa Viêòt Nam",
}
_FOREIGN = """où là laïc café tôt forêt hôpital Noël août goût île très dès à né clé thé Hôtel São não mañana niño año für
    über grün Köln på øre smør Zoë naïve maïs français garçon château été élève Müller Gödel Ångström Åse Škoda Þór Æsir
    résumé Curaçao coöperate piñata jalapeño Côte Azur Besançon Málaga Perú Bogotá Córdoba Zürich Łódź"""
FOREIGN = _FOREIGN.split()
MEASURES = [
    "°C",
    "m²",
    "m³/s",
    "10 µm",
    "µg/m³",
    "± 2",
    "½",
    "5×10³",
    "kW·h",
    "«Anh em»",
    "“Ông”",
    "– x –",
    "§ 12",
    "©",
]
SOME = "Đường Nguyễn Huệ thuở ấy quý ông khuỷu tay ngoằn ngoèo UBND 57-NQ/TW"
SENTENCES = st.lists(
    st.sampled_from([*REPUBLIC.split(), *SOME.split()]),
    min_size=1,
    max_size=8,
).map(" ".join)  # fmt: skip


def inverse(encoding: Encoding) -> dict[str, bytes]:
    """Letter → bytes, from the table itself; a letter has one code."""
    if encoding == "cp1258":
        tones = "\u0300\u0301\u0303\u0309\u0323"
        both = {}
        for letter in LETTERS + LETTERS.upper():
            parts = unicodedata.normalize("NFD", letter)
            base = unicodedata.normalize("NFC", "".join(p for p in parts if p not in tones))
            both[letter] = (base + "".join(p for p in parts if p in tones)).encode("cp1258")
        return both
    if encoding == "vni":
        codes = legacy._VNI_CODES.split()
        lower = {letter: code.encode("latin-1") for letter, code in zip(LETTERS, codes, strict=True)}
        return lower | {
            letter.upper(): code.decode("latin-1").upper().encode("latin-1") for letter, code in lower.items()
        }
    table = legacy._VISCII if encoding == "viscii" else legacy._TCVN3
    found = {char: bytes([code]) for code, char in enumerate(table) if char in LETTERS + LETTERS.upper()}
    return {letter.upper(): found[letter] for letter in LETTERS} if encoding == "tcvn3_upper" else found


CODES = {encoding: inverse(encoding) for encoding in get_args(Encoding)}


def encode(text: str, encoding: Encoding) -> bytes:
    return b"".join(CODES[encoding].get(char) or char.encode("ascii") for char in text)


def shown(data: bytes) -> str:
    return "".join(legacy._WINDOWS[byte] for byte in data)


def test_tables__have_all_134_letters_once() -> None:
    letters = set(LETTERS + LETTERS.upper())
    assert len(letters) == 134
    for encoding in ("vni", "viscii", "cp1258"):
        assert set(CODES[encoding]) == letters and len(set(CODES[encoding].values())) == 134, encoding
    assert set(CODES["tcvn3"]) == set(LETTERS + "ĂÂĐÊÔƠƯ") and set(CODES["tcvn3_upper"]) == set(LETTERS.upper())
    for encoding, codes in CODES.items():
        assert [decode(code, encoding) for code in codes.values()] == list(codes), encoding


@pytest.mark.parametrize("encoding", SHOWN)
def test_decode__reads_the_republic_as_everyone_has_seen_it(encoding: Encoding) -> None:
    assert to_unicode(pa.array([SHOWN[encoding]]), encoding)[0].to_pylist() == [REPUBLIC]
    assert to_unicode(pa.array([SHOWN[encoding]]), "detect")[0].to_pylist() == [REPUBLIC]
    assert shown(encode(REPUBLIC, encoding)) == SHOWN[encoding]


@settings(max_examples=150, deadline=None)
@given(SENTENCES, st.sampled_from(get_args(Encoding)))
def test_decode__gives_back_any_sentence(sentence: str, encoding: Encoding) -> None:
    sentence = sentence.upper() if encoding == "tcvn3_upper" else sentence
    written = shown(encode(sentence, encoding))
    texts, uncertain = to_unicode(pa.array([written, None]), encoding)
    assert texts.to_pylist() == [sentence, None] and not any(uncertain.to_pylist())
    texts, uncertain = to_unicode(pa.array([written]), "detect")
    assert texts.to_pylist() in ([sentence], [written])  # right, or as it came


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.sampled_from([*get_args(Encoding), "detect", None]))
def test_to_unicode__takes_any_text(text: str, encoding: str | None) -> None:
    texts, uncertain = to_unicode(pa.array([text]), encoding)
    assert len(texts) == len(uncertain) == 1
    if text.isascii() and not set(text) & set("\x02\x05\x06\x14\x19\x1e"):
        assert texts.to_pylist() == [text]


def test_to_unicode__keeps_and_marks_what_means_nothing() -> None:
    texts, uncertain = to_unicode(pa.array(["Thôn Å", "Hîp TiÕn", "Hợp Tiến", None]), "tcvn3")
    assert texts.to_pylist() == ["Thôn Å", "Hợp Tiến", "Hợp Tiến", None]
    assert uncertain.to_pylist() == [True, False, False, False]


def names() -> list[str]:
    """All names of units in the package, old and new, of the country."""
    data = resources.files("vietnamadminunits") / "data" / "dataset.db"
    with resources.as_file(data) as path, closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
        sql = """SELECT ward FROM admin_units UNION SELECT ward FROM admin_units_legacy UNION SELECT province FROM admin_units
            UNION SELECT district FROM admin_units_legacy UNION SELECT ward || ', ' || district FROM admin_units_legacy"""
        return [name for (name,) in con.execute(sql) if name]


def test_detect__never_touches_a_real_name() -> None:
    found = names()
    assert len(found) == 19384
    assert [name for name in found if detect(name) != (None, 0)] == []


def test_detect__never_changes_foreign_words_measures_and_codes() -> None:
    assert len(FOREIGN) == 59
    cells = [*FOREIGN, *MEASURES, *map(" ".join, pairwise(FOREIGN)), *map(" ".join, pairwise(MEASURES))]
    cells += [f"{a} {b}" for a in FOREIGN for b in FOREIGN] + [f"37 {a}, 5 {b}" for a in MEASURES for b in MEASURES]
    assert to_unicode(pa.array(cells), "detect")[0].to_pylist() == cells
    assert detect("laïc") == ("vni", 1)  # one letter is no certainty


@pytest.mark.parametrize(("encoding", "right"), [("tcvn3", 335), ("vni", 363), ("viscii", 258), ("cp1258", 379)])
def test_detect__reads_communes_rightly_or_not_at_all(encoding: Encoding, right: int) -> None:
    with resources.as_file(resources.files("vietnamadminunits") / "data" / "dataset.db") as path:
        con = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        sql = "SELECT ward FROM {} WHERE provinceCode = '38'"
        communes = {
            name for table in ("admin_units", "admin_units_legacy") for (name,) in con.execute(sql.format(table))
        }
        con.close()
    communes = {name for name in communes if set(name) - set(CODES[encoding]) <= set(map(chr, range(128)))}
    assert len(communes) > 550
    written = {shown(encode(name, encoding)): name for name in communes}
    read, _ = to_unicode(pa.array(list(written)), "detect")
    results = list(zip(written.items(), read.to_pylist(), strict=True))
    assert [r for (w, name), r in results if r not in (w, name)] == []
    assert sum(r == name != w for (w, name), r in results) == right


def test_syllable__is_known_by_its_form() -> None:
    sound = "thuở quý Quýt khuỷu nguyễn giếng gì Hoà HÓA quà xoong ngoằn Đắk thủy thuỷ nghiêng khuya ỵ luật"
    broken = "cafê Hãa tôt HóA où muà Krông tỏt Th«n hoøa pho2"
    assert [w for w in sound.split() if not is_syllable(w)] == [] and [
        w for w in broken.split() if is_syllable(w)
    ] == []


COLUMNS: list[dict[str, Any]] = [{"name": "ma", "type": "text"}, {"name": "so", "type": "text"}]


def test_load__converts_declared_columns_and_the_ledger_counts_what_is_not_certain(ioc_home: Path) -> None:
    source = declare(cursor=None, columns=[COLUMNS[0], COLUMNS[1] | {"encoding": "tcvn3"}])
    [loaded] = pull(source, [{"ma": "A", "so": SHOWN["tcvn3"]}, {"ma": "B", "so": "Thôn Å"}])
    assert (loaded.rows_loaded, loaded.rows_quarantined) == (2, 0)
    assert ask("SELECT so FROM raw.so_thu_nghiem__ho_so ORDER BY ma") == [(REPUBLIC,), ("Thôn Å",)]
    assert ask("SELECT texts_uncertain FROM ops.extract") == [('{"so": 1}',)]


def test_extract__leaves_undeclared_text_as_it_came_and_says_how_much_looks_old(ioc_home: Path) -> None:
    rows = [{"ma": str(i), "so": text} for i, text in enumerate([SHOWN["vni"], SHOWN["vni"], "Thanh Hóa", "café"])]
    [landed] = land(declare(cursor=None, columns=COLUMNS), rows)
    assert landed.manifest.texts_uncertain == {"so": 2} and landed.manifest.texts_repaired == 0


def test_contract__quarantines_a_key_whose_encoding_is_not_certain(ioc_home: Path) -> None:
    source = declare(cursor=None, columns=[COLUMNS[0] | {"encoding": "detect"}])
    rows = [{"ma": m} for m in ("Th«n", SHOWN["tcvn3"], "Thôn 1 – Hóa “Mới”", "TH-01", "Phố Ngô Quyền–Lê Lợi")]
    [loaded] = pull(source, rows)
    assert (loaded.rows_loaded, loaded.rows_quarantined) == (4, 1)
    assert ask("SELECT rules, reasons_vi FROM quarantine.row") == [
        (["encoding:ma"], ["cột ma: “Th«n” còn ở bảng mã cũ chưa xác định chắc chắn"])
    ]


def test_replay_and_rebuild__read_old_encodings_as_loading_does_under_the_present_declaration(ioc_home: Path) -> None:
    def read_as(encoding: str | None) -> Any:
        words = {"name": "so", "type": "text", "code_list": [REPUBLIC], "encoding": encoding}
        return declare(cursor=None, columns=[COLUMNS[0], words])

    rows = [{"ma": name, "so": SHOWN[name]} for name in ("tcvn3", "vni")]
    [loaded] = pull(read_as(None), rows)
    assert (loaded.rows_loaded, loaded.rows_quarantined, loaded.texts_uncertain) == (0, 2, {"so": 2})
    assert quarantine.replay(read_as("tcvn3"), by="an") == (1, 2)
    assert quarantine.replay(read_as("vni"), by="an") == (1, 1)
    assert ask("SELECT ma, so FROM raw.so_thu_nghiem__ho_so ORDER BY 1") == [("tcvn3", REPUBLIC), ("vni", REPUBLIC)]
    assert rebuild(read_as("detect"), holder="test")[0].is_equal
    assert ask("SELECT so, _extract_id FROM raw.so_thu_nghiem__ho_so") == [(REPUBLIC, loaded.extract_id)] * 2
    assert ask("SELECT rows_loaded, rows_quarantined, texts_uncertain FROM ops.extract") == [(2, 0, None)]
