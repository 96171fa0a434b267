"""Indicators of governance, science and digital transformation against numbers counted by hand from rows written by hand."""

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
BLOCKED = {"KH06", "KH07", "KH08", "KH09", "KH10", "KH11", "KH12", "DX12", "DX13", "DX14", "DX15"}
A, B = "000.00.01.H56", "000.00.02.H56"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VN)


def dossier(code: str, resolved: str, reused: bool, satisfaction: int | None) -> tuple[object, ...]:
    """Submitted on 2 March 2026 in phường Hạc Thành, due a week later."""
    times = at("2026-03-02T08:00"), at("2026-03-09T08:00"), at(resolved)
    flags = "truc_tuyen", False, False, True, True
    return (code, "1.010000", A, "14797", *times, *flags, reused, satisfaction, None, times[2])


def petition(code: str, area: str | None, is_ours: bool, handled: str | None, due: str) -> tuple[object, ...]:
    received = at("2026-03-02T08:00")
    done = at(handled) if handled else None
    return (code, area, "Đất đai", is_ours, received, at(due), done, None, done or received)


def _nq57() -> None:
    due = date(2025, 6, 30)
    rows = [("NQ57-001", date(2025, 7, 5)), ("NQ57-002", None), ("NQ57-003", date(2025, 6, 20))]
    put(
        "vptu_nq57__nhiem_vu", [(c, "việc", "Tỉnh", "Sở A", date(2025, 6, 1), due, done, None, None) for c, done in rows]
    )
    put(
        "vptu_nq57__nhat_ky",
        [
            ("NQ57-001", date(2025, 6, 4), "chua", "dang"),
            ("NQ57-001", date(2025, 6, 1), None, "chua"),
            ("NQ57-001", date(2025, 7, 5), "dang", "hoan_thanh"),
        ],
    )
    put(
        "sokhcn_bai_toan__bai_toan",
        [(f"BT-0{i}", "bài toán", None, None, None, "Sở A", date(2025, 6, 30), None, None) for i in range(1, 5)],
    )
    firms = [("BT-01", "1", date(2025, 7, 15)), ("BT-01", "2", date(2025, 8, 1)), ("BT-02", "1", date(2025, 9, 2))]
    put("sokhcn_bai_toan__bai_toan_dn", [(p, mst, "chu_tri", on) for p, mst, on in [*firms, ("BT-99", "3", due)]])
    notes = [("2025-07-31T23:30", "1/CĐ"), ("2025-08-01T00:30", None), ("2025-08-02T08:00", "2/CĐ")]
    put("ioc_ai__ai_phan_tich", [(f"AI-{i}", at(on), "Y tế", "m", "202507", 0.9, by) for i, (on, by) in enumerate(notes)])


def _staff() -> None:
    """Three people in A (h3 leaves in August), five in B; h1 and h4 are in IT; hx is on no register."""
    agency = {"h1": A, "h2": A, "h3": A} | {f"h{i}": B for i in range(4, 9)}
    put(
        "sonv_cbccvc__cbccvc",
        [
            (h, a, None, None, h in ("h1", "h4"), date(2020, 1, 1), date(2025, 8, 15) if h == "h3" else None)
            for h, a in agency.items()
        ],
    )
    general = [("h1", 5, 1), ("h1", 8, 1), ("h3", 6, 1), ("h4", 7, 10), ("hx", 5, 1)]
    rows = [(f"K{m}{d}", h, "pho_cap", date(2025, m, d), None) for h, m, d in general]
    put("sonv_cbccvc__hoc_vien", [*rows, ("S1", "h5", "chuyen_sau", date(2025, 5, 1), "dat")])


def _science() -> None:
    put("sokhcn_quy__quy_khcn", [("20251", 10, 2, 3.5, 8.5), ("20252", 8.5, 0.5, 1, 8)])
    put(
        "sokhcn_quy__dn_khcn",
        [
            ("1", "a", "1", date(2020, 1, 1), None),
            ("2", "b", "2", date(2025, 5, 1), None),
            ("3", "c", "3", date(2020, 1, 1), date(2025, 6, 30)),
        ],
    )
    put("sotc_du_toan__du_toan_chi", [(2026, "A", "kh", "KHCN_DMST_CDS", 200), (2026, "B", "khác", "khac", 800)])
    put("kbnn_chi_khcn__chi_luy_ke", [(2026, 1, "A", 20), (2026, 2, "A", 50), (2026, 2, "B", 700)])
    ranks = [("Thanh Hóa", 5), ("Hà Nội", 1)]
    put("vpubnd_cong_bo__cong_bo", [("DX01", "DTI", 2024, who, None, rank, "hạng", "nguồn", "S") for who, rank in ranks])


