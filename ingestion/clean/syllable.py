"""What can be a Vietnamese syllable: onset, rime, and a tone on the vowel that carries it.

A test of form, not a dictionary: “thuở” and “quýt” pass, “cafê”, “Hãa” and “tôt” (a stop without its tone) do not. Both
placements of the tone on oa, oe, uy pass. Finals in k of place names (Đắk Lắk) pass, other spellings of minority
languages (Krông) do not.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_ONSETS = "b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
_RIMES = """
    a ac ach ai ak am an ang anh ao ap at au ay ăc ăk ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oem oen oeo oet oi om on ong ooc oong op ot
    oăc oăm oăn oăng oăt ô ôc ôi ôm ôn ông ôôc ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung uơ up ut uy uya uych uyn uynh uyp uyt uyu uyên uyêt uân uâng uât uây uê uêch uên uênh uêu
    uôc uôi uôm uôn uông uôt ư ưa ưc ưi ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y yêm yên yêng yêt yêu ynh yt
"""
_TONES = {"": "", "huyền": "\u0300", "sắc": "\u0301", "ngã": "\u0303", "hỏi": "\u0309", "nặng": "\u0323"}
_STOPS = ("c", "ch", "k", "p", "t")


def _places(rime: str) -> list[int]:
    """Where the tone may stand: on ê, ơ, â … if there is one, else on the vowel before a final, else by custom."""
    vowels = re.match("[aăâeêioôơuưy]+", rime)
    assert vowels is not None
    nucleus = vowels[0]
    marked = [i for i, vowel in enumerate(nucleus) if vowel in "ăâêôơư"]
    if marked:
        return marked[-1:]
    if rime in ("oa", "oe", "uy"):
        return [0, 1]
    if len(nucleus) == 3 or len(rime) > len(nucleus):
        return [min(1, len(nucleus) - 1)]
    return [0]


def _toned(rime: str) -> list[str]:
    """The rime with each tone it can have: a syllable that ends in a stop is sắc or nặng."""
    tones = [_TONES["sắc"], _TONES["nặng"]] if rime.endswith(_STOPS) else list(_TONES.values())
    return [unicodedata.normalize("NFC", rime[: i + 1] + tone + rime[i + 1 :]) for tone in tones for i in _places(rime)]


#: A syllable in NFC and lower case, as a regular expression for Python and for DuckDB.
PATTERN = "(?:{})?(?:{})".format(
    "|".join(sorted(_ONSETS.split(), key=len, reverse=True)),
    "|".join(sorted({form for r in _RIMES.split() for form in _toned(r)})),
)
_SYLLABLE = re.compile(PATTERN)


@lru_cache(maxsize=65_536)
def is_syllable(word: str) -> bool:
    """Whether an NFC word has the form of a syllable and one of the three ways of capitals: thanh, Thanh, THANH."""
    return word in (word.lower(), word.upper(), word.capitalize()) and bool(_SYLLABLE.fullmatch(word.lower()))
