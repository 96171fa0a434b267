"""Indicators of tasks, AI, dossiers, firms and budget against numbers counted by hand from rows written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import hand_made
import pytest
from hand_made import EXTRACT, ask, put

from warehouse import build, connect, declare
from warehouse.indicator import OBSERVATION

pytestmark = [pytest.mark.slow]
VN = timezone(timedelta(hours=7))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VN)


def dossier(
    code: str,
    area: str,
    submitted: str,
    due: str,
    resolved: str | None,
    channel: str = "truc_tuyen",
    fee: bool = False,
    paid: bool = False,
) -> tuple[object, ...]:
    done = at(resolved) if resolved else None
    return (
        code,
        "1.010000",
        "000.17.01.H56",
        area,
        at(submitted),
        at(due),
        done,
        channel,
        fee,
        paid,
        True,
        bool(done),
        False,
        None,
        None,
        done or at(submitted),
    )


#: 14797 is a small old ward until 2025-06-30 and the big new phường Hạc Thành after; 14758 likewise Hàm Rồng. 99999 is nothing.
DOSSIERS = [
    dossier("A1", "14797", "2026-03-02T08:00", "2026-03-09T08:00", "2026-03-05T08:00", fee=True, paid=True),
    dossier("A2", "14797", "2026-03-02T09:00", "2026-03-09T09:00", "2026-03-09T09:00", fee=True),
    dossier("A3", "14797", "2026-03-03T08:00", "2026-03-10T08:00", "2026-03-12T08:00", channel="truc_tiep"),
    dossier("A4", "14797", "2026-03-04T08:00", "2026-03-11T08:00", None),
    dossier("B1", "14758", "2026-03-05T08:00", "2026-03-12T08:00", "2026-03-06T08:00", channel="buu_chinh"),
    dossier(
        "B2", "14758", "2026-03-06T08:00", "2026-03-13T08:00", "2026-03-01T08:00"
    ),  # a result before the submission
    dossier("C1", "99999", "2026-03-06T08:00", "2026-03-13T08:00", "2026-03-07T08:00"),
    dossier("D1", "14755", "2025-06-20T08:00", "2025-06-27T08:00", "2025-06-25T08:00"),  # an old code: Hàm Rồng of then
]
TASKS = [
    ("NQ57-001", date(2025, 6, 1), date(2025, 6, 30), date(2025, 6, 20)),  # done on time
    ("NQ57-002", date(2025, 6, 1), date(2025, 6, 30), date(2025, 7, 5)),  # done late
    ("NQ57-003", date(2025, 6, 1), date(2025, 6, 30), None),  # overdue from 1 July
    ("NQ57-004", date(2025, 6, 1), date(2099, 1, 1), None),  # running
    ("NQ57-005", date(2025, 8, 1), date(2099, 1, 1), None),  # given later
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("golden")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    put("ttpvhcc_mot_cua__ho_so", DOSSIERS)
    put("vptu_nq57__nhiem_vu", [(c, f"việc {c}", "Tỉnh", "Sở A", g, d, x, None, None) for c, g, d, x in TASKS])
    put(
        "sokhcn_ai__du_an",
        [
            ("AI-01", "a", None, None, date(2025, 1, 5), date(2025, 3, 1), None),
            ("AI-02", "b", None, None, date(2025, 2, 1), None, None),
        ],
    )
    put(
        "sokhcn_ai__tap_huan",
        [
            ("TH-0001", "x", "Chuyên sâu", date(2025, 3, 1), None, 30),
            ("TH-0002", "y", "Phổ cập", date(2025, 3, 2), None, 500),
            ("TH-0003", "z", "Phổ cập", date(2025, 4, 2), None, 250),
        ],
    )
    put(
        "kktns_doanh_nghiep__doanh_nghiep",
        [
            (f"280000000{i}", f"DN {i}", "KCN", status, since, 10, date(2020, 1, 1), None)
            for i, (status, since) in enumerate(
                [("dang_hoat_dong", date(2020, 1, 1))] * 3 + [("giai_the", date(2025, 8, 1))]
            )
        ],
    )
    put(
        "kktns_doanh_nghiep__chuyen_doi_so",
        [
            ("2800000000", "ERP", date(2025, 9, 30), 1),
            ("2800000000", "IoT", date(2024, 1, 1), 1),
            ("2800000001", "CRM", date(2025, 10, 1), 1),
        ],
    )
    put("sotc_du_toan__du_toan_chi", [(2026, "A", "khoa học", "KHCN_DMST_CDS", 12), (2026, "B", "khác", "khac", 988)])
    build.build(run_id="golden")
    yield home
    patch.undo()


def value(code: str, period: str, area: str = "38") -> tuple[float, float, float]:
    rows = ask(
        f"SELECT numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}' AND area_code = '{area}' AND breakdown = ''"
    )
    assert len(rows) == 1, (code, period, area, rows)
    return rows[0]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("code", "period", "area", "numerator", "denominator"),
    [
        ("GV01", "20250625", "38", 1, 4),  # one of four given is done
        ("GV01", "20250706", "38", 2, 4),
        ("GV01", "20250801", "38", 2, 5),
        ("GV02", "20250630", "38", 0, 4),  # on the day of the deadline nothing is overdue yet
        ("GV02", "20250701", "38", 2, 4),  # 002 and 003
        ("GV02", "20250706", "38", 1, 4),  # 002 came late but came
        ("GV03", "20250706", "38", 1, 2),
        ("GV06", "20250301", "38", 1, 1),
        ("GV07", "20250228", "38", 2, 1),
        ("GV07", "20250301", "38", 1, 1),
        ("GV08", "20250301", "38", 30, 1),
        ("GV09", "20250402", "38", 750, 1),
        ("DX02", "202603", "14797", 2, 3),  # A2 on the minute counts, A3 is late, A4 is open
        ("DX02", "202603", "14758", 1, 2),  # B2 has impossible times: resolved, never on time
        ("DX02", "202603", "38", 4, 6),  # with C1, whose commune is unknown
        ("DX03", "202603", "14797", 3, 4),
        ("DX03", "202603", "38", 5, 7),
        ("DX04", "202603", "38", 1, 2),
        ("DX02", "20260309", "38", 1, 1),
        ("CN01", "20253", "38", 1, 3),  # the dissolved firm no longer counts; CRM came a day after
        ("CN01", "20252", "38", 1, 4),  # in June the fourth was still active
        ("KH01", "2026", "38", 12, 1000),
    ],
)  # fmt: skip
def test_indicator__is_what_hand_counting_gives(
    built: Path, code: str, period: str, area: str, numerator: float, denominator: float
) -> None:
    found = value(code, period, area)
    assert found[:2] == (numerator, denominator)
    scale = 100 if code[:2] in ("DX", "CN", "KH") or code in ("GV01", "GV02", "GV03") else 1
    assert found[2] == pytest.approx(scale * numerator / denominator)


def test_area__an_old_code_is_todays_commune_by_its_date(built: Path) -> None:
    """14755 was phường Hàm Rồng; since 2025-07-01 it went into 14758, the new Hàm Rồng."""
    assert ask("SELECT area_code, is_re_estimated FROM mart.fct_dossier WHERE dossier_code = 'D1'") == [
        ("14758", False)
    ]


def test_communes__sum_to_the_province_but_for_rows_without_a_place(built: Path) -> None:
    sums = ask(
        """SELECT indicator_code, sum(numerator) FILTER (area_code <> '38'), max(numerator) FILTER (area_code = '38'), sum(denominator) FILTER (area_code <> '38'),
        max(denominator) FILTER (area_code = '38') FROM mart.obs_indicator WHERE indicator_code IN ('DX02', 'DX03') AND period_key = '202603' GROUP BY 1 ORDER BY 1"""
    )
    assert sums == [("DX02", 3, 4, 5, 6), ("DX03", 4, 5, 6, 7)]  # C1 has no commune



def test_evidence__of_every_indicator_counts_the_same_again(built: Path) -> None:
    from warehouse.trace import _evidence

    checked = []
    with connect.served(connect.build_path()) as con:
        for pair in declare.pairs():
            code = pair.indicator.code
            names = "indicator_code, period_kind, period_key, area_code, breakdown, numerator, denominator, value"
            row = con.execute(
                f"SELECT {names} FROM mart.obs_indicator WHERE indicator_code = ? AND area_code = '38' ORDER BY period_key DESC LIMIT 1",
                [code],
            ).fetchone()
            if row is None:
                continue
            counted = _evidence(
                con, pair.indicator.evidence.model_dump(), dict(zip(names.split(", "), row, strict=True))
            )["counted"]
            assert counted["numerator_matches"] and counted.get("denominator_matches", True), (code, row, counted)
            checked.append(code)
    assert len(checked) >= 12, checked


def test_marts__hold_no_personal_column(built: Path) -> None:
    columns = [str(name) for (name,) in ask("SELECT column_name FROM duckdb_columns() WHERE NOT internal")]
    assert len(columns) > 300
    assert not [
        c for c in columns if any(word in c for word in ("ho_ten", "cccd", "so_dien_thoai", "phone", "full_name_of"))
    ]


def test_card__past_its_promise_is_not_green(built: Path) -> None:
    """Dossiers end in March 2026, long ago: whatever the value, the card says that there is not enough data."""
    (card,) = ask(
        "SELECT status, is_stale, reason_vi, value_vi, period_vi FROM mart.card_now WHERE indicator_code = 'DX03' AND area_code = '38'"
    )
    assert card == ("khong_du", True, "Số liệu chậm hơn cam kết (15 phút một lần)", "71,4", "tháng 3/2026")
    fresh = dict(ask("SELECT indicator_code, status FROM mart.card_now WHERE area_code = '38'"))
    assert fresh["KH01"] == "dat" and fresh["GV01"] in ("khong_dat", "chu_y") and fresh["CN01"] == "khong_chuan"


def test_card__that_stands_in_says_since_when_and_why_and_the_province_says_how_many(built: Path, tmp_path: Path) -> None:
    """On a copy of the build, as `warehouse.hold` writes it: the science card keeps the number of an earlier build."""
    copy = tmp_path / "marts.duckdb"  # views name their file
    copy.write_bytes(connect.build_path().read_bytes())
    with connect.copy_writer(copy, connect.build_path()) as con:
        con.execute(
            """INSERT INTO catalog.held VALUES ('KH01', NULL, 'b1', TIMESTAMPTZ '2026-03-01 08:05:00+07', 'raw.x', 'Khóa ma không được trùng')"""
        )
        (card,) = con.execute("SELECT is_held, held_vi, reason_vi, value_vi FROM mart.card_now WHERE indicator_code = 'KH01' AND area_code = '38'").fetchall()
        (html,) = con.execute("SELECT card_html FROM mart.board_card WHERE indicator_code = 'KH01'").fetchall()
        (sentence,) = con.execute("SELECT sentence_vi FROM mart.province_status").fetchall()
    assert card[0] and card[1] == card[2] and card[1].startswith("Giữ số của bản ") and card[1].endswith(": Khóa ma không được trùng")
    assert card[3] == "1,20" and "giữ số bản trước" in html[0]
    assert "1 chỉ tiêu giữ số của bản trước vì dữ liệu mới chưa đạt: " in sentence[0]


def test_card__under_its_floor_of_completeness_shows_no_value(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "marts.duckdb"  # views name their file
    copy.write_bytes(connect.build_path().read_bytes())
    with connect.copy_writer(copy, connect.build_path()) as con:
        con.execute("UPDATE mart.mart_indicator_card SET grade_complete = complete_floor - 1 WHERE indicator_code = 'KH01'")
        asked = "SELECT value, value_vi, status, status_vi, reason_vi FROM mart.card_now WHERE indicator_code = 'KH01' AND area_code = '38'"
        (card,) = con.execute(asked).fetchall()
    assert card == (None, "–", "khong_du", "Không đủ dữ liệu", "Mới có 49 % số liệu, dưới mức 50 %")


def test_province__is_never_green_while_a_home_card_is_late(built: Path) -> None:
    ((status, sentence),) = ask("SELECT status, sentence_vi FROM mart.province_status")
    late = ask("SELECT count(*) FROM mart.card_now WHERE home_order IS NOT NULL AND area_code = '38' AND is_stale")
    assert late[0][0] and status != "dat" and f"{late[0][0]} chỉ tiêu không đủ dữ liệu: " in str(sentence)


def test_card__of_a_source_asked_for_changes_does_not_age_through_a_quiet_night(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest dossier is a day old, the last pull found nothing newer a moment ago: the number is known up to then.

    The tasks come from a workbook, whose silence says nothing: loaded five days ago, they are known up to then."""
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    hand_made.prepare(tmp_path, monkeypatch)
    now = datetime.now(VN)
    open_since = (now - timedelta(hours=24)).strftime("%Y-%m-%dT%H:%M")
    due = (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    old, first, second = now - timedelta(days=5), EXTRACT, "20260101T000000000000-0002"
    put("ttpvhcc_mot_cua__ho_so", [dossier("E1", "14797", open_since, due, None)], first, now - timedelta(hours=23))
    put("ttpvhcc_mot_cua__ho_so", [dossier("E2", "14758", open_since, due, None, "truc_tiep")], second, now)
    put(
        "vptu_nq57__nhiem_vu",
        [("N1", "việc", "Tỉnh", "Sở A", date(2025, 6, 1), date(2099, 1, 1), None, 5, None)],
        EXTRACT,
        old,
    )
    build.build(run_id="quiet")

    assert ask("SELECT count(*) FROM mart.fct_dossier WHERE is_overdue_open") == [(2,)]
    known = dict(ask("SELECT indicator_code, as_of FROM mart.card_now WHERE area_code = '38'"))
    month_end = (now - timedelta(hours=24)).replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(
        days=32
    )
    assert known["DX03"] == min(now, month_end.replace(day=1))  # what follows the month is not known by its number
    assert known["GV01"] == old
    # two extracts: one number, and it names both
    assert ask(
        "SELECT numerator, denominator, extract_ids FROM mart.obs_indicator WHERE indicator_code = 'DX03' AND area_code = '38' AND period_kind = 'month'"
    ) == [(1, 2, [first, second])]


def test_pairs__return_the_nine_columns_of_the_contract(built: Path) -> None:
    found = declare.pairs()
    assert len(found) > 25
    for pair in found:
        columns = ask(
            f"SELECT column_name, data_type FROM duckdb_columns() WHERE schema_name = 'mart' AND table_name = '{pair.model}' ORDER BY column_index"
        )
        assert columns == list(OBSERVATION.items()), pair.model


def test_macros__write_numbers_and_html_as_promised(built: Path) -> None:
    (html,) = ask("SELECT card_html FROM mart.board_card WHERE indicator_code = 'KH01'")
    assert "1,20" in str(html[0]) and "<script" not in str(html[0])