def _services() -> None:
    put(
        "ttpvhcc_mot_cua__ho_so",
        [
            dossier("D1", "2026-03-05T08:00", True, 5),
            dossier("D2", "2026-03-06T08:00", False, 4),
            dossier("D3", "2026-03-09T08:00", False, 2),
            dossier("D4", "2026-03-10T08:00", False, None),  # late
        ],
    )
    shown = [date(2026, 3, 17), date(2026, 3, 18), None]  # on the day, a day late, never
    day, due = date(2026, 3, 12), date(2026, 3, 17)
    put("ttpvhcc_phan_anh__cong_khai_tthc", [("1/QĐ", f"1.{i}", day, due, on) for i, on in enumerate(shown)])
    put(
        "ttpvhcc_phan_anh__phan_anh",
        [
            petition("P1", "14797", True, "2026-03-05T08:00", "2026-03-12T08:00"),
            petition("P2", "14797", True, "2026-03-13T08:00", "2026-03-12T08:00"),  # late
            petition("P3", "14797", True, None, "2099-01-01T08:00"),  # still has time: not judged
            petition("P4", "14797", False, "2026-03-05T08:00", "2026-03-12T08:00"),  # somebody else's
            petition("P5", "14758", True, "2026-03-01T08:00", "2026-03-12T08:00"),  # answered before it came
            petition("P6", None, True, "2026-03-05T08:00", "2026-03-12T08:00"),  # from nobody knows where
        ],
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("science")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    for some in (_nq57, _staff, _science, _services):
        some()
    build.build(run_id="science")
    yield home
    patch.undo()


@pytest.mark.parametrize(
    ("code", "period", "area", "breakdown", "numerator", "denominator", "value"),
    [
        ("GV04", "20250703", "38", "", 3 + 3, 2, 3),  # 001 is not done yet, 002 never; 003 came early
        ("GV04", "20250710", "38", "", 5 + 10, 2, 7.5),  # 001 stopped at five days
        ("GV05", "202506", "38", "", 0, 4, 0),
        ("GV05", "202507", "38", "", 1, 4, 25),
        ("GV05", "202508", "38", "", 1, 4, 25),  # a second firm for the same problem
        ("GV05", "202509", "38", "", 2, 4, 50),  # BT-99 is no problem of the register
        ("GV10", "20252", "38", "", 2, 8, 25),  # h1 and h3; hx is on no register, h5 came to another kind
        ("GV10", "20253", "38", "", 2, 7, 200 / 7),  # h3 is gone, h1 came twice, h4 is new
        ("GV11", "202507", "38", "", 1, 1, 100),  # 23:30 on 31 July is July
        ("GV11", "202508", "38", "", 1, 2, 50),
        ("GV12", "20252", "38", "", 2, 8, 25),
        ("GV12", "20252", "38", f"don_vi={B}", 1, 5, 20),
        ("KH02", "202601", "38", "", 20, 200, 10),
        ("KH02", "202602", "38", "", 50, 200, 25),  # line B is not science
        ("KH03", "20251", "38", "", 8.5, 1, 8.5),  # 10 + 2 - 3.5
        ("KH04", "20251", "38", "", 3.5, 12, 350 / 12),
        ("KH05", "20251", "38", "", 2, 1, 2),
        ("KH05", "20252", "38", "", 2, 1, 2),  # the second begins, the third ends on the quarter's last day
        ("DX01", "2024", "38", "", 5, 1, 5),
        ("DX07", "202603", "14797", "", 1, 4, 25),
        ("DX08", "202603", "38", "", 1, 3, 100 / 3),
        ("DX09", "202603", "14797", "", 1, 2, 50),
        ("DX09", "202603", "14758", "", 0, 1, 0),
        ("DX09", "202603", "38", "", 2, 4, 50),
        ("DX10", "202603", "38", "", 2, 3, 200 / 3),
        # 20 × 3/4 + 4 × 1/3 + 6 × 2/3
        ("DX11", "202603", "38", "", 15 + 4 / 3 + 4, 30, 15 + 4 / 3 + 4),
        ("DX11", "202603", "38", "phan=tien_do", 15, 20, 15),
    ],
)  # fmt: skip
def test_indicator__is_what_hand_counting_gives(
    built: Path, code: str, period: str, area: str, breakdown: str, numerator: float, denominator: float, value: float
) -> None:
    rows = ask(
        f"SELECT numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}' "
        f"AND area_code = '{area}' AND breakdown = '{breakdown}'"
    )
    assert len(rows) == 1 and rows[0] == pytest.approx((numerator, denominator, value))


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("GV04", "period_key = '20250630'"),  # on the day of the deadline nothing is late yet
        ("GV05", "period_key < '202506'"),  # nothing is published yet
        ("GV12", f"breakdown = 'don_vi={A}'"),  # three people are too few to be shown by themselves
        ("DX11", "breakdown = '' AND denominator < 30"),  # a month without all three parts has no sum
    ],
)
def test_indicator__has_no_row_where_nothing_is_to_be_said(built: Path, code: str, where: str) -> None:
    found = ask(f"SELECT count(*), count(*) FILTER ({where}) FROM mart.obs_indicator WHERE indicator_code = '{code}'")
    assert int(str(found[0][0])) > 0 and found[0][1] == 0


