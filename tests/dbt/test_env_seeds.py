"""The seeds say what the domain files say, and every value names its source; what is marked `*` there is unverified here."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEEDS = sorted((ROOT / "dbt" / "seeds").rglob("*.csv"))
OPEN_DATA = Path(os.environ.get("IOC_OPEN_DATA") or ROOT.parent / "shared" / "data")
DOMAIN = OPEN_DATA.parent / "domain"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def seed(name: str) -> list[dict[str, str]]:
    return rows(next(p for p in SEEDS if p.stem == name))


def domain(name: str) -> list[dict[str, str]]:
    if not (DOMAIN / name).exists():
        pytest.skip(f"{name} of the domain facts is not beside the checkout")
    return rows(DOMAIN / name)


def test_seeds__every_value_names_its_source() -> None:
    assert len(SEEDS) == 16
    for path in SEEDS:
        if path.stem == "seed_env_parameter_alias":
            continue
        assert rows(path), path.name
        assert all(row["source"] for row in rows(path)), path.name


def test_river_station__marks_exactly_what_is_starred() -> None:
    facts, ours = domain("flood_alarm_levels.csv"), seed("seed_river_station")
    assert len(facts) == len(ours) == 10
    for fact, row in zip(facts, ours, strict=True):
        assert fact["station"] == row["station_name"]
        for level in ("bd1", "bd2", "bd3"):
            assert row[f"{level}_m"] == fact[f"{level}_m"].rstrip("*")
            assert (row[f"is_{level}_unverified"] == "true") == fact[f"{level}_m"].endswith("*")


def test_river_station__alarm_levels_rise() -> None:
    known = [[float(v) for v in (r["bd1_m"], r["bd2_m"], r["bd3_m"]) if v] for r in seed("seed_river_station")]
    assert len(known) == 10 and all(levels == sorted(set(levels)) for levels in known)


def test_aqi_breakpoints__equal_the_domain_table() -> None:
    columns = {"O3_1h": "O3 1h", "O3_8h": "O3 8h", "CO_1h": "CO 1h", "SO2_1h": "SO2 1h", "NO2_1h": "NO2 1h"}
    columns |= {"PM10_24h": "PM10 24h", "PM25_24h": "PM2.5 24h"}
    facts = {
        (name, fact["I"], fact[column])
        for fact in domain("vn_aqi_breakpoints.csv")
        for column, name in columns.items()
        if fact[column]
    }
    ours = {
        (f"{r['parameter']} {r['averaging']}", r["index_value"], r["concentration_ugm3"])
        for r in seed("seed_vn_aqi_breakpoint")
    }
    assert len(facts) == 54 and ours == facts


def test_wqi_breakpoints__hold_every_point_of_the_domain_table() -> None:
    names = {"N-NH4": "NH4", "N-NO3": "NO3", "P-PO4": "PO4"}
    facts = {
        (names.get(f["param"], f["param"]), str(q), f[f"q{q}"])
        for f in domain("vn_wqi_breakpoints.csv")
        for q in (100, 75, 50, 25, 10)
    }
    ours = {(r["parameter"], r["index_value"], r["concentration"]) for r in seed("seed_vn_wqi_breakpoint")}
    assert len(facts) == 95 and facts <= ours


def test_parameter_alias__leads_to_a_known_parameter() -> None:
    known = {r["parameter"] for r in seed("seed_env_parameter")}
    aliases = seed("seed_env_parameter_alias")
    assert len(aliases) > 60 and {r["parameter"] for r in aliases} == known
    assert {r["alias_key"]: r["parameter"] for r in aliases}["PM2,5"] == "PM2.5"


def test_reservoirs__season_limits_of_the_2015_rule_are_marked_unverified() -> None:
    limits = {
        r["reservoir_name"]: (r["level_limit_m"], r["is_unverified"]) for r in seed("seed_reservoir_season_limit")
    }
    assert limits == {"Cửa Đạt": ("110", "true"), "Hủa Na": ("235", "true")}
