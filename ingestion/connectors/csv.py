"""CSV and TSV files of a folder: all text, in the declared encoding and delimiter, never sniffed."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request
from ingestion.connectors._duckdb import malformed
from ingestion.connectors._places import FromName, Place, constant, files, text_batch

Connection = Place


class Unpivot(Arguments):
    """All columns but `id` become rows: the header goes to `into`, the cell to `value`; empty cells are no rows."""

    id: list[str]
    into: str
    value: str


class Read(Arguments):
    file: str
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    unpivot: Unpivot | None = None
    constants: dict[str, str | int | FromName] = Field(default_factory=dict)


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    for path, seen in files(request, arguments.file):
        rows: list[dict[str, str | None]] = []
        refs: list[str] = []
        try:
            with path.open(encoding=arguments.encoding, newline="") as file:
                reader = csv.DictReader(file, delimiter=arguments.delimiter, restkey="_more")
                for row in reader:
                    fixed = {k: constant(v, file=path.name) for k, v in arguments.constants.items()}
                    for line in _long(row, arguments.unpivot):
                        rows.append(line | fixed)
                        refs.append(f"{path.name}:{reader.line_num}")
        except (UnicodeDecodeError, csv.Error) as error:
            raise malformed(
                f"Tệp {path.name}", str(error), f"khai báo đúng encoding và delimiter của bảng {request.table.name}"
            ) from None
        names = list(dict.fromkeys(name for row in rows for name in row if name != "_more"))
        yield Chunk(text_batch({name: [row.get(name) for row in rows] for name in names}), refs, [seen])


def _long(row: dict[str, str | None], unpivot: Unpivot | None) -> Iterator[dict[str, str | None]]:
    if unpivot is None:
        yield row
        return
    kept = {name: row.get(name) for name in unpivot.id}
    for name, value in row.items():
        if name not in unpivot.id and value not in (None, ""):
            yield kept | {unpivot.into: name, unpivot.value: value}