def test_communes__sum_to_the_province_but_for_rows_without_a_place(built: Path) -> None:
    sums = ask(
        """SELECT indicator_code, sum(numerator) FILTER (area_code <> '38'), max(numerator) FILTER (area_code = '38'), sum(denominator) FILTER (area_code <> '38'),
        max(denominator) FILTER (area_code = '38') FROM mart.obs_indicator WHERE indicator_code IN ('DX07', 'DX09', 'DX10') AND period_key = '202603' GROUP BY 1 ORDER BY 1"""
    )
    assert sums == [("DX07", 1, 1, 4, 4), ("DX09", 1, 2, 3, 4), ("DX10", 2, 2, 3, 3)]  # P6 has no commune


def test_agencies__sum_to_the_province(built: Path) -> None:
    """Small agencies are hidden as breakdowns, yet count for the province: 1 + 1 of 3 + 5."""
    by_agency = ask("SELECT agency_code, n_it, n_staff FROM mart.fct_staff_quarter WHERE quarter_key = '20252' ORDER BY 1")
    assert by_agency == [(A, 1, 3), (B, 1, 5)]


def test_score__has_the_numerators_and_denominators_of_its_three_indicators(built: Path) -> None:
    parts = ask("SELECT part_code, numerator, denominator FROM mart.fct_score_766 WHERE month_key = '202603' ORDER BY 1")
    alone = ask(
        "SELECT numerator, denominator FROM mart.obs_indicator WHERE indicator_code IN ('DX02', 'DX08', 'DX10') AND area_code = '38' "
        "AND period_key = '202603' ORDER BY array_position(['DX08', 'DX10', 'DX02'], indicator_code)"
    )
    assert parts == [("cong_khai", 1, 3), ("hai_long", 2, 3), ("tien_do", 3, 4)]
    assert [part[1:] for part in parts] == alone


def test_blocked__pairs_say_why_and_have_no_observation(built: Path) -> None:
    blocked = {p.indicator.code: p.indicator.blocked for p in declare.pairs() if p.indicator.code in BLOCKED}
    assert len(blocked) == 11 and all(b and b.reason.vi and b.missing.vi for b in blocked.values())
    codes = "', '".join(BLOCKED)
    assert ask(f"SELECT count(*) FROM mart.obs_indicator WHERE indicator_code IN ('{codes}')") == [(0,)]
    assert ask(f"SELECT count(blocked_vi) FROM catalog.indicator WHERE indicator_code IN ('{codes}')") == [(11,)]


def test_log__numbers_the_changes_of_a_task_in_their_order(built: Path) -> None:
    changes = ask("SELECT change_no, new_state FROM mart.fct_task_event WHERE task_code = 'NQ57-001' ORDER BY change_no")
    assert changes == [(1, "chua"), (2, "dang"), (3, "hoan_thanh")]


def test_fund__balance_is_the_books_and_opens_the_next_quarter(built: Path) -> None:
    assert ask(
        "SELECT balance_billion_vnd = closing_billion_vnd, previous_closing_billion_vnd = opening_billion_vnd FROM mart.fct_science_fund_quarter ORDER BY quarter_key"
    ) == [(True, None), (True, True)]


def test_evidence__counts_the_same_again(built: Path) -> None:
    from warehouse.trace import _evidence

    names = "period_key, area_code, breakdown, numerator, denominator"
    checked = 0
    with connect.served(connect.build_path()) as con:
        for pair in declare.pairs():
            if pair.indicator.evidence is None:
                continue
            query = f"SELECT {names} FROM mart.obs_indicator WHERE indicator_code = '{pair.indicator.code}'"
            for row in con.execute(f"{query} ORDER BY hash({names}) LIMIT 3").fetchall():
                declared = pair.indicator.evidence.model_dump()
                counted = _evidence(con, declared, dict(zip(names.split(", "), row, strict=True)))["counted"]
                assert counted["numerator_matches"] and counted.get("denominator_matches", True), (pair.model, row)
                checked += 1
    assert checked > 40


def test_staff__no_relation_of_the_build_knows_a_person(built: Path) -> None:
    columns = {str(name) for (name,) in ask("SELECT column_name FROM duckdb_columns() WHERE NOT internal")}
    assert {"n_staff", "n_it"} <= columns and not [c for c in columns if "person" in c or "so_dinh_danh" in c]
