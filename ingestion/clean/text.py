"""Vietnamese text: canonical form, broken encodings, and keys to match names by.

Text is kept NFC and never accent-stripped. UTF-8 that was once read as cp1252 (“Ä\x90Ã´ng”) is repaired at most twice, and
only where the repair lowers the number of tell-tale characters; anything else stays as it came.
"""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

#: Pairs that UTF-8 Vietnamese shows when read as cp1252; none occurs in Vietnamese words.
_TELLTALE = re.compile(
    r"Ã[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|Ä[\x80-\xbf‘’“”†‚ƒ]|áº|á»|Æ[\x80-\xbf°¡]|Â[\x80-\xbf]|Ä\x90|Å[¨©]"
)
#: Old and new placement of the tone mark on oa, oe, uy: one key for both.
_TONES = dict(
    zip(
        ["òa", "óa", "ỏa", "õa", "ọa", "òe", "óe", "ỏe", "õe", "ọe", "ùy", "úy", "ủy", "ũy", "ụy"],
        ["oà", "oá", "oả", "oã", "oạ", "oè", "oé", "oẻ", "oẽ", "oẹ", "uỳ", "uý", "uỷ", "uỹ", "uỵ"],
        strict=True,
    )
)
_PREFIX = r"^(phường|xã|thị trấn|p\.|x\.|tt\.?|ubnd (phường|xã|thị trấn))\s+"


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def mojibake_score(text: str) -> int:
    """How many tell-tale sequences of double-encoded UTF-8 a text has; 0 for sound Vietnamese."""
    return len(_TELLTALE.findall(text))


def windows_bytes(text: str) -> bytes:
    """The bytes of a text that was read as windows-1252: cp1252 where it has the character, latin-1 for the five bytes that
    cp1252 leaves undefined. Raises UnicodeEncodeError for a character that was never one byte."""
    out = bytearray()
    for char in text:
        try:
            out += char.encode("cp1252")
        except UnicodeEncodeError:
            out += char.encode("latin-1")
    return bytes(out)


def repaired(text: str) -> str:
    """The text with double encoding undone, at most twice, as long as the score drops."""
    for _ in range(2):
        score = mojibake_score(text)
        if not score:
            break
        try:
            candidate = windows_bytes(text).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            break
        if mojibake_score(candidate) >= score:
            break
        text = candidate
    return text


def repair(values: pa.Array) -> tuple[pa.Array, int]:
    """Repair a string array. Returns it and the number of texts changed; only suspicious texts leave Arrow."""
    suspicious = pc.match_substring_regex(values, pattern="[ÃÄÆÂÅ]|áº|á»")
    if not pc.any(suspicious).as_py():
        return values, 0
    fixed = [
        repaired(text) if flag and text is not None else text
        for text, flag in zip(values.to_pylist(), suspicious.to_pylist(), strict=True)
    ]
    array = pa.array(fixed, pa.string())
    return array, int(pc.sum(pc.not_equal(array, values)).as_py() or 0)


def match_key(text: str) -> str:
    """What two spellings of one name share: NFC, lower case, one tone placement, no unit word, single spaces.

    Accents stay: Đông Tiến and Đồng Tiến are two communes.
    """
    key = re.sub(r"\s+", " ", nfc(text).lower()).strip()
    key = re.sub(_PREFIX, "", key)
    for old, new in _TONES.items():
        key = key.replace(old, new)
    return key


def sql_match_key(expression: str) -> str:
    """`match_key` as a DuckDB expression."""
    return f"regexp_replace({sql_folded(expression)}, '{_PREFIX}', '')"


def sql_folded(expression: str) -> str:
    """A text in NFC and lower case with one tone placement and single spaces, as a DuckDB expression."""
    key = f"trim(regexp_replace(lower(nfc_normalize({expression})), '\\s+', ' ', 'g'))"
    for old, new in _TONES.items():
        key = f"replace({key}, '{old}', '{new}')"
    return key
