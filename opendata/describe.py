"""What stands beside the files: DCAT-AP as JSON-LD, the columns as CSV on the Web, and a plain page."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from opendata.policy import LICENCES, Dataset
from warehouse.connect import TIME_ZONE

PAGES = Path(__file__).parent / "pages"
STYLE = (PAGES / "style.css").read_text(encoding="utf-8")
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
    "schema": "application/csvm+json",
}
AUTHORITY = "http://publications.europa.eu/resource/authority"
FORMATS = {"csv": f"{AUTHORITY}/file-type/CSV", "parquet": f"{AUTHORITY}/file-type/PARQUET"}
FREQUENCIES = {
    "DAILY": ("hằng ngày", "daily"), "MONTHLY": ("hằng tháng", "monthly"), "QUARTERLY": ("hằng quý", "quarterly"),
    "ANNUAL": ("hằng năm", "yearly"), "IRREG": ("khi có thay đổi", "when it changes"), "NEVER": ("không cập nhật thêm", "complete, never again"),
}  # fmt: skip
TITLE = ("Dữ liệu mở tỉnh Thanh Hóa", "Open data of Thanh Hóa province")
ABOUT = (
    "Dữ liệu thuộc lớp mở mà trung tâm điều hành công bố từ bản dựng đang phục vụ: tải về dạng CSV, Parquet, hoặc hỏi qua API.",
    "Data of class open that the operations center publishes from the build it serves: as CSV, Parquet, or by API.",
)
#: W3C datatypes of our six types.
_XSD = {"string": "string", "integer": "integer", "number": "double", "boolean": "boolean", "date": "date", "timestamp": "dateTime"}  # fmt: skip
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/", "vcard": "http://www.w3.org/2006/vcard/ns#",
    "spdx": "http://spdx.org/rdf/terms#", "xsd": "http://www.w3.org/2001/XMLSchema#", "prov": "http://www.w3.org/ns/prov#", "adms": "http://www.w3.org/ns/adms#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}  # fmt: skip


def publisher() -> str:
    """Who answers for the catalogue (`IOC_OPEN_PUBLISHER`)."""
    return os.environ.get("IOC_OPEN_PUBLISHER") or "Trung tâm điều hành tỉnh Thanh Hóa"


def contact() -> str | None:
    """Where a reader may write (`IOC_OPEN_CONTACT`): an address of mail. None until the province names one."""
    return os.environ.get("IOC_OPEN_CONTACT") or None


def catalog(body: dict[str, Any]) -> dict[str, Any]:
    """The DCAT-AP 3 catalogue of `datasets.json`. Addresses are relative to where it is read, so that the folder may be moved;
    `IOC_OPEN_URL` makes them absolute."""
    base = os.environ.get("IOC_OPEN_URL")
    agent = {"@id": "#publisher", "@type": "foaf:Agent", "foaf:name": _both(publisher(), publisher())}
    head: dict[str, Any] = {"@context": _CONTEXT | ({"@base": base.rstrip("/") + "/"} if base else {})}
    return head | {
        "@id": "catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _both(*TITLE),
        "dct:description": _both(*ABOUT),
        "dct:publisher": agent,
        "foaf:homepage": {"@id": "./", "@type": "foaf:Document"},
        "dct:language": [_typed(f"{AUTHORITY}/language/{code}", "dct:LinguisticSystem") for code in ("VIE", "ENG")],
        "dct:license": _licence("CC-BY-4.0"),
        "dct:spatial": _spatial(),
        "dct:modified": _time(body["published_at"]),
        "dct:identifier": body["build_id"],
        "dct:conformsTo": _typed("http://data.europa.eu/r5r/", "dct:Standard"),
        "dcat:service": _service(body),
        "dcat:dataset": [_dataset(one) for one in body["datasets"]],
    }


def _dataset(one: dict[str, Any]) -> dict[str, Any]:
    about = {
        "@id": f"#{one['id']}",
        "@type": "dcat:Dataset",
        "dct:identifier": one["id"],
        "dct:title": _both(one["title_vi"], one["title_en"]),
        "dct:description": _both(one["description_vi"], one["description_en"]),
        "dct:publisher": {"@id": "#publisher"},
        "dct:creator": {"@type": "foaf:Agent", "foaf:name": one["attribution"]},
        "dct:license": _licence(one["licence"]["id"]),
        "dct:accessRights": _typed(f"{AUTHORITY}/access-right/PUBLIC", "dct:RightsStatement"),
        "dct:accrualPeriodicity": _typed(f"{AUTHORITY}/frequency/{one['frequency']}", "dct:Frequency"),
        "dct:spatial": _spatial(),
        "dct:language": _typed(f"{AUTHORITY}/language/VIE", "dct:LinguisticSystem"),
        "dct:modified": _time(one["modified"]),
        "dcat:theme": _typed(f"{AUTHORITY}/data-theme/{one['theme']}", "http://www.w3.org/2004/02/skos/core#Concept"),
        "dcat:contactPoint": _contact(),
        "dcat:distribution": [_distribution(one, kind) for kind in FORMATS],
    }
    if one["years"]:
        first, last = one["years"]
        about["dct:temporal"] = {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": {"@value": f"{first}-01-01", "@type": "xsd:date"},
            "dcat:endDate": {"@value": f"{last}-12-31", "@type": "xsd:date"},
        }
    if one["is_made_up"]:
        about["adms:versionNotes"] = _both("Số liệu minh họa, không dùng làm căn cứ.", "Made-up figures, no ground for anything.")  # fmt: skip
    return about


def _distribution(one: dict[str, Any], kind: str) -> dict[str, Any]:
    file = one["files"][kind]
    return {
        "@id": f"#{one['id']}-{kind}",
        "@type": "dcat:Distribution",
        "dct:title": _both(f"{one['title_vi']} ({kind.upper()})", f"{one['title_en']} ({kind.upper()})"),
        "dcat:accessURL": _typed(f"files/{file['name']}", "rdfs:Resource"),
        "dcat:downloadURL": _typed(f"files/{file['name']}", "rdfs:Resource"),
        "dct:license": _licence(one["licence"]["id"]),
        "dct:format": _typed(FORMATS[kind], "dct:MediaTypeOrExtent"),
        "dcat:mediaType": _typed(
            f"https://www.iana.org/assignments/media-types/{file['media_type'].split(';')[0]}", "dct:MediaType"
        ),
        "dcat:byteSize": {"@value": str(file["bytes"]), "@type": "xsd:nonNegativeInteger"},
        "dct:modified": _time(one["modified"]),
        "dct:conformsTo": _typed(f"files/{one['files']['schema']['name']}", "dct:Standard"),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": {"@value": file["sha256"], "@type": "xsd:hexBinary"},
        },
    }


def _service(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "@id": "#api",
        "@type": "dcat:DataService",
        "dct:title": _both("API chỉ đọc", "Read-only API"),
        "dcat:endpointURL": _typed("api/v1/", "rdfs:Resource"),
        "dcat:endpointDescription": _typed("openapi.json", "rdfs:Resource"),
        "dcat:servesDataset": [{"@id": f"#{one['id']}"} for one in body["datasets"]],
    }


def _contact() -> dict[str, Any]:
    mail = {"vcard:hasEmail": {"@id": f"mailto:{contact()}"}} if contact() else {}
    return {"@id": "#contact", "@type": "vcard:Organization", "vcard:fn": publisher()} | mail


def _both(vi: str, en: str) -> list[dict[str, str]]:
    return [{"@value": vi, "@language": "vi"}, {"@value": en, "@language": "en"}]


def _typed(address: str, kind: str) -> dict[str, str]:
    return {"@id": address, "@type": kind}


def _licence(name: str) -> dict[str, str]:
    return _typed(LICENCES[name][2], "dct:LicenseDocument")


def _spatial() -> dict[str, Any]:
    return {"@id": "#thanh-hoa", "@type": "dct:Location", "dct:identifier": "38", "rdfs:label": _both("Tỉnh Thanh Hóa", "Thanh Hóa province")}  # fmt: skip


def _time(moment: str) -> dict[str, str]:
    return {"@value": moment, "@type": "xsd:dateTime"}


# --- columns -----------------------------------------------------------------------------------------------------------


def csvw(dataset: Dataset) -> dict[str, Any]:
    """The columns of the CSV file as W3C's CSV on the Web says them; the file lies where that standard looks for it."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "vi"}],
        "url": f"{dataset.id}.csv",
        "dc:title": [
            {"@value": dataset.declared.title.vi, "@language": "vi"},
            {"@value": dataset.declared.title.en, "@language": "en"},
        ],
        "dc:license": {"@id": LICENCES[dataset.declared.licence][2]},
        "dialect": {"encoding": "utf-8", "header": True, "delimiter": ","},
        "tableSchema": {
            "columns": [
                {
                    "name": c.name,
                    "titles": c.name,
                    "dc:description": [{"@value": c.vi, "@language": "vi"}, {"@value": c.en, "@language": "en"}],
                    "datatype": _XSD[c.type],
                    "required": c.name in dataset.key and c.name != "breakdown",
                }
                for c in dataset.columns
            ],
            "primaryKey": list(dataset.key),
        },
    }


# --- pages -------------------------------------------------------------------------------------------------------------

_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(PAGES), autoescape=True, undefined=jinja2.ChainableUndefined, trim_blocks=True, lstrip_blocks=True
)  # fmt: skip


def _number(lang: str, value: float, decimals: int = 0) -> str:
    text = f"{value:,.{decimals}f}"
    return text if lang == "en" else text.translate(str.maketrans(",.", ".,"))


def _size(lang: str, size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{_number(lang, size, 1 if unit != 'B' and size < 10 else 0)} {unit}"


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(TIME_ZONE)).strftime("%d/%m/%Y %H:%M")


def render(name: str, lang: str, **values: Any) -> str:
    """A page of ours: no script, no address of anybody else."""
    return _pages.get_template(name).render(
        lang=lang, t=lambda vi, en: en if lang == "en" else vi, style=STYLE,
        number=lambda n: _number(lang, n), size=lambda n: _size(lang, n), local=_local, publisher=publisher(), contact=contact(),
        frequencies=FREQUENCIES, title=TITLE, about=ABOUT, **values,
    )  # fmt: skip


def page(body: dict[str, Any], lang: str) -> str:
    """The list of datasets with their files and columns."""
    return render("index.html", lang, body=body)
