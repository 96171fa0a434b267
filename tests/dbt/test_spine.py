"""The spine: areas of both eras, where the old ones went, periods, agencies, thresholds and the directory of codes."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import hand_made
import numpy as np
import pytest
from hand_made import ask, put

from warehouse import build, connect

pytestmark = [pytest.mark.slow]
EVE, TODAY = "DATE '2025-06-30'", "DATE '2025-07-01'"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("spine")
    patch.setenv("IOC_HOME", str(home))
    hand_made.prepare(home, patch)
    agencies = [("000.00.06.H56", "Sở Nông nghiệp và Môi trường", "tinh", None), ("000.17.01.H56", "UBND phường Hạc Thành", "xa", "14758")]  # fmt: skip
    put("ttpvhcc_mot_cua__don_vi", [(*row, datetime(2025, 7, 1)) for row in agencies])
    put("kktns_doanh_nghiep__doanh_nghiep", [("2800000001", "Công ty A", "KCN 1", "dang_hoat_dong", None, 9, date(2020, 1, 1), None)])  # fmt: skip
    put("sokhcn_quy__dn_khcn", [("2800000001", "Cty A", "GCN-1", date(2024, 5, 1), None)])
    put("sonnmt_danh_muc_tram__tram", [("K1", "Trạm 1", "khong_khi", "14758", None, 19.8, 105.7, date(2025, 1, 1))])
    put("sonnmt_danh_muc_tram__nguong", [("K1", "COD", date(2020, 1, 1), date(2025, 8, 31), None, 100.0, "mg/L", "GP 1"), ("K1", "COD", date(2025, 9, 1), None, None, 60.0, "mg/L", "GP 2")])  # fmt: skip
    put(
        "sokhcn_bai_toan__bai_toan_dn",
        [("BT-1", code, "chu_tri", date(2025, 8, 1)) for code in ("2800000001", "2800000002")],
    )
    put("sonv_cbccvc__cbccvc", [("h1", "000.17.01.H56", "IT", "ĐH", True, date(2020, 1, 1), None)])
    given = [("NV-1", "Sở Tài nguyên và Môi trường"), ("NV-2", "Sở Nông nghiệp và Môi trường")]
    put("vptu_nq57__nhiem_vu", [(code, "việc", "tỉnh", lead, date(2025, 1, 1), date(2026, 1, 1), None, 0, None) for code, lead in given])  # fmt: skip
    put("sonnmt_khoang_san_nuoc__gp_tnn", [("N1", "Nhà máy nước", "14758", "nuoc_mat", 900.0, date(2022, 1, 1), date(2032, 12, 31))])  # fmt: skip
    old = ask_units()
    rng = np.random.default_rng(38)
    sold = [("202501", code, "sinh_hoat", float(kwh)) for code, kwh in zip(old, rng.integers(1, 10**7, len(old)), strict=True)]  # fmt: skip
    put("pcthanhhoa_dien__dien_tt_cu", sold)
    poor = [(2024, code, int(n), int(n) // 4 + 5, None) for code, n in zip(old, rng.integers(400, 4000, len(old)), strict=True)]  # fmt: skip
    put("sonnmt_ho_ngheo__ho_ngheo", [*poor, (2024, "99999", 70, 9, None), (2025, "14758", 900, 90, 9)])
    put("catinh_dan_so__dan_so", [("202602", code, 9000, 2500) for code in ("14758", "14797", "15661")])
    cards = {
        "14758": 100,
        "15637": 7,
    }  # the new Hàm Rồng, whose code a split commune once had; 15637 went half to 15661
    put("bhxh_the_bhyt__the_bhyt", [("202602", code, n) for code, n in cards.items()])
    build.build(run_id="spine")
    yield home
    patch.undo()


def ask_units() -> list[str]:
    with connect.intake() as con:
        return [code for (code,) in con.execute("SELECT ma_dvhc FROM raw.vietnamadminunits_dvhc__don_vi_cu ORDER BY 1").fetchall()]  # fmt: skip


def in_force(day: str, level: str) -> int:
    ((count,),) = ask(
        f"SELECT count(*) FROM mart.dim_area WHERE level = '{level}' AND {day} BETWEEN valid_from AND coalesce(valid_to, DATE '9999-12-31')"
    )
    return int(str(count))


def test_area__has_27_districts_then_26_then_none_and_547_communes_then_166(built: Path) -> None:
    assert [in_force(day, "district") for day in ("DATE '2024-12-31'", "DATE '2025-01-01'", EVE, TODAY)] == [
        27,
        26,
        26,
        0,
    ]
    assert [in_force(day, "commune") for day in (EVE, TODAY)] == [547, 166]
    assert ask("SELECT area_code, area_type FROM mart.dim_area WHERE is_unverified ORDER BY area_key") == [("380", "thành phố"), ("380", "thành phố"), ("405", "huyện")]  # fmt: skip
    lost = "SELECT count(*) FROM mart.dim_area AS c ANTI JOIN mart.dim_area AS d ON c.parent_code = d.area_code AND c.valid_to BETWEEN d.valid_from AND d.valid_to"
    assert ask(lost + " WHERE c.level = 'commune' AND c.valid_to IS NOT NULL") == [(0,)]


def test_area__is_told_by_code_and_day_never_by_code_or_name_alone(built: Path) -> None:
    """Reference §0.4: each new code was an old one's, 18 old names stand in two or more districts, 16 more pairs collide without accents."""
    rows = ask("SELECT area_code, area_name, valid_to FROM mart.dim_area WHERE level = 'commune'")
    new, old = ([r for r in rows if (r[2] is None) is is_new] for is_new in (True, False))
    assert {r[0] for r in new} <= {r[0] for r in old} and len(new) == 166
    names = Counter(str(name) for _, name, _ in old)
    assert sum(times > 1 for times in names.values()) == 18

    def plain(name: str) -> str:
        folded = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
        return "".join(c for c in folded if not unicodedata.combining(c)).casefold()

    assert len(names) == 528 and sum(times - 1 for times in Counter(map(plain, names)).values()) == 16


