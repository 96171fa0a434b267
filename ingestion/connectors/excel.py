"""Workbooks as offices send them, told by content and not by name: xls, xlsx, xlsb, ods, and the HTML tables, XML of Excel
2003, CSV and TSV that old software calls “.xls”.

Cells come as text, as they are stored and not as they are shown: leading zeros stay where the cell is a text, a code that only
looks like 00123 by its format comes as 123, 98,2 % as 0.982. Real dates become ISO text, a time of day 07:30:00, a duration of
30 hours 1900-01-01 06:00:00 (30:00:00 from an ods), whole numbers have no “.0”, #N/A and the like come as they are shown, a
formula that nobody calculated yet as its text, and a code of 16 digits or more that was typed as a number as the rounded number
that it is.

A header may have several merged lines, which are joined by “ / ”; of cells merged below it only the first has the text. Totals,
footers, headings merged across columns, the row of column numbers and, where declared, roman sub-totals and rows with a single
cell are not data; they are left out and counted (`Chunk.left_out`). Hidden sheets are left out too, unless `sheet` names one exactly.

Files are parsed in a limited child process. Macros, passwords, zip bombs and XML with a DOCTYPE are refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

import pyarrow as pa
from pydantic import Field, model_validator

from ingestion.connectors import Arguments, Chunk, Request, _child
from ingestion.connectors._places import FromName, Place, constant, files, text_batch
from ingestion.connectors._workbook import SUMMARY

_CELL = r"[A-Z]{1,3}[1-9]\d*"

Connection = Place


class SkipRows(Arguments):
    """Rows that are not data. `roman_in` names the header whose roman numeral marks a sub-total (I, II, III). A row whose
    one cell is merged across columns is a heading and always left out."""

    roman_in: str | None = Field(default=None, description="the header under which a roman numeral marks a sub-total")
    total_words: list[str] = Field(
        default_factory=lambda: ["Tổng cộng", "Tổng số", "Cộng"],
        description="a row whose first or second text is one of these, whatever stands in brackets after it, is a total",
    )
    footer_words: list[str] = Field(
        default_factory=lambda: ["Người lập", "Ghi chú", "Nguồn:"], description="a row that begins so is a footer"
    )
    empty_in: list[str] = Field(default_factory=list, description="headers without whose value a row is no data")
    single_cell: bool = Field(default=False, description="a row with one cell is a heading, not a row without values")
    column_numbers: bool = Field(
        default=True, description="a first line A B 1 2, or 1 2 3, numbers the columns; false: it is data"
    )


class Unpivot(Arguments):
    """Wide headers to long rows: header → the value of `into`; the cell goes to `value`. Headers are named in `columns`,
    or matched whole by `pattern`, whose first group is the value of `into`: `Tháng (\\d+)`."""

    columns: dict[str, str] = Field(default_factory=dict, description="header → what goes to `into`")
    pattern: str | None = Field(
        default=None, description="regular expression of headers; its first group goes to `into`"
    )
    into: str = Field(description="the column that takes what the header says")
    value: str = Field(description="the column that takes the cell")

    @model_validator(mode="after")
    def _names_columns(self) -> Unpivot:
        if not self.columns and not self.pattern:
            raise ValueError("unpivot needs columns or pattern")
        return self


class UnitFrom(Arguments):
    """The unit of the sheet's numbers, which its author may change: the text of `cell`, or of the one cell above the header
    that `pattern` finds (“ĐVT: tỷ đồng”). It goes to column `unit_as` as written in `words`; any other unit refuses the
    file. Nothing is multiplied here."""

    cell: str | None = Field(default=None, pattern=f"^{_CELL}$", description="where the unit stands: F4")
    pattern: str = Field(
        default=r"(?:đơn vị(?: tính)?|đvt)\s*:\s*(.+)", description="how it is said; the first group is the unit"
    )
    words: list[str] = Field(min_length=1, description="the units that may be there")
    unit_as: str = Field(description="the column that takes the unit")


class Read(Arguments):
    file: str
    inside: str | None = Field(default=None, description="the files are zip archives: glob of the workbooks in them")
    sheet: str = Field(default="*", description="a sheet's name, or a glob of names")
    range: str | None = Field(default=None, pattern=f"^{_CELL}:{_CELL}$", description="only these cells: B5:H200")
    header_rows: tuple[int, int] = Field(description="first and last line of the header, from 1")
    first_data_row: int | None = Field(default=None, description="from 1; by default the line below the header")
    skip_rows: SkipRows = SkipRows()
    hidden_rows: Literal["read", "skip"] = Field(
        default="read", description="a row hidden by a filter is still data; skip where the office hides what is void"
    )
    unpivot: Unpivot | None = None
    unit_from: UnitFrom | None = None
    constants: dict[str, str | int | FromName] = Field(
        default_factory=dict, description="columns with one value, or taken from the file's or sheet's name"
    )
    row_number_as: str | None = Field(default=None, description="a column that takes the row's number in the sheet")
    positions: dict[str, int] = Field(
        default_factory=dict, description="column → its position from 1, where the header changes from year to year"
    )


def columns(request: Request) -> list[str] | None:
    return None  # a folder of workbooks has no columns before they are read


def read(request: Request) -> Iterator[Chunk]:
    arguments = Read.model_validate(request.table.read)
    task = arguments.model_dump(mode="json") | {"wanted": _wanted(request, arguments)}
    for path, seen in files(request, arguments.file, arguments.inside):
        left_out: Counter[str] = Counter()
        sheet = ""
        for batch, refs in _child.parse("ingestion.connectors._workbook:parse", path, task):
            if batch.schema.names == SUMMARY:
                summary = batch.to_pydict()
                sheet = summary["_sheet"][0]
                left_out.update(dict(zip(summary["_reason"], summary["_count"], strict=True)))
                continue
            for name, value in arguments.constants.items():
                text = pa.scalar(constant(value, file=path.name, sheet=sheet), pa.string())
                batch = batch.append_column(name, pa.repeat(text, batch.num_rows))
            yield Chunk(batch, refs)
        yield Chunk(text_batch({}), [], [seen], dict(+left_out))


def _wanted(request: Request, arguments: Read) -> list[Any]:
    """Declared columns that must be found in the sheet itself."""
    made = {*arguments.constants, arguments.row_number_as}
    if arguments.unit_from:
        made.add(arguments.unit_from.unit_as)
    if arguments.unpivot:
        made |= {arguments.unpivot.into, arguments.unpivot.value}
    found = [c.source_name for c in request.table.columns if c.source_name not in made]
    return found + list(arguments.unpivot.columns if arguments.unpivot else {})
