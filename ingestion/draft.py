"""The first draft of a declaration, from the source itself: its columns, what their values look like, what may be the key.

A draft is a proposal to a person who knows the data. Names and values are read from the first rows; what they cannot tell
(unit, range, code list, owner) is left to be filled in, and what they leave open is said in a comment beside the column.
"""

from __future__ import annotations

import itertools
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import ValidationError

from ingestion import connectors
from ingestion.clean.cast import sql_cast
from ingestion.connectors import Request
from ingestion.connectors._places import files
from ingestion.model import PLACE, SURPLUS, Column, Source
from warehouse.connect import quote, scratch
from warehouse.errors import Fault

#: Rows that are looked at.
SAMPLE = 10_000
#: Stands for the columns of a source that tells them only while it is read.
_ANY = "_"
#: Types and formats in the order of preference; the first that every value fits is proposed.
_CANDIDATES: list[tuple[str, str | None]] = [
    ("integer", None),
    ("decimal", None),
    ("decimal", "vi_number"),
    ("decimal", "en_number"),
    ("double", None),
    ("date", "iso"),
    ("date", "dd/MM/yyyy"),
    ("timestamp", "iso"),
    ("timestamp", "dd/MM/yyyy HH:mm:ss"),
    ("timestamp", "dd/MM/yyyy HH:mm"),
    ("timestamp", "HH:mm dd/MM/yyyy"),
    ("timestamp", "yyyyMMddHHmmss"),
    ("timestamp", "dotnet_date"),
]
_PERSONAL = re.compile(
    r"(^|_)(ho_ten|ho_va_ten|ten_nguoi|hoten|cccd|cmnd|can_cuoc|dinh_danh|so_dien_thoai|dien_thoai|sdt|phone|email|"
    r"ngay_sinh|bhyt|bao_hiem|so_tai_khoan|dia_chi_nha|ho_chieu|passport|full_name|birth)"
)
#: A decimal of the warehouse has 6 places: a coordinate of 8 would be rounded.
_FINE = re.compile(r"[.,]\d{6}\d*[1-9]\d*$")
_CHANGED = re.compile(r"cap_nhat|updated|modified|sua_doi|ngay_sua|thoi_gian|last_")
_ZONE = "Asia/Ho_Chi_Minh"
_PLACE_NAME = "noi_dong"


def draft(source_id: str, sector: str, title: str, connector: dict[str, Any], table: str, read: dict[str, Any]) -> str:
    """YAML of a source with one table. Raises `Fault` IOC-2xx when the source cannot be read, IOC-106 when it is empty."""
    if "geometry_as" in connectors.module(connector["kind"]).Read.model_fields:
        read = {"geometry_as": "hinh_geojson"} | read
    _check(connector, read)
    read = _proposed(source_id, connector, read)
    sample, own_key, left_out = _sample(source_id, connector, read)
    if not sample.num_columns or not sample.num_rows:
        said = ", ".join(f"{reason}: {count}" for reason, count in left_out.items())
        raise Fault(
            "IOC-206",
            f"Nguồn {source_id} không có dòng nào để xem mẫu.",
            f"Source {source_id} has no row to look at.",
            why=f"để ngoài, không phải dữ liệu / left out as no data: {said}" if said else "",
            fix=f"./ioc source add {source_id} --sector {sector}",
        )
    names = _names(sample.schema.names)
    columns = [
        _column(sample.column(i), header, name)
        for i, (header, name) in enumerate(zip(sample.schema.names, names, strict=True))
    ]
    key, key_says = _key(sample, columns, own_key)
    if not key:
        key, key_says = (
            [_PLACE_NAME],
            "  # không cột nào duy nhất: nhận biết dòng theo nơi nó đứng; hãy chọn khóa thật nếu có",
        )
        columns.append(({"name": _PLACE_NAME, "from": PLACE, "type": "text"}, ""))
    cursor = next((c["name"] for c, _ in columns if c["type"] == "timestamp" and _CHANGED.search(c["name"])), None)
    lines = [
        f"id: {source_id}",
        f"sector: {sector}",
        f"title: {_flow({'vi': title, 'en': title})}",
        "owner: {agency: Sở chủ quản}  # ai chịu trách nhiệm số liệu",
        "grants_access: Sở chủ quản",
        "share_class: chuyên ngành  # chuyên ngành | dùng chung | mở",
        f"connector: {_flow(connector)}",
        "cadence: {every: 1d, late_after: 2d}",
        "tables:",
        f"  - name: {table}",
        f"    title: {_flow({'vi': title, 'en': title})}",
        "    grain: một dòng một …",
        f"    mode: {'upsert' if cursor else 'snapshot'}",
        f"    primary_key: {_flow(key)}{key_says}",
        *([f"    cursor: {cursor}", "    lag: 1h"] if cursor else []),
        *([f"    read: {_flow(read)}"] if read else []),
        "    columns:",
        *(f"      - {_flow(column)}{says}" for column, says in columns),
    ]
    return "\n".join(lines) + "\n"