def test_bridge__goes_whole_or_in_equal_shares_of_low_confidence(built: Path) -> None:
    assert ask("SELECT method, confidence, count(DISTINCT old_code), count(*) FROM mart.bridge_area_old_new GROUP BY ALL ORDER BY 1") == [("equal_share", "low", 10, 21), ("whole", "high", 537, 537)]  # fmt: skip
    assert ask("SELECT count(*) FROM (SELECT 1 FROM mart.bridge_area_old_new GROUP BY old_code HAVING abs(sum(weight) - 1) > 1e-9 OR count(*) FILTER (is_default) <> 1)") == [(0,)]  # fmt: skip


def test_old_map_and_new_map__agree_on_totals_and_splits_are_marked(built: Path) -> None:
    """Random sales of all 547 old communes: the sum stays, and just what touches a split commune is marked."""
    with connect.intake() as con:
        before = con.execute("SELECT sum(kwh) FROM raw.pcthanhhoa_dien__dien_tt_cu").fetchone()
    assert before is not None and ask("SELECT sum(kwh) FROM mart.fct_power_sold_month") == [(pytest.approx(before[0], rel=1e-12),)]  # fmt: skip
    marked = ask("SELECT area_code FROM mart.fct_power_sold_month WHERE is_re_estimated ORDER BY 1")
    assert marked == ask("SELECT DISTINCT new_code FROM mart.bridge_area_old_new WHERE is_split ORDER BY 1") and len(marked) == 17  # fmt: skip


