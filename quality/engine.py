"""How Great Expectations asks DuckDB: an execution engine of ours, as the library has one of its own for Redshift.

The library's SQL engine asks the catalogue twice a relation, opens a connection a query, and puts each query for unwanted
rows twice: once to fetch two hundred of them, which must not be held here, once to count. This one reads the catalogue
once a file, keeps one connection, and counts all unwanted rows of a relation in one statement. A count that raises is asked again
alone and spoils no neighbour; after `SECONDS` a relation's statement is stopped and everything left of it raises.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.metric_provider import metric_partial, metric_value
from great_expectations.expectations.metrics.query_metrics.query_row_count import (
    unexpected_rows_query_row_count as row_count,
)
from great_expectations.expectations.metrics.query_metrics.query_table import unexpected_rows_query_table as row_table
from great_expectations.expectations.metrics.table_metrics.table_column_types import ColumnTypes
from great_expectations.validator.validator import Validator

#: A relation that takes longer is not judged: an ERROR, which holds the build where the relation is of tier 1.
SECONDS = 120.0
COUNT = "unexpected_rows_query.row_count"


@dataclass(frozen=True)
class Raised:
    """What stands for a count that could not be taken. It equals no number, so nothing passes by it."""

    error: Exception


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """One read-only connection to one file, whose catalogue is read once."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        # Results die with a rollback in DuckDB, and the library reads them after it has closed its connection.
        engine = sa.create_engine(
            "duckdb://",
            creator=lambda: ConnectionWrapper(con),
            poolclass=sa.StaticPool,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            pool_reset_on_return=None,
        )
        super().__init__(engine=engine, create_temp_table=False)
        self._con, self._deadline = con, float("inf")
        self.columns: dict[str, list[dict[str, str]]] = {}
        for relation, name, kind in con.execute(
            """SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns()
               WHERE database_name = current_database() ORDER BY ALL"""
        ).fetchall():
            self.columns.setdefault(relation, []).append({"name": name, "type": kind})
        sa.event.listen(engine, "before_cursor_execute", self._in_time)

    def _in_time(self, *_: object) -> None:
        if time.monotonic() > self._deadline:
            raise TimeoutError(f"the relation took longer than {SECONDS:g} s")

    @contextmanager
    def batch(self, relation: str) -> Iterator[str]:
        """The relation as the batch to be asked, for `SECONDS` at most. Yields the batch's name."""
        schema, table = relation.split(".", 1)
        self.load_batch_data(relation, SqlAlchemyBatchData(self, schema_name=schema, table_name=table))
        self._deadline = time.monotonic() + SECONDS
        timer = threading.Timer(SECONDS, self._con.interrupt)
        timer.start()
        try:
            yield relation
        finally:
            timer.cancel()
            self._deadline = float("inf")

    def resolve_metric_bundle(self, metric_fn_bundle: Iterable[Any]) -> dict[Any, Any]:
        """The library's aggregates in its one statement, our counts in another."""
        asked = list(metric_fn_bundle)
        counts = [one for one in asked if one.metric_configuration.metric_name == COUNT]
        others = [one for one in asked if one.metric_configuration.metric_name != COUNT]
        found = super().resolve_metric_bundle(others) if others else {}
        answers = self._counts([str(one.metric_fn) for one in counts])
        return found | {one.metric_configuration.id: n for one, n in zip(counts, answers, strict=True)}

    def _counts(self, queries: list[str]) -> list[int | Raised]:
        if not queries:
            return []
        try:
            row = self.execute_query(sa.text("SELECT " + ", ".join(queries))).fetchone()
        except Exception as error:  # whatever is raised, it is no answer
            return [Raised(error)] if len(queries) == 1 else [n for one in queries for n in self._counts([one])]
        return list(row or [])


class QuietValidator(Validator):
    """Without bars of progress on the terminal."""

    def _determine_progress_bars(self) -> bool:
        return False


class CountOfRows(row_count.UnexpectedRowsQueryRowCount):
    """The unwanted rows as a part of one statement: a sub-query without a FROM around it, so that no column of the
    relation can stand in for one that the query's own tables have lost."""

    @metric_partial(
        engine=DuckDBExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _duckdb(
        cls, execution_engine: Any, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: object
    ) -> tuple[str, Any, Any]:
        batch, _compute, _accessor = execution_engine.get_compute_domain(
            metric_domain_kwargs, domain_type=MetricDomainTypes.TABLE
        )
        query = cls._get_substituted_batch_subquery_from_query_and_batch_selectable(
            query=cls._get_query_from_metric_value_kwargs(metric_value_kwargs),
            batch_selectable=batch,
            execution_engine=execution_engine,
        )
        return f"(SELECT count(*) FROM ({query}))", metric_domain_kwargs, {}


class NoRows(row_table.UnexpectedRowsQueryTable):
    """The unwanted rows themselves are never fetched."""

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, **_: object) -> list[object]:
        return []


class Columns(ColumnTypes):
    """The relation's columns from the catalogue as it was read."""

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(cls, execution_engine: Any, metric_domain_kwargs: Any, **_: object) -> list[dict[str, str]]:
        return list(execution_engine.columns[metric_domain_kwargs["batch_id"]])
