"""What other programs write into a workbook's XML and calamine (0.36) misreads, put right before it reads.

- A 1904 date system beside Excel's own extension `x14:workbookPr` (every such file of a Mac) is overlooked: dates would be four
  years and a day too early.
- An ods whose XML is indented (SheetJS, KSpread) is refused; in one of LibreOffice every error cell comes as empty.
- One number cell that is no number (` 41`, `1,5`) refuses the whole xlsx.
"""

from __future__ import annotations

import io
import re
import zipfile

_NUMBER_CELL = re.compile(
    rb'<((?:\w+:)?)c\b(?![^>]*\st="[^n])([^>]*)>((?:<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>))?)<\1v>([^<]*)</\1v>'
)
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def workbook(content: bytes) -> bytes:
    """An xlsx or ods (a zip archive) with the first two put right; the very same bytes where nothing was wrong."""
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


def numbers(content: bytes, part: str) -> bytes:
    """An xlsx of which the number cells of a sheet's part that hold no number are texts, for the contract to refuse."""

    def cell(found: re.Match[bytes]) -> bytes:
        prefix, attributes, formula, value = found.groups()
        if _NUMBER.fullmatch(value.strip()):
            kind, value = attributes, value.strip()
        else:
            kind = attributes.replace(b' t="n"', b"") + b' t="str"'
        return b"<%bc%b>%b<%bv>%b</%bv>" % (prefix, kind, formula, prefix, value, prefix)

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return _replaced(archive, content, part, _NUMBER_CELL.sub(cell, archive.read(part)))


def _replaced(archive: zipfile.ZipFile, content: bytes, part: str, xml: bytes) -> bytes:
    if xml == archive.read(part):
        return content
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as mended:
        for name in archive.namelist():
            mended.writestr(name, xml if name == part else archive.read(name))
    return file.getvalue()