def test_old_survey__is_shared_out_and_a_newer_one_is_left_alone(built: Path) -> None:
    """The sums of the 2024 survey stay on both maps, with a code of neither; the survey of 2025 means today's commune."""
    with connect.intake() as con:
        before = con.execute("SELECT count(*), sum(tong_ho), sum(ho_ngheo) FROM raw.sonnmt_ho_ngheo__ho_ngheo WHERE nam = 2024").fetchone()  # fmt: skip
    after = ask(
        "SELECT count(area_code), sum(households), sum(poor_households), count(*) FILTER (is_re_estimated) FROM mart.fct_poverty_year WHERE survey_year = 2024"
    )
    assert before is not None and before[0] == 548 and after == [(166, before[1], before[2], 17)]
    assert ask("SELECT households FROM mart.fct_poverty_year WHERE survey_year = 2024 AND area_code IS NULL") == [(70,)]
    assert ask("SELECT area_code, households, is_re_estimated FROM mart.fct_poverty_year WHERE survey_year = 2025") == [("14758", 900, False)]  # fmt: skip


def test_cards__with_a_code_that_lives_on_are_todays_and_those_of_a_split_commune_are_halved(built: Path) -> None:
    rows = ask("SELECT area_code, cards, is_re_estimated FROM mart.fct_health_coverage_month ORDER BY 1")
    assert rows == [("14758", 100, False), ("14797", None, False), ("15661", 3.5, True)]


def test_period__has_every_kind_with_its_days_and_the_one_before(built: Path) -> None:
    rows = {(r[0], r[1]): r[2:] for r in ask("SELECT period_kind, period_key, first_date, last_date, is_cumulative, title_vi, previous_key, year_ago_key FROM mart.dim_period")}  # fmt: skip
    assert rows["month", "202503"] == (date(2025, 3, 1), date(2025, 3, 31), False, "tháng 3/2025", "202502", "202403")
    assert rows["month", "202501"][4] == "202412"
    assert rows["quarter", "20251"] == (date(2025, 1, 1), date(2025, 3, 31), False, "quý I/2025", "20244", "20241")
    assert rows["half", "2025-6T"] == (date(2025, 1, 1), date(2025, 6, 30), True, "6 tháng đầu năm 2025", "2024-6T", "2024-6T")  # fmt: skip
    assert rows["nine_months", "2025-9T"][:3] == (date(2025, 1, 1), date(2025, 9, 30), True)
    assert rows["year", "2024"][:3] == (date(2024, 1, 1), date(2024, 12, 31), False)
    assert rows["year_to_month", "202502"][:4] == (date(2025, 1, 1), date(2025, 2, 28), True, "lũy kế đến hết tháng 2/2025")  # fmt: skip
    kinds = Counter(kind for kind, _ in rows)
    years = kinds["year"]
    assert years > 15 and kinds == {"year": years, "half": years, "nine_months": years, "quarter": 4 * years, "month": 12 * years, "year_to_month": 12 * years}  # fmt: skip


def test_period__covers_every_month_quarter_and_year_of_the_observations(built: Path) -> None:
    lost = "FROM mart.obs_indicator AS o ANTI JOIN mart.dim_period USING (period_kind, period_key) WHERE o.period_kind IN ('month', 'quarter', 'year')"
    assert ask(f"SELECT count(*) {lost}") == [(0,)] and ask("SELECT count(*) > 20 FROM mart.obs_indicator") == [(True,)]


def test_agency__knows_its_code_what_merged_into_it_and_who_says_so(built: Path) -> None:
    rows = {r[0]: r[1:] for r in ask("SELECT agency_name, agency_code, absorbed, provenance FROM mart.dim_agency")}
    merged = ["Sở Nông nghiệp và Phát triển nông thôn", "Sở Tài nguyên và Môi trường"]
    assert rows["Sở Nông nghiệp và Môi trường"] == ("000.00.06.H56", merged, "S")
    assert rows["Sở Nội vụ"] == (None, ["Sở Lao động - Thương binh và Xã hội"], "M")
    assert rows["UBND phường Hạc Thành"] == ("000.17.01.H56", [], None)


