"""Personal data, before anything is written: a pii column is dropped, replaced by a keyed hash, or cut to a year.

The keyed hash (BLAKE2b, 128 bits) lets one person's rows of one source be joined without the number itself. Each source
has its own key, so hashes of two sources cannot be joined by accident; the key is a secret file, made on first use.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.model import Column, Source
from warehouse import connect

#: A year that stands alone: `15/03/1985`, `1985-03-15`, `1985`. `15031985` is ambiguous and becomes no value.
_YEAR = r"(?:^|[^0-9])(?P<year>(?:18|19|20)[0-9]{2})(?:[^0-9]|$)"

_QUOTED = re.compile(r"""["'“‘`](?P<said>[^"'”’`]+)["'”’`]""")


def is_dropped(column: Column) -> bool:
    """Whether the column never reaches the landing: class pii without a milder protection."""
    return column.class_ == "pii" and column.protect in (None, "drop")


def is_personal(source: Source) -> bool:
    """Whether any table of the source has a pii column."""
    return any(column.class_ == "pii" for table in source.tables for column in table.columns)


def discreet(source: Source, said: str) -> str:
    """What a server or a library said, without what it quotes, unless that is a name of the declaration: a complaint of a
    value shows the value. Only for sources with personal data."""
    if not is_personal(source):
        return said
    known = {column.source_name for table in source.tables for column in table.columns}
    known |= {str(value) for table in source.tables for value in [table.name, *table.read.values()]}
    return _QUOTED.sub(lambda found: found[0] if found["said"] in known else "“…”", said)


def key(purpose: str) -> bytes:
    """The secret of one purpose, from `<IOC_HOME>/secrets/mask_<purpose>` (0600), made once even by two processes."""
    path = connect.home() / "secrets" / f"mask_{purpose}"
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        os.write(handle, secrets.token_hex(32).encode())
        os.fsync(handle)
        os.close(handle)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process was first: its key is the key
        finally:
            fresh.unlink()
    return path.read_bytes()


def protect(column: Column, values: pa.Array, purpose: str) -> pa.Array:
    """The values that may be landed for this column. Raises ValueError for a dropped one: it must not come here."""
    if is_dropped(column):
        raise ValueError(f"column {column.name} is dropped, not landed")
    if column.class_ != "pii":
        return values
    if column.protect == "hash":
        return _hashed(values, key(purpose))
    return _years(values)


def _hashed(values: pa.Array, secret: bytes) -> pa.Array:
    encoded = pc.dictionary_encode(values.cast(pa.string()))
    digests = [
        hashlib.blake2b(text.strip().encode(), key=secret, digest_size=16).hexdigest() if text.strip() else None
        for text in encoded.dictionary.to_pylist()
    ]
    return pa.array(digests, pa.string()).take(encoded.indices)


def _years(values: pa.Array) -> pa.Array:
    if pa.types.is_temporal(values.type):
        return pc.year(values).cast(pa.string())
    return pc.struct_field(pc.extract_regex(values.cast(pa.string()), _YEAR), "year")
