"""dBase III, dBase IV and FoxPro tables (.dbf) of a folder: text as declared, numbers and dates as printed.

Rows that the program marked as deleted are left out, and the manifest says how many; a row's reference is its number in the
file with those. A text with a byte that is not of the declared encoding costs its row, which goes to quarantine. Blank
cells, `?` in a logical field and the date 00000000 are null. Memo columns (.dbt, .fpt) are refused when declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from ingestion.connectors import Arguments, Chunk, Request, _child
from ingestion.connectors._dbf import Encoding
from ingestion.connectors._places import Place, files

Connection = Place


class Read(Arguments):
    file: str = Field(description="glob of the tables in the folder, e.g. HOSO*.DBF")
    encoding: Encoding = Field(description="encoding of the texts; never guessed, a DBF's own mark is mostly wrong")


def columns(request: Request) -> list[str] | None:
    return None


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    wanted = [c.source_name for c in request.table.columns]
    for path, seen in files(request, arguments.file):
        task = {"encoding": arguments.encoding, "columns": wanted}
        yield from _child.chunks("ingestion.connectors._dbf:parse", path, task, seen)
