"""A province of a few rows for the environment and hazard models: raw tables as the loader leaves them, built by dbt.

Only the models of these domains (and of resources) are built, in a project of their own that borrows the folders of `dbt/`; the area
dimension and the crosswalk, which another domain owns, are five hand-made communes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml
from dbt.adapters.duckdb import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from ingestion import registry
from ingestion.model import DUCKDB_TYPE, raw_name
from warehouse import connect
from warehouse.indicator import Indicator

ROOT = Path(__file__).parents[2]
VN = timezone(timedelta(hours=7))
#: Sources whose raw tables are made as they are declared.
DECLARED = (
    *("kttv_mua_gio", "kttv_ho_so_lu", "bchptds_thien_tai", "bchptds_thiet_hai", "sonnmt_moi_truong"),
    *("sonnmt_dat_dai", "sonnmt_khoang_san_nuoc"),
)
FOLDERS = [
    *(f"models/staging/{s}" for s in ("sonnmt_quan_trac", "sonnmt_danh_muc_tram", "sonnmt_ho_chua", "kttv_thien_tai")),
    *(f"models/staging/{s}" for s in DECLARED),
    *(f"models/{layer}/{d}" for layer in ("intermediate", "marts", "indicators") for d in ("moi_truong", "thien_tai")),
    "models/marts/tai_nguyen",
    "models/indicators/tai_nguyen",
    "seeds/moi_truong",
    "seeds/thien_tai",
]
MACROS = ("touched", "area", "vn_aqi", "vn_wqi", "nowcast", "alarm")
RAW = {
    "sonnmt_quan_trac__so_do": "ma_tram VARCHAR, thong_so VARCHAR, thoi_gian TIMESTAMPTZ, gia_tri DOUBLE, don_vi VARCHAR, trang_thai VARCHAR",
    "sonnmt_danh_muc_tram__tram": "ma_tram VARCHAR, ten VARCHAR, loai VARCHAR, ma_xa VARCHAR, co_so VARCHAR, vi_do DOUBLE, kinh_do DOUBLE, ngay_van_hanh DATE",
    "sonnmt_danh_muc_tram__nguong": "ma_tram VARCHAR, thong_so VARCHAR, tu_ngay DATE, den_ngay DATE, gia_tri_min DOUBLE, gia_tri_max DOUBLE, don_vi VARCHAR, can_cu VARCHAR",
    "sonnmt_ho_chua__van_hanh": "ma_ho VARCHAR, thoi_gian TIMESTAMPTZ, ten_ho VARCHAR, luu_vuc VARCHAR, muc_nuoc_m DOUBLE, dung_tich_trieu_m3 DOUBLE, "
    "dung_tich_tk_trieu_m3 DOUBLE, q_den_m3s DOUBLE, q_xa_m3s DOUBLE, mndbt_m DOUBLE, mn_gia_cuong_m DOUBLE, xu_the VARCHAR, kinh_do DOUBLE, vi_do DOUBLE",
    "kttv_thien_tai__muc_nuoc": "ma_tram VARCHAR, thoi_gian TIMESTAMPTZ, ten_tram VARCHAR, song VARCHAR, muc_nuoc_m DOUBLE, bd1_m DOUBLE, bd2_m DOUBLE, bd3_m DOUBLE, vi_do DOUBLE, kinh_do DOUBLE",
    "kttv_thien_tai__lu_quet": "ma_xa VARCHAR, thoi_gian TIMESTAMPTZ, dong BIGINT, so_gio_du_bao BIGINT, ten_xa VARCHAR, ma_xa_cu VARCHAR, "
    "nguy_co_lu_quet VARCHAR, nguy_co_sat_lo VARCHAR, mua_td_mm DOUBLE, mua_db_mm DOUBLE",
}
RAW |= {
    raw_name(source, table.name): ", ".join(f"{c.name} {DUCKDB_TYPE[c.type]}" for c in table.columns if c.class_ != "pii")
    for source in DECLARED
    for table in registry.load().sources[source].tables
}
LINEAGE = "_extract_id VARCHAR, _loaded_at TIMESTAMPTZ, _row_number BIGINT, _source_ref VARCHAR, _row_hash UBIGINT"
PROJECT = """
name: env_province
profile: env_province
flags: {send_anonymous_usage_stats: false}
models: {env_province: {marts: {+database: marts, +materialized: table}, indicators: {+database: marts, +materialized: table}}}
seeds: {env_province: {dim_date: {+database: marts}}}
"""
SOURCES = "sources: [{{name: raw, schema: raw, tables: [{}]}}]"
AREAS = "area_code,area_name,is_current\n38,Thanh Hóa,true\n14999,Xã cũ,false\n" + "".join(
    f"1475{i},Xã {i},true\n" for i in range(5)
)
DATES = "date_day,month_key\n2025-09-01,202509\n2025-09-30,202509\n2025-10-31,202510\n"
CROSSWALK = "old_code,new_code,weight,is_default\n14999,14752,0.5,true\n14999,14753,0.5,false\n"


def at(text: str) -> datetime:
    """`2025-08-26 01:00`, local time."""
    return datetime.fromisoformat(text).replace(tzinfo=VN)


def pair(code: str) -> tuple[Path, Indicator]:
    """The indicator pair of a code."""
    for path in (ROOT / "dbt" / "models" / "indicators").rglob("ind_*.yml"):
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]["config"]["meta"]["indicator"]
        if declared["code"] == code:
            return path, Indicator(**declared)
    raise KeyError(code)


class Province:
    """One `IOC_HOME` with its own dbt project. `load` appends rows to a raw table as one extract; `build` runs dbt."""

    def __init__(self, home: Path) -> None:
        self.home, self.project, self.n_loads = home, home / "project", 0
        for folder in FOLDERS:
            shutil.copytree(ROOT / "dbt" / folder, self.project / folder)
        (self.project / "macros").mkdir()
        for macro in MACROS:
            shutil.copy(ROOT / "dbt" / "macros" / f"{macro}.sql", self.project / "macros")
        (self.project / "dbt_project.yml").write_text(PROJECT)
        (self.project / "models" / "raw.yml").write_text(SOURCES.format(", ".join(f"{{name: {t}}}" for t in RAW)))
        (self.project / "seeds" / "dim_area.csv").write_text(AREAS)
        (self.project / "seeds" / "bridge_area_old_new.csv").write_text(CROSSWALK)
        (self.project / "seeds" / "dim_date.csv").write_text(DATES)
        (self.project / "seeds" / "types.yml").write_text(
            "seeds: [{name: dim_area, config: {column_types: {area_code: varchar}}}, "
            "{name: dim_date, config: {column_types: {month_key: varchar}}}, "
            "{name: bridge_area_old_new, config: {column_types: {old_code: varchar, new_code: varchar}}}]"
        )
        (self.project / "profiles.yml").write_text(
            f"env_province: {{target: t, outputs: {{t: {{type: duckdb, path: '{home / 'intake.duckdb'}', threads: 1, "
            f"attach: [{{path: '{home / 'marts.duckdb'}', alias: marts}}], settings: {{TimeZone: Asia/Ho_Chi_Minh}}}}}}}}"
        )
        with self.intake() as con:
            for table, columns in RAW.items():
                con.execute(f"CREATE TABLE raw.{table} ({columns}, {LINEAGE})")

    @contextmanager
    def intake(self) -> Any:
        os.environ["IOC_HOME"] = str(self.home)
        with connect.writer("test") as con:
            yield con

    def load(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Append `rows` (the declared columns in order) as one extract, newer than the one before."""
        self.n_loads += 1
        loaded_at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=self.n_loads)
        extract_id = f"20261101T{self.n_loads:012d}-0000"
        values = [[*row, extract_id, loaded_at, n, str(n), 0] for n, row in enumerate(rows, 1)]
        chunk = pa.table({f"c{n}": list(column) for n, column in enumerate(zip(*values, strict=True))})
        with self.intake() as con:
            con.register("chunk", chunk)
            con.execute(f"INSERT INTO raw.{table} SELECT * FROM chunk")

    def build(self, *arguments: str) -> None:
        try:
            result = dbtRunner().invoke(
                [
                    "build",
                    "--quiet",
                    "--project-dir",
                    str(self.project),
                    "--profiles-dir",
                    str(self.project),
                    *arguments,
                ]
            )
        finally:
            DuckDBConnectionManager.close_all_connections()
        assert result.success, [
            r.message for r in getattr(result.result, "results", []) if r.message
        ] or result.exception

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the marts; unqualified names are mart relations."""
        with connect.served(self.home / "marts.duckdb") as con:
            return con.execute(sql).fetchall()

    def fingerprint(self, relation: str) -> tuple[int, int]:
        """Rows and an order-free hash of everything in a mart."""
        return self.ask(f"SELECT count(*), bit_xor(hash(t)) FROM main.{relation} AS t")[0]

    def proves(self, path: Path, pair: Indicator) -> None:
        """The evidence of the first and last observations of a pair sums to their numerators and denominators."""
        columns = "period_key, area_code, breakdown, numerator, denominator"
        observations = self.ask(f"SELECT {columns} FROM {path.stem} ORDER BY ALL")
        assert observations and pair.evidence
        for period_key, area_code, breakdown, *sums in observations[:3] + observations[-3:]:
            where = pair.evidence.where.replace("mart.", "main.")
            parts = [pair.evidence.numerator.replace("mart.", "main."), pair.evidence.denominator or "NULL"]
            for name, value in (("area_code", area_code), ("period_key", period_key), ("breakdown", breakdown)):
                where, *parts = (text.replace(f"${name}", f"'{value}'") for text in (where, *parts))
            wanted = ", ".join(f"sum(cast({part} AS DOUBLE))" for part in parts)
            [found] = self.ask(f"SELECT {wanted} FROM {pair.evidence.model} WHERE {where}")
            for total, number in zip(found, sums, strict=True):
                assert total is None or total == pytest.approx(number), (path.stem, period_key, area_code, breakdown)