def _check(connector: dict[str, Any], read: dict[str, Any]) -> None:
    """Raise `Fault` IOC-101 for an argument that the connector does not know, or misses."""
    kind = connector["kind"]
    module = connectors.module(kind)
    for model, given in ((module.Connection, {k: v for k, v in connector.items() if k != "kind"}), (module.Read, read)):
        try:
            model.model_validate(given)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise Fault(
                "IOC-101",
                f"Tham số của loại nguồn {kind} chưa đúng.",
                f"The arguments of kind {kind} are not right.",
                why=wrong,
                fix=f"./ioc source kinds {kind}",
                exit_code=2,
            ) from None


def _proposed(source_id: str, connector: dict[str, Any], read: dict[str, Any]) -> dict[str, Any]:
    """What is asked for, and before it what the first file suggests where the connector can tell (CSV)."""
    sniff = getattr(connectors.module(connector["kind"]), "sniff", None)
    if sniff is None or "file" not in read:
        return read
    with tempfile.TemporaryDirectory(prefix="draft-") as folder:
        request = _request(source_id, connector, read, [_ANY], Path(folder))
        path, _ = next(files(request, read["file"], read.get("inside")))
        proposed: dict[str, Any] = sniff(path)
    return read | {k: v for k, v in proposed.items() if k not in read}


def _sample(
    source_id: str, connector: dict[str, Any], read: dict[str, Any]
) -> tuple[pa.Table, list[str], dict[str, int]]:
    """The first rows with all columns that the source has; its own primary key where it tells one; what was left out."""
    module = connectors.module(connector["kind"])
    with tempfile.TemporaryDirectory(prefix="draft-") as folder:
        request = _request(source_id, connector, read, [_ANY], Path(folder))
        found = module.columns(request)
        if found is not None:
            request = _request(source_id, connector, read, found, Path(folder))
        own_key = module.key(request) if hasattr(module, "key") else []
        batches: list[pa.RecordBatch] = []
        left_out: Counter[str] = Counter()
        for chunk in module.read(request):
            batches.append(chunk.batch)
            left_out.update(chunk.left_out)
            if sum(b.num_rows for b in batches) >= SAMPLE:
                break
    tables = [pa.Table.from_batches([b]) for b in batches]
    sample = pa.concat_tables(tables, promote_options="permissive").slice(0, SAMPLE) if tables else pa.table({})
    if SURPLUS in sample.schema.names:  # rows that no declaration helps say nothing of their columns
        sample = sample.filter(pc.is_null(sample[SURPLUS])).drop_columns(SURPLUS)
    if _ANY in sample.schema.names:
        sample = sample.drop_columns(_ANY)
    return sample, own_key, left_out


def _request(
    source_id: str, connector: dict[str, Any], read: dict[str, Any], headers: Sequence[str], work: Path
) -> Request:
    columns = [{"name": f"c{i}", "from": header, "type": "text"} for i, header in enumerate(headers)]
    source = Source.model_validate(
        {
            "id": source_id, "sector": "x", "title": {"vi": "x", "en": "x"}, "owner": {"agency": "x"}, "grants_access": "x",
            "share_class": "mở", "connector": connector, "cadence": {"every": "1d", "late_after": "1d"},
            "tables": [{"name": "x", "title": {"vi": "x", "en": "x"}, "grain": "x", "primary_key": ["c0"], "read": read, "columns": columns}],
        }
    )  # fmt: skip
    # As if asked tomorrow: a file that was put there just now is good enough to look at.
    return Request(source, source.tables[0], None, None, {}, work, datetime.now(UTC) + timedelta(days=1))


def _names(headers: Sequence[str]) -> list[str]:
    """Headers as names: “Số lượng (người)” → so_luong_nguoi; doubles are numbered."""
    names: list[str] = []
    for header in headers:
        plain = unicodedata.normalize("NFD", header.replace("đ", "d").replace("Đ", "D"))
        plain = "".join(c for c in plain if not unicodedata.combining(c))
        name = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "cot"
        name = name if name[0].isalpha() else f"c_{name}"
        same = sum(n == name or re.fullmatch(rf"{name}_\d+", n) is not None for n in names)
        names.append(f"{name}_{same + 1}" if same else name)
    return names


