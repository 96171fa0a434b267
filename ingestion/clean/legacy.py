"""Vietnamese text from before Unicode: TCVN3, VNI, VISCII and windows-1258, each letter by table.

Such text reaches us read as windows-1252 (“Thanh Hãa”, “Thanh Hoùa”): a workbook or a DBF says which font showed it, not
which letters it means. So the encoding is declared for the column, never guessed in silence; `detect` is for columns that
mix encodings, and converts a cell only when the evidence is certain. What cannot be read stays as it came, and is counted.

Sources: RFC 1456 (VISCII); TCVN 5712:1993, codes A1 to FE, which the ABC fonts (.VnTime) show; VNI-Windows as in the table
vni.h of xvnkb; windows-1258 is Python's. The ABC fonts have no toned capitals: text in their capital fonts (.VnTimeH) is
`tcvn3_upper`. VPS is not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any, get_args

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from duckdb.func import PythonUDFType
from duckdb.sqltypes import BOOLEAN, VARCHAR

from ingestion.clean import text
from ingestion.clean.syllable import PATTERN, is_syllable
from ingestion.model import Encoding
from warehouse.connect import literal

#: Different letters that must speak for an encoding: one is also “laïc” (VNI: lạc), two occur in no foreign text we know.
CERTAIN = 2
LETTERS = "àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"
_NOTHING = "\ufffe"
#: Byte → character as a program shows it that takes all text for windows-1252; its five holes are control characters.
_WINDOWS = [bytes([b]).decode("latin-1" if b in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252") for b in range(256)]


def _table(codes: str, letters: str) -> list[str]:
    """256 characters: `codes` mean `letters`, other accented letters nothing, signs stay."""
    table = [_NOTHING if byte >= 0xC0 and char.isalpha() else char for byte, char in enumerate(_WINDOWS)]
    for code, letter in zip(bytes.fromhex(codes), letters, strict=True):
        table[code] = letter
    return table


#: Codes in the order of `LETTERS`, a group a vowel.
_TCVN3 = _table(
    """b5b6b7b8b9 a8bbbcbdbec6 a9c7c8c9cacb ae cccecfd0d1 aad2d3d4d5d6 d7d8dcddde dfe1e2e3e4 abe5e6e7e8e9 aceaebecedee
    eff1f2f3f4 adf5f6f7f8f9 fafbfcfdfe a1a2a7a3a4a5a6""",
    LETTERS + "ĂÂĐÊÔƠƯ",
)
_VISCII = _table(
    """e0e4e3e1d5 e5a2c6c7a1a3 e2a5a6e7a4a7 f0 e8eba8e9a9 eaabacadaaae ecefeeedb8 f2f6f5f3f7 f4b0b1b2afb5 bdb6b7debefe
    f9fcfbfaf8 dfd7d8e6d1f1 cfd6dbfddc
    c0c4c3c180 c58202058183 c28586068487 d0 c8cb88c989 ca8b8c8d8a8e cc9bcecd98 d299a0d39a d49091928f93 b49697b39594
    d99c9dda9e bfbbbcffbab9 9f1419dd1e""",
    LETTERS + LETTERS.upper(),
)
_VNI_CODES = """aø aû aõ aù aï aê aè aú aü aé aë aâ aà aå aã aá aä ñ eø eû eõ eù eï eâ eà eå eã eá eä ì æ ó í ò
    oø oû oõ où oï oâ oà oå oã oá oä ô ôø ôû ôõ ôù ôï uø uû uõ uù uï ö öø öû öõ öù öï yø yû yõ yù î"""
_VNI = {
    code: letter
    for lower, meant in zip(_VNI_CODES.split(), LETTERS, strict=True)
    for codes, letter in (({lower, lower[0] + lower[1:].upper()}, meant), ({lower.upper(), lower.capitalize()}, meant.upper()))
    for code in codes
}  # fmt: skip
#: A letter of VNI (its mark in either case), or an accented letter that means nothing there.
_VNI_PIECE = re.compile("|".join(sorted(_VNI, key=len, reverse=True)) + "|[À-ÖØ-öø-ÿ]")

#: A character that was never a byte: most texts in Unicode have one, so no other test is needed.
_NO_BYTE = "[^\x00-\x7f{}]".format("".join(_WINDOWS[0x80:]))
#: Not ASCII, or one of the six letters that VISCII has among control characters.
_NO_ASCII = "[\x02\x05\x06\x14\x19\x1e\u0080-\U0010ffff]"
_BETWEEN = "\t\n\r\x20-\x40\x5b-\x60\x7b-\x7f\xa0"
_SIGNS = "‘’“”‚„…–—•·«»°±²³´®©™"
_WORD = re.compile(f"[^{_BETWEEN}]+")


def decode(data: bytes, encoding: str) -> str:
    """The text in NFC that bytes mean in an `Encoding`. Raises ValueError for bytes that mean nothing in it."""
    if encoding == "cp1258":
        found = data.decode("cp1258")
    elif encoding == "vni":
        found = _VNI_PIECE.sub(_vni_letter, "".join(_WINDOWS[byte] for byte in data))
    else:
        table = _VISCII if encoding == "viscii" else _TCVN3
        found = "".join(table[byte] for byte in data)
        if _NOTHING in found:
            raise ValueError(f"a byte means nothing in {encoding}")
    return unicodedata.normalize("NFC", found.upper() if encoding == "tcvn3_upper" else found)


def _vni_letter(piece: re.Match[str]) -> str:
    if piece[0] not in _VNI:
        raise ValueError(f"{piece[0]!r} means nothing in VNI")
    return _VNI[piece[0]]


def detect(cell: str) -> tuple[Encoding | None, int]:
    """The encoding of a text that was read as windows-1252, and how many different letters speak for it.

    An encoding is possible when it makes every accented word a syllable; a letter speaks for it when its word was none
    before. (None, 0): sound text, or of another language; (None, n): two encodings are possible and disagree.
    """
    words = [word for word in _WORD.findall(cell) if not word.isascii()]
    if all(map(is_syllable, words)):
        return None, 0
    possible: dict[str, tuple[Encoding, int]] = {}
    for encoding in get_args(Encoding):
        if (encoding == "tcvn3_upper" and possible) or (encoding == "viscii" and "\xa0" in cell):
            continue  # the capital font has the codes of the plain one; a no-break space is no Õ
        try:
            speaking = _speaking(words, encoding)
            if speaking:
                possible.setdefault(decode(text.windows_bytes(cell), encoding), (encoding, speaking))
        except ValueError:
            continue
    if len(possible) == 1:
        return next(iter(possible.values()))
    return None, max((speaking for _, speaking in possible.values()), default=0)


def _speaking(words: list[str], encoding: str) -> int:
    """How many different letters become part of a syllable in words that were none. Raises ValueError where a word
    does not become a syllable. Words of one or two letters do not speak: µm would be “àm”."""
    speaking: set[str] = set()
    for word in words:
        before = word.strip(_SIGNS)
        after = decode(text.windows_bytes(word), encoding).strip(_SIGNS)
        capitals = encoding == "tcvn3_upper" and word != re.sub("[a-z]", "", word)
        if capitals or not (after.isascii() or is_syllable(after)):
            raise ValueError(f"{after!r} is no syllable")
        if len(after) > 2 and not is_syllable(unicodedata.normalize("NFC", before)):
            speaking.update(char for char in before if not char.isascii())
    return len(speaking)


def to_unicode(values: pa.Array, encoding: str | None) -> tuple[pa.Array, pa.Array]:
    """Texts in Unicode, and for each whether it could not be made so for certain and stays as it came.

    `encoding` is an `Encoding`, `detect`, or None: then nothing is changed, and what seems to be in an old encoding is
    only marked.
    """
    accented, unicode = (pc.match_substring_regex(values, pattern) for pattern in (_NO_ASCII, _NO_BYTE))
    suspect = pc.fill_null(pc.and_not(accented, unicode), False)
    if not pc.any(suspect).as_py():
        return values, suspect
    texts, uncertain = values.to_pylist(), suspect.to_pylist()
    for row, is_suspect in enumerate(uncertain):
        if is_suspect:
            texts[row], uncertain[row] = _read(texts[row], encoding)
    return pa.array(texts, pa.string()), pa.array(uncertain, pa.bool_())


def _read(cell: str, encoding: str | None) -> tuple[str, bool]:
    """The text in Unicode and false, or as it came and whether it seems to be in an old encoding."""
    known = encoding
    if encoding in (None, "detect"):
        known, speaking = detect(cell)
        if encoding is None or speaking < CERTAIN or known is None:
            return cell, speaking > 0
    try:
        return decode(text.windows_bytes(cell), known or ""), False
    except ValueError:
        return cell, True


def read(values: pa.Array, encoding: str | None) -> tuple[pa.Array, pa.Array]:
    """`to_unicode`, then double encoding undone and NFC. Only distinct values are looked at: names of offices, procedures
    and communes come over and over (10 times faster on such columns)."""
    encoded = pc.dictionary_encode(values)
    in_unicode, is_uncertain = to_unicode(encoded.dictionary, encoding)
    repaired, _ = text.repair(in_unicode)
    clean = pc.utf8_normalize(repaired, form="NFC")
    return clean.take(encoded.indices), is_uncertain.take(encoded.indices)


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Make the functions of `sql_read` and `sql_is_uncertain` known to a connection, once."""
    there = con.execute("SELECT count(*) FROM duckdb_functions() WHERE function_name = 'legacy_read'").fetchone()
    if there == (0,):
        for name, part, kind in (("legacy_read", 0, VARCHAR), ("legacy_is_uncertain", 1, BOOLEAN)):
            con.create_function(name, _function(part), [VARCHAR, VARCHAR], kind, type=PythonUDFType.ARROW)


def _function(part: int) -> Callable[[Any, Any], pa.Array]:
    def answer(texts: Any, encodings: Any) -> pa.Array:
        values = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        return read(values, encodings[0].as_py())[part] if len(values) else values

    return answer


def sql_read(expression: str, encoding: str) -> str:
    """A landed text as `read` gives it, as DuckDB SQL on a connection that was `register`ed."""
    return f"legacy_read({expression}, {literal(encoding)})"


def sql_is_uncertain(expression: str, encoding: str) -> str:
    """Whether `read` leaves the text as it came because it is not certain what it means."""
    return f"legacy_is_uncertain({expression}, {literal(encoding)})"


def sql_is_sound(expression: str) -> str:
    """True where every accented word of a text has the form of a Vietnamese syllable, as DuckDB SQL."""
    between, sign = "[\\x00-\\x40\\[-`{-\\x7f\\x{a0}–—…]", f"[{_SIGNS}]"
    word = f"{sign}*(?:[a-z]+|{PATTERN})?{sign}*"
    return f"regexp_full_match(lower(nfc_normalize({expression})), {literal(f'(?:{word}{between}+)*{word}')})"
