"""A number is taken back to its rows, and a wrong name is answered with the nearest right one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up_build import let_pass, make_build, make_home

from warehouse import connect, publish, trace
from warehouse.errors import Fault


@pytest.fixture
def build_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    build_id = make_home(tmp_path, monkeypatch)
    let_pass(build_id)
    publish.publish(build_id)
    return build_id


def land() -> None:
    folder = connect.home() / "landing/vptu_nq57/nhiem_vu/e4"
    folder.mkdir(parents=True)
    with connect.scratch() as con:
        con.execute(
            f"COPY (SELECT 'NV01' AS ma_nv, 'Nghị quyết' AS ten UNION ALL SELECT 'NV99', 'khác') TO '{folder}/part-0.parquet'"
        )


def test_trace__counts_the_rows_again_and_says_that_they_agree(build_id: str) -> None:
    found = trace.trace("GV01")
    assert (found["build_id"], found["observation"]["period_key"], found["observation"]["area_code"]) == (
        build_id,
        "20250725",
        "38",
    )
    counted = found["evidence"]["counted"]
    assert counted == {
        "rows_total": 91,
        "numerator": 38,
        "numerator_matches": True,
        "denominator": 91,
        "denominator_matches": True,
    }
    assert len(found["evidence"]["rows"]) == 20 and found["evidence"]["rows"][0]["extract_id"] == "e4"
    assert [(x["source_id"], x["primary_key"]) for x in found["extracts"]] == [("vptu_nq57", ["ma_nv"])]
    assert found["landed"] == [] and json.dumps(found, ensure_ascii=False)


def test_trace__says_when_the_rows_do_not_agree(build_id: str) -> None:
    counted = trace.trace("GV01", area="Hạc Thành")["evidence"]["counted"]
    assert (counted["numerator"], counted["numerator_matches"], counted["denominator_matches"]) == (38, False, False)


def test_trace__shows_the_landed_row_when_it_is_here(build_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    land()
    monkeypatch.setattr(trace, "LANDED_ROWS", 91)
    monkeypatch.setattr(trace, "SAMPLE_ROWS", 91)
    assert trace.trace("GV01")["landed"] == [{"extract_id": "e4", "row": {"ma_nv": "NV01", "ten": "Nghị quyết"}}]


def test_trace__of_evidence_outside_the_build_keeps_the_rest(build_id: str) -> None:
    found = trace.trace("MT01", breakdown="tram=A")
    assert "stg_x" in found["evidence"]["problem"] and found["observation"]["value"] == 55


@pytest.mark.parametrize("name", ["00001", "Phường Hạc Thành", "hạc thành", "hac thanh", "P. Hạc Thành"])
def test_trace__an_area_is_known_by_code_or_name(build_id: str, name: str) -> None:
    assert trace.trace("GV01", area=name)["observation"]["area_code"] == "00001"


@pytest.mark.parametrize(
    ("asked", "code", "near"),
    [
        ({"code": "GV1"}, "IOC-430", "GV01"),
        ({"code": "GV01", "area": "Hạc Thàn"}, "IOC-431", "Phường Hạc Thành"),
        ({"code": "GV01", "area": "x' OR 1=1 --"}, "IOC-431", ""),
        ({"code": "GV01", "period": "19990101"}, "IOC-432", "20250725"),
        ({"code": "GV01", "build": "nothing"}, "IOC-404", ""),
    ],
)
def test_trace__a_wrong_name_is_answered_with_the_nearest(
    build_id: str, asked: dict[str, str], code: str, near: str
) -> None:
    with pytest.raises(Fault) as refused:
        trace.trace(**asked)  # type: ignore[arg-type]
    assert refused.value.code == code and near in refused.value.why


def test_trace__before_any_publication_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_home(tmp_path, monkeypatch)
    with pytest.raises(Fault) as refused:
        trace.trace("GV01")
    assert refused.value.code == "IOC-405"


def test_trace__reads_an_older_build_when_asked(build_id: str) -> None:
    second = make_build(more="UPDATE mart.ind_gv_done SET value = 50;")
    let_pass(second)
    publish.publish(second)
    values = [trace.trace("GV01", build=b)["observation"]["value"] for b in (build_id, second)]
    assert values == [41.76, 50]


def test_boards__are_found_by_code_or_by_the_home_board(tmp_path: Path) -> None:
    for name, text in {
        "tong_quan": "where: home_order <= 12",
        "moi_truong": "code: GV01",
        "khac": "code: GV011",
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "board.yml").write_text(text, encoding="utf-8")
    assert trace.boards("GV01", None, tmp_path) == ["moi_truong"]
    assert trace.boards("GV01", 1, tmp_path) == ["moi_truong", "tong_quan"]