def _column(values: pa.ChunkedArray, header: str, name: str) -> tuple[dict[str, Any], str]:
    """The declaration of one column, and a comment on what a person must decide."""
    kind, format, says = _kind(values)
    column: dict[str, Any] = {"name": name} | ({"from": header} if header != name else {}) | {"type": kind}
    if format and format != "iso":
        column["format"] = format
    if _PERSONAL.search(name):
        return column | {
            "type": "text",
            "class": "pii",
        }, "  # dữ liệu cá nhân: bỏ trước khi lưu; hash hoặc year nếu cần"
    if kind == "text" and re.match(r"(ma|code|id)(_|$)", name):
        column["class"] = "code"
    return column, f"  # {says}" if says else ""


def _kind(values: pa.ChunkedArray) -> tuple[str, str | None, str]:
    native = _native(values.type)
    if native:
        return native, None, ""
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return "text", None, "dữ liệu nhị phân"
    texts = [t.strip() for t in values.cast(pa.string()).to_pylist() if t and t.strip()]
    if not texts:
        return "text", None, "chưa thấy giá trị nào"
    if any(re.fullmatch(r"0\d+", t) for t in texts) or any(re.fullmatch(r"\d{10,}", t) for t in texts):
        return _fits(texts, [c for c in _CANDIDATES if c[0] == "timestamp"]) or ("text", None, "")
    return _fits(texts, _CANDIDATES) or ("text", None, "")


def _native(kind: pa.DataType) -> str | None:
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_decimal(kind):
        return "decimal" if kind.scale <= 6 else "double"
    if pa.types.is_floating(kind):
        return "double"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    return "date" if pa.types.is_date(kind) else None


def _fits(texts: list[str], candidates: list[tuple[str, str | None]]) -> tuple[str, str | None, str] | None:
    """The first candidate that every text fits. A number that reads two ways is said to."""
    with scratch() as con:
        con.register("sample", pa.table({"v": texts}))
        casts = [sql_cast(Column(name="v", type=kind, format=format), "v", _ZONE) for kind, format in candidates]  # type: ignore[arg-type]
        counts = con.execute(f"SELECT {', '.join(f'count({c})' for c in casts)} FROM sample").fetchone() or ()
    fitting = [c for c, n in zip(candidates, counts, strict=True) if n == len(texts)]
    if not fitting:
        return None
    kind, format = fitting[0]
    if (kind, format) == ("date", "iso") and any(":" in t for t in texts):
        kind = "timestamp"
    if kind == "decimal" and any(_FINE.search(t) for t in texts):
        kind = "double"
    says = ""
    if kind == "decimal" and format is None and ("decimal", "vi_number") in fitting:
        says = f"{texts[0]} cũng đọc được theo lối Việt Nam (dấu chấm ngăn nghìn): khi đó thêm format: vi_number"
    return kind, format, says


def _key(sample: pa.Table, columns: list[tuple[dict[str, Any], str]], own: list[str]) -> tuple[list[str], str]:
    """The source's own primary key; else the fewest columns, at most three, without nulls and doubles; codes before others,
    numbers with decimals never. Of a source that is longer than the sample only a single column is believed: pairs of
    columns are unique among the first rows of many tables. Nothing when there is no such key."""
    names = [c["name"] for c, _ in columns]
    if own and set(own) <= set(sample.schema.names):
        return [names[sample.schema.names.index(name)] for name in own], "  # khóa chính ở nguồn"
    able = [
        i for i, (c, _) in enumerate(columns)
        if c["type"] not in ("decimal", "double", "boolean") and c.get("class") != "pii" and not _has_blank(sample.column(i))
    ]  # fmt: skip
    able.sort(key=lambda i: (columns[i][0].get("class") != "code", i))
    with scratch() as con:
        con.register("sample", sample)
        for size in (1, 2, 3) if sample.num_rows < SAMPLE else (1,):
            for some in itertools.islice(itertools.combinations(able[:12], size), 100):
                key = ", ".join(quote(sample.schema.names[i]) for i in some)
                row = con.execute(f"SELECT count(*) FROM (SELECT DISTINCT {key} FROM sample)").fetchone()
                if row and row[0] == sample.num_rows:
                    return [names[i] for i in some], f"  # duy nhất trong {sample.num_rows:,} dòng đầu"
    return [], ""


def _has_blank(values: pa.ChunkedArray) -> bool:
    is_text = pa.types.is_string(values.type) or pa.types.is_large_string(values.type)
    return bool(values.null_count or (is_text and pc.any(pc.equal(pc.utf8_trim_whitespace(values), "")).as_py()))


def _flow(value: Any) -> str:
    """A value as one line of YAML."""
    return (
        yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False)
        .strip()
        .removesuffix("\n...")
        .strip()
    )
