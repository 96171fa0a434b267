"""Dossiers and schools by place and era: rows by hand, numbers by hand, the same however the rows came."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import hand_made
import pytest
from hand_made import EXTRACT, ask, put

from ingestion import mask, registry
from ingestion.model import raw_name
from warehouse import build, connect, declare
from warehouse.trace import _evidence

pytestmark = [pytest.mark.slow]
VN = timezone(timedelta(hours=7))
SECOND = "20260101T000000000000-0002"

#: code, commune as the register has it, submitted, resolved, with fee, paid online, components digitised, result digitised.
#: Old 15328 is split between 15271 and (mostly) 15286; old 15271 between 15271 (mostly) and 15286; 99999 is nothing.
SHORT = [
    ("P1", "14797", "2025-08-04T08:00", "2025-08-06T08:00", False, False, True, True),
    ("P2", "14797", "2025-08-04T09:00", "2025-08-06T09:00", False, False, True, False),
    ("P3", "14797", "2025-08-05T08:00", "2025-09-01T08:00", False, False, False, True),
    ("P4", "14758", "2025-08-05T09:00", None, False, False, True, False),
    ("P5", "15286", "2025-08-06T08:00", "2025-08-07T08:00", False, False, False, False),
    ("P6", "99999", "2025-08-06T09:00", "2025-08-07T09:00", False, False, True, True),
    ("Q1", "15328", "2025-06-23T08:00", "2025-06-25T08:00", True, True, True, True),
    ("Q2", "15271", "2025-06-30T23:30", "2025-07-02T08:00", True, False, False, True),
    ("Q3", "15271", "2025-07-01T00:00", "2025-07-03T08:00", True, True, True, False),
]
SCHOOLS = [("S1", "Một", "Tiểu học", "15328"), ("S2", "Hai", "THCS", "14755"), ("S3", "Ba", "THPT", "99998")]
CLASSES = [
    ("S1", "2025-2026", 1, 2, 70),
    ("S1", "2025-2026", 2, 3, 90),
    ("S2", "2025-2026", 6, 4, 180),
    ("S3", "2025-2026", 10, 1, 45),
    ("S1", "2024-2025", 1, 2, 60),
]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VN)


def dossiers() -> list[tuple[object, ...]]:
    """SHORT as rows of the register, due five days after they came."""
    rows: list[tuple[object, ...]] = []
    for code, area, came, done, *flags in SHORT:
        first, last = at(came), done and at(done)
        due = first + timedelta(days=5)
        rows.append(
            (
                code,
                "1.010000",
                "000.17.01.H56",
                area,
                first,
                due,
                last,
                "truc_tuyen",
                *flags,
                False,
                None,
                None,
                last or first,
            )
        )
    return rows  # fmt: skip


def fill(home: Path, extracts: list[str]) -> None:
    """Build a home whose dossiers and classes are dealt in turn over `extracts`."""
    hand_made.prepare(home, None)
    put("sogddt_truong_hoc__truong", [(*row, True, None) for row in SCHOOLS])
    put("kktns_doanh_nghiep__doanh_nghiep", [("2800000000", "DN", "KCN", "dang_hoat_dong", date(2020, 1, 1), 1, date(2020, 1, 1), None)])  # fmt: skip
    put("kktns_doanh_nghiep__chuyen_doi_so", [("2800000000", "ERP", date(2025, 8, 1), 1)])
    for n, extract in enumerate(extracts):
        put("ttpvhcc_mot_cua__ho_so", dossiers()[n :: len(extracts)], extract)
        put("sogddt_truong_hoc__si_so", [(*row, None, None) for row in CLASSES[n :: len(extracts)]], extract)
    build.build(run_id="places")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("places")
    patch.setenv("IOC_HOME", str(home))
    fill(home, [EXTRACT])
    yield home
    patch.undo()


@pytest.mark.parametrize(
    ("code", "period", "area", "numerator", "denominator"),
    [
        ("DX04", "202506", "38", 1, 2),
        ("DX04", "202507", "38", 1, 1),
        ("DX05", "202506", "15286", 1, 1),  # Q1
        ("DX05", "202506", "15271", 0, 1),  # Q2, half an hour before the new map
        ("DX05", "202507", "15271", 1, 1),  # Q3, at its first instant
        ("DX05", "202508", "14797", 2, 3),
        ("DX05", "202508", "15286", 0, 1),
        ("DX05", "202508", "38", 4, 6),  # with P6, whose commune is unknown
        ("DX06", "202507", "15271", 1, 2),
        ("DX06", "202508", "14797", 1, 2),  # P3 came out in September
        ("DX06", "202509", "14797", 1, 1),
        ("DX06", "202508", "38", 2, 4),  # P1, P2, P5, P6; P4 is open
        ("GD03", "2024", "38", 60, 2),
        ("GD03", "2025", "15286", 160, 5),
        ("GD03", "2025", "14758", 180, 4),
        ("GD03", "2025", "38", 385, 10),  # with S3, whose commune is unknown
    ],
)
def test_indicator__is_what_hand_counting_gives(
    built: Path, code: str, period: str, area: str, numerator: float, denominator: float
) -> None:
    found = ask(
        f"SELECT numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code = '{code}' AND period_key = '{period}' AND area_code = '{area}' AND breakdown = ''"
    )
    scale = 1 if code == "GD03" else 100
    assert found == [(numerator, denominator, pytest.approx(scale * numerator / denominator))]


def test_commune__with_a_rate_of_nothing_has_no_row(built: Path) -> None:
    """P4 is the only dossier of 14758 in August and it is open: no result to digitise is not 0 %."""
    assert ask("SELECT count(*) FROM mart.obs_indicator WHERE indicator_code = 'DX06' AND area_code = '14758'") == [(0,)]  # fmt: skip


def test_dossier__of_a_split_commune_says_that_its_place_is_estimated(built: Path) -> None:
    assert ask(
        "SELECT dossier_code, area_code, is_re_estimated FROM mart.fct_dossier WHERE dossier_code IN ('Q1', 'Q2', 'Q3', 'P6') ORDER BY 1"
    ) == [("P6", None, False), ("Q1", "15286", True), ("Q2", "15271", True), ("Q3", "15271", False)]


def test_communes__sum_to_the_province_in_every_ratio_where_all_rows_have_a_place(built: Path) -> None:
    sums = ask(
        """SELECT indicator_code, period_key, sum(numerator) FILTER (area_code <> '38'), max(numerator) FILTER (area_code = '38'),
        sum(denominator) FILTER (area_code <> '38'), max(denominator) FILTER (area_code = '38')
        FROM mart.obs_indicator JOIN catalog.indicator USING (indicator_code)
        WHERE additive = 'ratio' AND area_grain = 'commune' AND obs_indicator.period_kind <> 'day' AND period_key NOT IN ('202508', '2025') GROUP BY 1, 2"""
    )
    assert {code for code, *_ in sums} >= {"DX02", "DX03", "DX04", "DX05", "DX06", "GD03"}
    assert not [row for row in sums if row[2] != row[3] or row[4] != row[5]]


def test_rows__dealt_over_two_extracts_give_the_same_numbers(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Indicators of the data themselves look at the clock.
    numbers = "SELECT indicator_code, period_kind, period_key, area_code, breakdown, numerator, denominator, value FROM mart.obs_indicator WHERE indicator_code NOT LIKE 'QC%' ORDER BY ALL"
    whole = ask(numbers)
    monkeypatch.setenv("IOC_HOME", str(tmp_path))
    fill(tmp_path, [EXTRACT, SECOND])
    assert len(whole) > 50 and ask(numbers) == whole
    named = "SELECT DISTINCT extract_ids FROM mart.obs_indicator WHERE indicator_code = 'DX05' AND area_code = '38' AND period_key = '202508'"
    assert ask(named) == [([EXTRACT, SECOND],)]


def test_period_key__has_the_form_of_its_kind(built: Path) -> None:
    form = {"day": r"\d{8}", "month": r"\d{6}", "quarter": r"\d{4}[1-4]", "year": r"\d{4}"}
    keys = ask("SELECT DISTINCT period_kind, period_key FROM mart.obs_indicator")
    assert {kind for kind, _ in keys} == set(form) and len(keys) > 15
    assert not [key for kind, key in keys if not re.fullmatch(form[str(kind)], str(key))]


@pytest.mark.parametrize("area", ["38", "15286"])
def test_evidence__counts_numerator_and_denominator_again_at_both_levels(built: Path, area: str) -> None:
    names = "indicator_code, period_kind, period_key, area_code, breakdown, numerator, denominator, value"
    wanted = {"DX04", "DX05", "DX06", "DX07", "GD03"}
    with connect.served(connect.build_path()) as con:
        for pair in declare.pairs():
            if pair.indicator.code not in wanted:
                continue
            row = con.execute(
                f"SELECT {names} FROM mart.obs_indicator WHERE indicator_code = ? AND area_code = ? ORDER BY period_key DESC LIMIT 1",
                [pair.indicator.code, area],
            ).fetchone()
            assert row, (pair.indicator.code, area)
            observation = dict(zip(names.split(", "), row, strict=True))
            counted = _evidence(con, pair.indicator.evidence.model_dump(), observation)["counted"]
            assert counted["numerator_matches"] and counted["denominator_matches"], (row, counted)
            wanted.remove(pair.indicator.code)
    assert not wanted


def test_raw_tables__have_no_column_declared_personal(built: Path) -> None:
    declared = registry.load()
    personal = {
        (raw_name(s.id, t.name), c.name)
        for s in declared.sources.values() for t in s.tables for c in t.columns if mask.is_dropped(c)
    }  # fmt: skip
    assert {"ho_ten", "cccd", "so_dien_thoai"} <= {name for _, name in personal}
    with connect.intake() as con:
        found = con.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'raw'").fetchall()
    columns = {(str(table), str(name)) for table, name in found}
    assert len(columns) > 80 and not personal & columns


def test_words__are_about_columns_that_exist(built: Path) -> None:
    lost = ask(
        """SELECT d.relation, d.column_name FROM catalog.column_doc AS d LEFT JOIN duckdb_columns() AS c
        ON c.table_name = d.relation AND c.column_name = d.column_name WHERE c.column_name IS NULL"""
    )
    assert ask("SELECT count(*) > 60, bool_and(length(description) > 1) FROM catalog.column_doc") == [(True, True)]
    assert lost == []
