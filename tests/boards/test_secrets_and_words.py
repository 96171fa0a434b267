"""Keys that Superset refuses to start with, and the Vietnamese of its pages."""

from __future__ import annotations

import json
import re
import stat
import unicodedata
from pathlib import Path

import pytest

from boards import access, serve

WORDS = Path(access.__file__).parent / "translations" / "vi.json"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "short",
        "a" * 64,
        "thisISmyscretKEY-thisISmyscretKEY-1234567890",
        "CHANGE_ME_TO_A_COMPLEX_RANDOM_SECRET_0123456789",
    ],
)
def test_key__refuses_what_is_missing_short_or_known(
    ioc_home: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("SUPERSET_SECRET_KEY", text)
    with pytest.raises(SystemExit, match="IOC-501"):
        access.key("SUPERSET_SECRET_KEY")


def test_make__writes_a_strong_key_once_that_only_its_owner_reads(
    ioc_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUPERSET_SECRET_KEY", raising=False)
    first = access.make("SUPERSET_SECRET_KEY")
    file = ioc_home / "secrets" / "SUPERSET_SECRET_KEY"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert access.make("SUPERSET_SECRET_KEY") == access.key("SUPERSET_SECRET_KEY") == first
    assert len(first) == 64


def test_words__are_vietnamese_and_keep_their_places() -> None:
    words: dict[str, str] = json.loads(WORDS.read_text(encoding="utf-8"))
    assert len(words) >= 150
    for english, vietnamese in words.items():
        assert vietnamese and vietnamese == unicodedata.normalize("NFC", vietnamese), english
        if re.fullmatch(r"[a-z_]+\.[a-z_.]+", english):
            continue  # the name of a text, which says nothing of its places
        places = [sorted(re.findall(r"%\(\w+\)[sd]|%[sd]|\{\{?\w+\}?\}", text)) for text in (english, vietnamese)]
        assert places[0] == places[1], english


def test_command__keeps_secrets_out_of_the_process_list(ioc_home: Path) -> None:
    argv, env = serve.command(8123)
    assert "127.0.0.1:8123" in argv
    assert not [text for text in argv + list(env) if "PASSWORD" in text or "SECRET" in text]


def test_health__says_no_where_nothing_listens() -> None:
    assert serve.health("http://127.0.0.1:9", seconds=0.5) is False
