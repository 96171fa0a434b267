"""Parquet files, row group by row group; types as they are, nested values as JSON text."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import FromName, Place, constant, files, text_batch
from ingestion.connectors._records import as_text

Connection = Place
BATCH_ROWS = 50_000


class Read(Arguments):
    file: str = Field(description="glob of file names; `**/` for any folders")
    constants: dict[str, str | int | FromName] = Field(
        default_factory=dict, description="columns with one value, or taken from the file's name"
    )


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file):
        number = 0
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH_ROWS):
                    refs = [f"{seen.path}#{i}" for i in range(number + 1, number + batch.num_rows + 1)]
                    number += batch.num_rows
                    yield Chunk(
                        _flat(batch, {k: constant(v, file=path.name) for k, v in arguments.constants.items()}), refs
                    )
        except (pa.ArrowException, OSError) as error:
            raise malformed(
                f"Tệp {seen.path}", f"không phải Parquet, hoặc hỏng ({str(error).splitlines()[0][:120]})"
            ) from None
        yield Chunk(text_batch({}), [], [seen])


def _flat(batch: pa.RecordBatch, fixed: dict[str, str | None]) -> pa.RecordBatch:
    arrays = [
        pa.array([as_text(_plain(v)) for v in column.to_pylist()], pa.string())
        if pa.types.is_nested(column.type)
        else column
        for column in batch.columns
    ]
    arrays += [pa.array([value] * batch.num_rows, pa.string()) for value in fixed.values()]
    return pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, *fixed])


def _plain(value: object) -> object:
    """Nested values with only what JSON has: times and decimals become text."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
