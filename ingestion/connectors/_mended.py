"""What other programs write into a workbook's XML and calamine (0.36) misreads, put right before it reads.

- A 1904 date system beside Excel's own extension `x14:workbookPr` (every such file of a Mac) is overlooked: dates would be four
  years and a day too early.
- An ods whose XML is indented (SheetJS, KSpread) is refused; in one of LibreOffice every error cell comes as empty.
- A formula that nobody calculated yet (openpyxl writes such cells; Excel calculates when it opens them) comes as empty: here it
  comes as its own text, for the contract to refuse.
- One number cell that is no number (` 41`, `1,5`), or an error that calamine does not know (#ERROR! of Google), refuses the
  whole xlsx: here it is a text.
"""

from __future__ import annotations

import io
import re
import zipfile

_PLAIN_CELL = rb'<((?:\w+:)?)c\b(?![^>]*\st="[^n])([^>]*)>'
_NUMBER_CELL = re.compile(_PLAIN_CELL + rb"((?:<\1f\b[^>]*(?:/>|>[^<]*</\1f>))?)<\1v>([^<]*)</\1v>")
_UNCALCULATED = re.compile(_PLAIN_CELL + rb"<\1f\b[^>]*?(?:/|>([^<]*)</\1f)>(?:<\1v\s*/>|<\1v></\1v>)?</\1c>")
_FORMULA_ENDS = re.compile(
    rb"(?:</(?:\w+:)?f|<(?:\w+:)?f\s[^>]*/)>(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def workbook(content: bytes) -> bytes:
    """An xlsx or ods (a zip archive) with dates and ods put right; the very same bytes where nothing was wrong."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" in names:
            book = archive.read("xl/workbook.xml")
            sheets = re.search(rb"<(?:\w+:)?sheets\b", book)
            own = sheets.start() if sheets else len(book)
            extensions = re.sub(rb"<\w+:workbookPr\b[^>]*/>", b"", book[own:])
            return _replaced(archive, content, "xl/workbook.xml", book[:own] + extensions)
        if "content.xml" in names:
            cells = archive.read("content.xml")
            mended = re.sub(rb"(<(?:/?table:|office:spreadsheet)[^>]*>)\s+(?=</?(?:table|office):)", rb"\1", cells)
            mended = re.sub(
                rb'(<table:table-cell[^>]*?) office:string-value=""([^>]*calcext:value-type="error")', rb"\1\2", mended
            )
            return _replaced(archive, content, "content.xml", mended)
    return content


def formulas(content: bytes, part: str) -> bytes:
    """An xlsx of which the uncalculated formulas of a sheet's part are texts."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read(part)
        if not (b"<f" in xml or b":f" in xml) or not _FORMULA_ENDS.search(xml):  # a sheet of numbers has 100 MB
            return content
        mended = _UNCALCULATED.sub(
            lambda cell: _text_cell(cell[1], cell[2], b"=" + (cell[3] or b"")) + b"</%bc>" % cell[1], xml
        )
        return _replaced(archive, content, part, mended)


def cells(content: bytes, part: str) -> bytes:
    """An xlsx of which the number cells of a sheet's part that hold no number, and all error cells, are texts."""

    def plain(cell: re.Match[bytes]) -> bytes:
        prefix, attributes, formula, value = cell.groups()
        if _NUMBER.fullmatch(value.strip()):
            return b"<%bc%b>%b<%bv>%b</%bv>" % (prefix, attributes, formula, prefix, value.strip(), prefix)
        return _text_cell(prefix, attributes, value)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = re.sub(rb'(<(?:\w+:)?c\b[^>]*\st=)"e"', rb'\1"str"', archive.read(part))
        return _replaced(archive, content, part, _NUMBER_CELL.sub(plain, xml))


def _text_cell(prefix: bytes, attributes: bytes, text: bytes) -> bytes:
    """A cell up to its end tag."""
    return b'<%bc%b t="str"><%bv>%b</%bv>' % (prefix, attributes.replace(b' t="n"', b""), prefix, text, prefix)


def _replaced(archive: zipfile.ZipFile, content: bytes, part: str, xml: bytes) -> bytes:
    if xml == archive.read(part):
        return content
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as mended:
        for name in archive.namelist():
            mended.writestr(name, xml if name == part else archive.read(name))
    return file.getvalue()
