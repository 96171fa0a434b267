"""Identifiers are right by their own rules, and any other text is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.vn import mst

from ingestion.clean.identifiers import CHECKS
from ingestion.model import Column
from warehouse import connect

Is = Callable[[str, str], bool]
YEAR = datetime.now(UTC).year

RIGHT = {
    "mst": ["0100233488", "0314409058-002", "0314409058002"],
    "cccd": ["038085012345", "001199000001", f"0382{YEAR % 100:02}000000", "038300000000", "101090000001"],
    "bhyt": ["DN4380123456789", "HS4013812345678", "3812345678"],
    "h56": ["000.00.00.H56", "000.17.22.H56"],
    "h56_ho_so": ["000.17.22.H56-210531-0001", "000.00.14.H56-200203-0118"],
    "tthc": ["1.001193", "2.000635.000.00.00.H56"],
    "phone": ["02373900900", "0237.3900.900", "+84 912 345 678", "84912345678", "0328 123 456", "(0237) 3 900 900"],
    "email": ["van.thu@thanhhoa.gov.vn", "a+b@x.vn", "Nguyen_Van-A@mail.com"],
}
WRONG = {
    "mst": ["0100233489", "010023348", "0314409058-000", "0100000000", "0314409058-02", "01002334 88"],
    "cccd": ["003085012345", "038485012345", "38085012345", "0380850123456", f"0382{YEAR % 100 + 1:02}000000", "000099000001"],
    "bhyt": ["dn4380123456789", "DN6380123456789", "DN438012345678", "381234567", "DN4-38-0123456789"],
    "h56": ["000.00.00.H57", "000.0.00.H56", "000.00.00.h56", "000-00-00-H56", "000.17.22.H56-210531-0001"],
    "h56_ho_so": ["000.17.22.H56-210531-001", "000.17.22.H56-213105-0001", "000.17.22.H56-210229-0001", "H56-210531-0001"],
    "tthc": ["1.00119", "10.001193", "1.001193.000.00.00.H57", "1001193"],
    "phone": ["912345678", "0112345678", "01234567890", "0237390090", "+85912345678", "0912345678 / 0987654321", "1900 1234"],
    "email": ["a@b", "a b@c.vn", "a..b@c.vn", ".a@c.vn", "a@c..vn", "a@-c.vn", "thư@c.vn", "a@c.vn;d@e.vn"],
}  # fmt: skip


@pytest.fixture(scope="module")
def is_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Is]:
    patch = pytest.MonkeyPatch()
    patch.setenv("IOC_HOME", str(tmp_path_factory.mktemp("identifiers")))
    with connect.scratch() as con:

        def ask(check: str, value: str) -> bool:
            found: Any = con.execute(
                f"SELECT {CHECKS[check][0]('v')} FROM (SELECT ?::VARCHAR AS v)", [value]
            ).fetchone()
            assert found[0] in (True, False)
            return bool(found[0])

        yield ask
    patch.undo()


def test_checks__are_those_that_can_be_declared_and_each_has_cases() -> None:
    declared = {name for part in get_args(Column.model_fields["check"].annotation) for name in get_args(part)}
    assert declared == set(CHECKS) == set(RIGHT) == set(WRONG) and len(CHECKS) == 8


@pytest.mark.parametrize("check", CHECKS)
def test_check__knows_right_from_wrong(is_: Is, check: str) -> None:
    assert [value for value in RIGHT[check] if not is_(check, value)] == []
    assert [value for value in WRONG[check] if is_(check, value)] == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.sampled_from(sorted(CHECKS)))
def test_check__answers_for_any_text(is_: Is, value: str, check: str) -> None:
    is_(check, value)


@settings(max_examples=300, deadline=None)
@given(
    st.from_regex(r"[0-9]{2}(0{7}|[0-9]{7})", fullmatch=True),
    st.sampled_from(["", "-000", "-001", "999"]),
    st.booleans(),
)
def test_mst__is_what_the_standard_library_of_numbers_says(is_: Is, body: str, branch: str, is_right: bool) -> None:
    digit = mst.calc_check_digit(body)
    code = body + (digit if is_right else str((int(digit) + 1) % 10)) + branch
    assert is_("mst", code) == (mst.is_valid(code) and len(digit) == 1)
