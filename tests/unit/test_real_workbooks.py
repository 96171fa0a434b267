"""The province's own twelve budget forms of 2018-2020, loaded by declarations alone. Totals below were read from the forms.

Oddities seen by eye: B46 of 2018 numbers its columns “A B 2” and two of its lines “3”; B47 of 2020 is still titled 2019;
“NGẤN ÁCH”; unit lines in four places and two wordings; hidden draft lines in B46 and B48 of 2018; notes right of B63 and B64.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from made_up_source import ask

from ingestion import registry
from ingestion.extract import Landed, extract
from ingestion.load import load
from ingestion.model import Source

SOURCE = Path(__file__).parents[1] / "fixtures" / "open_data" / "sotc_bieu_cong_khai.yml"
#: Data lines of each form, counted in the form: table → year → lines.
LINES = {
    "b46": {2018: 23, 2019: 21, 2020: 26},
    "b47_2018": {2018: 16},
    "b47": {2019: 17, 2020: 17},
    "b48_2018": {2018: 62},
    "b48": {2019: 58, 2020: 59},
    "b62": {2018: 36},
    "b63": {2018: 69},
    "b64": {2018: 32},
}
#: (table, year, row of the total, rows that it is the sum of), as the forms' own lines say (A = I + II, TỔNG = A + B + …).
SUMS = [
    ("b46", 2018, 7, [8, 11]),
    ("b46", 2018, 15, [16, 17, 18, 19, 20, 21]),
    ("b46", 2019, 8, [9, 12]),
    ("b46", 2020, 8, [9, 12, 21, 22]),
    ("b47_2018", 2018, 8, [9, 10]),
    ("b47_2018", 2018, 14, [15, 16, 17]),
    ("b47", 2019, 9, [10, 11]),
    ("b47", 2019, 16, [17, 18, 19]),
    ("b47", 2020, 9, [10, 11]),
    ("b48_2018", 2018, 7, [8, 66]),
    ("b48", 2019, 8, [9, 70]),
    ("b48", 2019, 9, [10, 12, 13, 14]),
    ("b48", 2020, 8, [9, 70]),
    ("b62", 2018, 8, [9, 12, 16, 17, 18, 19, 20]),
    ("b63", 2018, 8, [9, 83, 84]),
    ("b63", 2018, 9, [10, 74]),
    ("b64", 2018, 8, [9, 28, 35, 36, 37, 38, 39]),
]


def declared() -> Source:
    (source,) = registry.load(SOURCE).sources.values()
    return source


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Landed]]:
    if not Path(os.environ.get("IOC_OPEN_DATA", "/-"), "budget").is_dir():
        pytest.skip("IOC_OPEN_DATA names no folder with the province's budget forms (budget/)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("var")))
        found = extract(declared(), run_id="run")
        load(found, holder="test")
        yield found


def test_real_forms__are_loaded_line_by_line_by_declarations_alone(landed: list[Landed]) -> None:
    assert len({file.path for one in landed for file in one.manifest.seen}) == 12
    assert ask("SELECT count(*) FROM quarantine.row") == [(0,)]
    found = {}
    for table in LINES:
        raw = f"raw.sotc_bieu_cong_khai__{table}"
        found[table] = dict(ask(f"SELECT nam, count(*) FROM {raw} GROUP BY 1"))
        places = ask(f"SELECT _source_ref, nam, dong, don_vi FROM {raw}")
        assert all(re.fullmatch(rf"(du|quyet)-toan-{nam}-B\d\d\.xlsx?!.+!{dong}", at) for at, nam, dong, _ in places)
        assert {unit for *_, unit in places} == {"triệu đồng"}
    # None of the 1,076 phantom rows of a 75-row form came.
    assert found == LINES


def test_real_forms__totals_are_the_sums_of_their_lines(landed: list[Landed]) -> None:
    for table, year, total, parts in SUMS:
        rows = ask(f"SELECT dong, so_tien FROM raw.sotc_bieu_cong_khai__{table} WHERE nam = {year}")
        amount: dict[int, Decimal] = {row: value or Decimal(0) for row, value in rows}
        # Settled lines are rounded to 0.000001 each.
        assert abs(amount[total] - sum(amount[part] for part in parts)) < Decimal("0.001"), (table, year, total)
    golden = {("b46", 2018, 7): "27991609", ("b46", 2020, 8): "35307558", ("b62", 2018, 8): "41486658"}
    for (table, year, row), value in golden.items():
        raw = f"raw.sotc_bieu_cong_khai__{table}"
        assert ask(f"SELECT so_tien FROM {raw} WHERE nam = {year} AND dong = {row}") == [(Decimal(value),)]
    plan = dict(ask("SELECT dong, du_toan FROM raw.sotc_bieu_cong_khai__b62"))
    assert plan[22] + plan[29] == plan[21] == 27_991_609
    assert len(SUMS) == 17


def test_real_forms__lines_that_are_no_data_are_counted(landed: list[Landed]) -> None:
    left_out = {one.manifest.table: one.manifest.left_out for one in landed}
    numbered = "dòng số thứ tự cột"
    assert left_out["b46"] == {numbered: 2}  # in 2018 that line counts as the header's
    assert left_out["b48"] == {numbered: 2, "dòng chỉ có một ô": 20}
    assert left_out["b63"] == {numbered: 1, "dòng chỉ có một ô": 8}
    assert left_out["b64"] == {numbered: 1, "dòng chỉ có một ô": 1}
