"""Indicators of society, investment and economy against numbers counted by hand from rows written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import hand_made
import pytest
from hand_made import ask, put

from warehouse import build, connect, declare

pytestmark = [pytest.mark.slow]
VN = timezone(timedelta(hours=7))
#: 14755 was the old phường Hàm Rồng, which went into B; the other three are communes of today.
A, B, C, D, OLD = "14797", "14758", "14812", "14869", "14755"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VN)


def _health() -> None:
    put("catinh_dan_so__dan_so", [("202602", A, 1000, 300), ("202602", B, 500, 150)])
    put("bhxh_the_bhyt__the_bhyt", [("202602", A, 950), ("202602", OLD, 100), ("202602", B, 350)])
    hospitals = [("38001", date(2026, 1, 31)), ("38002", date(2026, 2, 1)), ("38003", None)]
    put("soyt_y_te__benh_vien", [(code, "BV", "I", A, on) for code, on in hospitals])
    put("soyt_y_te__kcb_ngay", [("38001", date(2026, 2, 3), 9, 80, 100), ("38002", date(2026, 2, 3), 9, 30, 50)])
    put("soyt_y_te__hssk", [("202602", A, 800)])  # B did not report: its people do not count either


def _schools() -> None:
    schools = [("T1", OLD, True), ("T2", A, False), ("T3", A, None)]
    put("sogddt_truong_hoc__truong", [(code, "Trường", "THCS", area, level, None) for code, area, level in schools])
    sizes = [("T1", "2025-2026", 6, 100, 80), ("T2", "2025-2026", 6, 50, 40), ("T2", "2025-2026", 7, 50, 50), ("T3", "2025-2026", 6, 30, None), ("T1", "2024-2025", 6, 90, 45)]  # fmt: skip
    put("sogddt_truong_hoc__si_so", [(code, year, grade, 2, n, digital, None) for code, year, grade, n, digital in sizes])  # fmt: skip


def _welfare() -> None:
    """Poor in 2025: B has three and would be hidden alone, so C is hidden with it. Recipients: six in A, two in B, five in D."""
    survey = [(2025, A, 1000, 10), (2025, B, 500, 3), (2025, C, 200, 6), (2025, D, 400, 20), (2024, OLD, 100, 8), (2024, A, 50, 7)]  # fmt: skip
    put("sonnmt_ho_ngheo__ho_ngheo", [(*row, None) for row in survey])
    people = {f"a{i}": A for i in range(6)} | {f"b{i}": B for i in range(2)} | {f"d{i}": D for i in range(5)}
    ended = {"a5": date(2026, 2, 28)}
    put("sonv_bao_tro__doi_tuong", [(h, area, "NCT", date(2020, 1, 1), ended.get(h)) for h, area in people.items()])
    cash = {"a5", *(f"d{i}" for i in range(5)), "stranger"}
    paid = [(h, "1" if h in cash else "2", None if h in {*cash, "a4"} else "VCB") for h in [*people, "stranger"]]
    put("sonv_bao_tro__chi_tra", [(h, "202602", 100, by, bank) for h, by, bank in paid])


def _city() -> None:
    reports = [
        (A, "2026-03-02T08:00", "2026-03-05T08:00", "2026-03-05T08:00"),  # on the minute
        (A, "2026-03-02T23:30", "2026-03-05T08:00", "2026-03-06T08:00"),
        (A, "2026-03-03T08:00", "2099-01-01T08:00", None),  # still has time: not judged
        (B, "2026-03-03T08:00", "2026-03-06T08:00", "2026-03-01T08:00"),  # done before it was sent
        (B, "2026-03-03T08:00", "2026-03-06T08:00", None),  # overdue
        (None, "2026-03-03T08:00", "2026-03-06T08:00", "2026-03-04T08:00"),
    ]
    put("soxd_do_thi__phan_anh", [(f"HT-{i}", "Cây xanh", area, at(sent), at(due), at(done) if done else None) for i, (area, sent, due, done) in enumerate(reports)])  # fmt: skip
    put("soxd_do_thi__nuoc_sach", [("20261", A, 1000, 900), ("20261", B, 500, 150), ("20261", C, 100, 101)])


def _money() -> None:
    projects = [("DA-001", A, date(2024, 5, 1), date(2026, 1, 31), date(2026, 2, 10)), ("DA-002", None, date(2024, 5, 1), date(2026, 1, 15), None),
        ("DA-003", B, date(2024, 5, 1), date(2099, 1, 1), None), ("DA-004", B, date(2026, 2, 15), date(2026, 2, 20), None)]  # fmt: skip
    put("sotc_dau_tu_cong__du_an", [(code, "dự án", "B", area, "Sở A", *days) for code, area, *days in projects])
    paid = [("DA-001", date(2025, 12, 26), 1000, 900), ("DA-001", date(2026, 1, 2), 1000, 10), ("DA-001", date(2026, 1, 30), 1000, 50),
        ("DA-001", date(2026, 2, 6), 1000, 40), ("DA-002", date(2026, 1, 9), 2000, 400)]  # fmt: skip
    put("sotc_dau_tu_cong__giai_ngan", paid)
    put("sotc_thu_nsnn__thu_luy_ke", [(2025, 9, 45430, 44067, 27000, 17067), (2024, 12, None, 54341, 34000, 20341)])
    growth = [("DT04", 2024, 12.16), ("DT04_9T", 2025, 8.19)]
    put("vpubnd_cong_bo__cong_bo", [(code, "GRDP", year, "Thanh Hóa", value, None, "%", "nguồn", "S") for code, year, value in growth])  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("society")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    for some in (_health, _schools, _welfare, _city, _money):
        some()
    build.build(run_id="society")
    yield home
    patch.undo()


@pytest.mark.parametrize(
    ("code", "period", "area", "numerator", "denominator", "value"),
    [
        ("YT01", "202602", "38", 800, 1000, 80),
        ("YT02", "20260203", "38", 110, 150, 220 / 3),  # not the mean of 80 % and 60 %
        ("YT03", "202602", "38", 1400, 1500, 280 / 3),
        ("YT03", "202602", B, 450, 500, 90),  # with the cards that still say phường Hàm Rồng
        ("YT04", "202601", "38", 1, 3, 100 / 3),
        ("YT04", "202602", "38", 2, 3, 200 / 3),
        ("GD01", "2025", "38", 1, 2, 50),  # of T3 nobody says
        ("GD02", "2025", "38", 170, 200, 85),
        ("GD02", "2025", A, 90, 100, 90),
        ("GD02", "2024", B, 45, 90, 50),
        ("AS01", "2025", "38", 39, 2100, 13 / 7),
        ("AS01", "2025", D, 20, 400, 5),
        ("AS01", "2024", B, 8, 100, 8),  # as 14755, which went into B
        ("AS02", "202602", A, 400, 600, 200 / 3),  # four of six: one in cash, one transfer without a bank
        ("AS02", "202602", "38", 600, 1400, 300 / 7),
        ("AS03", "202601", "38", 13, 1, 13),
        ("AS03", "202602", "38", 12, 1, 12),  # who stops on the last day is not entitled at its end
        ("UB01", "202603", A, 1, 2, 50),
        ("UB01", "202603", B, 0, 2, 0),
        ("UB01", "202603", "38", 2, 5, 40),
        ("UB01", "20260302", "38", 1, 2, 50),  # 23:30 is still the 2nd
        ("UB02", "20261", "38", 1050, 1500, 70),  # C serves more than live there
        ("DT01", "202512", "38", 900, 1000, 90),
        ("DT01", "202601", "38", 450, 3000, 15),  # the year began anew; not the mean of 5 % and 20 %
        ("DT01", "202602", "38", 440, 3000, 44 / 3),  # DA-002 sent nothing in February: its January
        ("DT02", "202601", "38", 1, 1, 1),  # 001 is due on the 31st itself
        ("DT02", "202602", "38", 2, 1, 2),  # 001 came late but came; 004 is new
        ("DT03", "202509", "38", 44067, 45430, 97.0),  # as published
        ("DT04", "2024", "38", 112.16, 100, 12.16),
        ("DT04", "20253", "38", 108.19, 100, 8.19),
    ],
)
def test_indicator__is_what_hand_counting_gives(
    built: Path, code: str, period: str, area: str, numerator: float, denominator: float, value: float
) -> None:
    found = ask(
        f"SELECT numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}' AND area_code = '{area}'"
    )
    assert found == [
        (pytest.approx(numerator), denominator, pytest.approx(value, rel=1e-3 if code == "DT03" else 1e-9))
    ]


@pytest.mark.parametrize(
    ("code", "period", "shown"),
    [
        ("AS01", "2025", {A, D}),  # B is small, and C the smallest of the others
        ("AS01", "2024", {A, B}),  # nobody is small
        ("AS02", "202602", {A}),  # B is small, D the smallest of the others
        ("AS03", "202601", {A}),
        ("AS03", "202602", {D}),  # A and D have five each: the lower code goes
    ],
)
def test_small_communes__are_hidden_and_never_one_alone(built: Path, code: str, period: str, shown: set[str]) -> None:
    rows = ask(f"SELECT area_code FROM mart.ind_{MODEL[code]} WHERE period_key = '{period}' AND area_code <> '38'")
    assert {area for (area,) in rows} == shown


MODEL = {"AS01": "an_sinh_poor_households", "AS02": "an_sinh_paid_by_account", "AS03": "an_sinh_recipients"}


def test_hidden_communes__are_one_row_without_a_commune(built: Path) -> None:
    hidden = ask("SELECT households, poor_households FROM mart.fct_poverty_year WHERE area_code IS NULL")
    assert hidden == [(500 + 200, 3 + 6)]


@pytest.mark.parametrize(("code", "period"), [("YT01", "202602"), ("YT03", "202602"), ("UB02", "20261"), ("GD02", "2025"), ("AS01", "2024")])  # fmt: skip
def test_communes__sum_to_the_province(built: Path, code: str, period: str) -> None:
    ((communes, *parts, numerator, denominator),) = ask(
        "SELECT count(*) - 1, sum(numerator) FILTER (area_code <> '38'), sum(denominator) FILTER (area_code <> '38'), any_value(numerator) FILTER (area_code = '38'),"
        f" any_value(denominator) FILTER (area_code = '38') FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}'"
    )
    assert communes and parts == [numerator, denominator]


def test_investment__a_falling_sum_is_flagged_and_january_is_not(built: Path) -> None:
    flagged = ask("SELECT project_code, reported_date FROM mart.fct_investment_report WHERE is_falling")
    assert flagged == [("DA-001", date(2026, 2, 6))]
    assert ask("SELECT count(*) FROM mart.fct_investment_report") == [(5,)]


def test_revenue__a_year_without_a_plan_has_no_ratio(built: Path) -> None:
    assert ask("SELECT month_key FROM mart.fct_revenue_month ORDER BY 1") == [("202412",), ("202509",)]
    assert ask("SELECT period_key FROM mart.ind_tai_chinh_revenue") == [("202509",)]


def test_evidence__counts_the_same_again(built: Path) -> None:
    from warehouse.trace import _evidence

    names, checked = "period_key, area_code, breakdown, numerator, denominator", set()
    with connect.served(connect.build_path()) as con:
        for pair in declare.pairs():
            code, evidence = pair.indicator.code, pair.indicator.evidence
            if code[:2] not in ("YT", "GD", "AS", "UB", "DT") or evidence is None:
                continue
            for row in con.execute(
                f"SELECT {names} FROM mart.obs_indicator WHERE indicator_code = '{code}'"
            ).fetchall():
                observation = dict(zip(names.split(", "), row, strict=True))
                counted = _evidence(con, evidence.model_dump(), observation)["counted"]
                assert counted["numerator_matches"] and counted.get("denominator_matches", True), (code, row, counted)
                checked.add(code)
    assert len(checked) == 16


def test_marts__know_no_person(built: Path) -> None:
    columns = {str(name) for (name,) in ask("SELECT column_name FROM duckdb_columns() WHERE NOT internal")}
    assert {"people_paid", "recipients"} <= columns
    assert not [c for c in columns if "person" in c or c in ("so_dinh_danh", "so_tai_khoan", "nguoi_gui", "dien_thoai")]
