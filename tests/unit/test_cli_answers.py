"""What the command line answers: languages, exit codes, one JSON document, faults that say what to do."""

import json
import re
from pathlib import Path

import pytest

from ingestion import registry
from ops import cli, say
from ops.codes import CODES
from quality import expectation
from warehouse import connect

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def vietnamese(monkeypatch: pytest.MonkeyPatch, ioc_home: Path) -> None:
    monkeypatch.setattr(say, "manner", say.Manner())


def test_codes__explain_every_code_that_the_code_raises() -> None:
    rooms = ("ingestion", "warehouse", "quality", "ops", "boards", "demo", "ioc")
    files = [f for room in rooms for f in ([ROOT / room] if (ROOT / room).is_file() else (ROOT / room).rglob("*.py"))]
    raised = {
        c for f in files if f.name != "codes.py" for c in re.findall(r'"(IOC-\d{3})"', f.read_text(encoding="utf-8"))
    }
    assert len(raised) > 20
    assert raised <= set(CODES), sorted(raised - set(CODES))


def test_explain__speaks_vietnamese_first_and_english_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "IOC-401"]) == 0
    assert "Cổng chất lượng" in capsys.readouterr().out
    assert cli.main(["explain", "401", "--lang", "en"]) == 0
    assert "quality gate" in capsys.readouterr().out


def test_wrong_command__exits_2_with_the_nearest_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["statsu"]) == 2
    assert "status" in capsys.readouterr().err


def test_fault__without_a_build_says_code_fix_and_prints_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sql", "SELECT 1", "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "IOC-404"
    assert "./ioc run" in err and "Traceback" not in err


def test_status__of_an_empty_home_is_an_answer_and_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["current"], body["sources"], body["services"]) == (None, [], [])


def test_unknown_source__suggests_the_nearest_and_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["source", "check", "vptu_nq56"]) == 2
    assert "vptu_nq57" in capsys.readouterr().err


def test_number__follows_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    assert say.number(1234.5, 2) == "1.234,50"
    monkeypatch.setattr(say.manner, "lang", "en")
    assert say.number(1234.5, 2) == "1,234.50"


def test_quality_rules__lists_baseline_and_suites_with_owner_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    with connect.writer("test") as con:
        registry.sync(con, registry.load())
    assert cli.main(["quality", "rules", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    of_suites = [one for one in found if one["suite"]]
    assert len(of_suites) == len(expectation.suites()) > 100 and len(found) > 1000
    assert all(one["rule"] and one["owner"] and one["reason_vi"] and one["reason_en"] for one in found)
    assert cli.main(["quality", "rules", "--relation", "mart.fct_dossier_dy"]) == 2
    assert "--relation mart.fct_dossier_day" in capsys.readouterr().err