def test_agency__that_merged_ended_the_day_before_and_names_its_heir(built: Path) -> None:
    ended = ask("SELECT agency_name, valid_to, successor_key, provenance FROM mart.dim_agency WHERE valid_to IS NOT NULL ORDER BY 1")  # fmt: skip
    assert len(ended) == 6 and {on for _, on, _, _ in ended} == {date(2025, 2, 28)}
    assert ended[-1] == ("Sở Tài nguyên và Môi trường", date(2025, 2, 28), "000.00.06.H56", "S")
    assert [heir for _, _, heir, mark in ended if mark == "M"] == ["Sở Nội vụ"]


def test_threshold__is_dated_and_names_its_ground(built: Path) -> None:
    cod = ask("SELECT value_max, valid_to, legal_ref FROM mart.dim_threshold WHERE subject_code = 'K1' ORDER BY valid_from")  # fmt: skip
    assert cod == [(100.0, date(2025, 8, 31), "GP 1"), (60.0, None, "GP 2")]
    pm = ask("SELECT value_max, valid_from FROM mart.dim_threshold WHERE parameter = 'PM2.5 · 24h' ORDER BY 2")
    assert pm == [(50.0, date(2023, 9, 12)), (45.0, date(2026, 1, 1))]
    assert ask("SELECT subject_kind, value_max, valid_to FROM mart.dim_threshold WHERE subject_code = 'N1'") == [("water", 900.0, date(2032, 12, 31))]  # fmt: skip
    river = ask("SELECT parameter, value_min, value_max FROM mart.dim_threshold WHERE level = 'class_a' AND parameter IN ('COD', 'DO', 'pH') ORDER BY 1")  # fmt: skip
    assert river == [("COD", None, 10.0), ("DO", 6.0, None), ("pH", 6.5, 8.5)]
    assert ask("SELECT level, count(*) FROM mart.dim_threshold WHERE level LIKE 'class_%' GROUP BY 1 ORDER BY 1") == [("class_a", 10), ("class_b", 10), ("class_c", 9)]  # fmt: skip
    alarms = ask("SELECT count(*), count(DISTINCT subject_code), bool_or(is_unverified), bool_and(legal_ref IS NOT NULL) FROM mart.dim_threshold WHERE level LIKE 'alarm_%'")  # fmt: skip
    assert alarms[0][0] >= 20 and alarms[0][2:] == (True, True)  # type: ignore[operator]


def test_directory__has_one_row_a_subject_with_each_systems_code_beside_it(built: Path) -> None:
    firms = ask("SELECT entity_code, entity_name, codes, n_systems FROM mart.dim_directory WHERE entity_kind = 'firm' ORDER BY 1")  # fmt: skip
    assert firms == [
        ("2800000001", "Công ty A", {"Giấy chứng nhận doanh nghiệp KH&CN": ["GCN-1"], "Mã số thuế": ["2800000001"], "Đăng ký bài toán lớn": ["BT-1"]}, 3),
        ("2800000002", None, {"Đăng ký bài toán lớn": ["BT-1"]}, 1),
    ]  # fmt: skip
    ((codes,),) = ask("SELECT codes FROM mart.dim_directory WHERE entity_kind = 'commune' AND entity_code = '14758'")
    assert isinstance(codes, dict) and "14755" in codes["Mã xã đến 30/6/2025"]
    assert set(codes) == {"Mã H56", "Mã đơn vị, sổ CBCCVC", "Mã xã từ 01/7/2025", "Mã xã đến 30/6/2025"}
    assert ask("SELECT count(*), count(DISTINCT (entity_kind, entity_code)) FROM mart.dim_directory WHERE entity_kind = 'commune'") == [(166, 166)]  # fmt: skip


def test_directory__knows_an_agency_by_the_name_it_had_before_the_merger(built: Path) -> None:
    ((name, codes),) = ask("SELECT entity_name, codes FROM mart.dim_directory WHERE entity_kind = 'agency'")
    assert name == "Sở Nông nghiệp và Môi trường"
    names = ["Sở Nông nghiệp và Môi trường", "Sở Tài nguyên và Môi trường"]
    assert codes == {"Mã H56": ["000.00.06.H56"], "Tên, sổ nhiệm vụ NQ57": names}
