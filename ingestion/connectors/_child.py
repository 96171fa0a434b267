"""Files from outside are parsed in a child process with little memory, little time and no way to write.

A hostile or broken file (a zip bomb, a sheet of a million columns, nested XML entities, a parser's crash) then costs one
refused file and not the pipeline. A parser is a function `(path, arguments) -> Iterator[(RecordBatch, references)]` named
`module:function`; it runs in the child, and its batches come back as an Arrow stream.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingestion.connectors import Chunk, SeenFile
from ingestion.connectors._duckdb import malformed
from warehouse.errors import Fault

Parser = Callable[[Path, dict[str, Any]], Iterator[tuple[pa.RecordBatch, list[str]]]]
#: Private memory of the child; a workbook of 100,000 × 20 needs 0.3 GB.
MEMORY_BYTES = 3_000_000_000
CPU_SECONDS = 300
#: All that the child may write to a file: its complaint.
SAID_BYTES = 65_536
_REFERENCE = "_ref"
_LEFT_OUT = ["_left_out", "_count"]
#: pyarrow would import both libraries, which costs more than reading most files, and needs neither; shapes need numpy.
_START = """import sys
sys.modules |= {"numpy": None, "pandas": None}
import pyarrow
del sys.modules["numpy"]
from ingestion.connectors._child import main
main(sys.argv[1])"""


class Refused(Exception):
    """Raised by a parser for a file that it will not read; the text says why, in Vietnamese."""


def parse(parser: str, path: Path, arguments: dict[str, Any]) -> Iterator[tuple[pa.RecordBatch, list[str]]]:
    """Run `parser` on a file in a child process and stream what it yields.

    `arguments` must be JSON. Raises `Fault` IOC-206 when the parser refuses the file, fails, or needs more memory or time
    than it may have.
    """
    task = json.dumps({"parser": parser, "path": str(path), "arguments": arguments})
    with tempfile.TemporaryFile() as complaints:
        command = [sys.executable, "-c", _START, task]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints)
        assert child.stdout is not None
        try:
            # One stream a schema: the parser may give its next batch other columns.
            while child.stdout.peek(1):  # type: ignore[attr-defined]
                for batch in pa.ipc.open_stream(child.stdout):
                    at = batch.schema.get_field_index(_REFERENCE)
                    yield batch.remove_column(at), batch.column(at).to_pylist()
        except pa.ArrowInvalid:
            pass  # the stream broke off; the child's end says why
        except GeneratorExit:  # whoever asked has seen enough
            child.kill()
            raise
        finally:
            child.stdout.close()
            ended = child.wait()
        if ended:
            complaints.seek(0)
            raise _fault(path, ended, complaints.read().decode(errors="replace"))


def chunks(parser: str, path: Path, arguments: dict[str, Any], seen: SeenFile) -> Iterator[Chunk]:
    """What `parse` yields as a connector's chunks; the file counts as taken only after its last row."""
    counted: dict[str, int] = {}
    for batch, references in parse(parser, path, arguments):
        if batch.schema.names == _LEFT_OUT:
            counted = dict(zip(*batch.to_pydict().values(), strict=True))
        else:
            yield Chunk(batch, references)
    yield Chunk(pa.RecordBatch.from_arrays([], names=[]), [], [seen], counted)


def left_out(counted: dict[str, int]) -> tuple[pa.RecordBatch, list[str]]:
    """What a parser yields once to say how many rows, by reason, are no data."""
    there = {reason: count for reason, count in counted.items() if count}
    arrays = [pa.array(there.keys(), pa.string()), pa.array(there.values(), pa.int64())]
    return pa.RecordBatch.from_arrays(arrays, names=_LEFT_OUT), [""] * len(there)


def _fault(path: Path, ended: int, said: str) -> Fault:
    last = (said.strip().splitlines() or [""])[-1]
    if ended in (-signal.SIGXCPU, -signal.SIGKILL):
        why = "đọc quá lâu, đã dừng"
    elif "MemoryError" in last or "bad_alloc" in said or "memory allocation" in said or "malloc of size" in said:
        why = f"cần hơn {MEMORY_BYTES // 1_000_000} MB bộ nhớ, không đọc"
    elif ended < 0:
        why = f"trình đọc dừng đột ngột ({signal.Signals(-ended).name})"
    else:
        why = last.removeprefix("Refused: ") or f"mã thoát {ended}"
    return malformed(f"Tệp {path.name}", why)


def main(task: str) -> None:
    """The child: limit itself, run the parser, write its batches to standard output."""
    wanted = json.loads(task)
    module, _, name = wanted["parser"].partition(":")
    parser: Parser = getattr(importlib.import_module(module), name)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + int(os.environ.get("IOC_CHILD_CPU_SECONDS", CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (SAID_BYTES, SAID_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out, schema = sys.stdout.buffer, None
    writer: Any = None
    try:
        for batch, references in parser(Path(wanted["path"]), wanted["arguments"]):
            batch = batch.append_column(_REFERENCE, pa.array(references, pa.string()))
            if batch.schema != schema:
                if writer:
                    writer.close()
                writer, schema = pa.ipc.new_stream(out, batch.schema), batch.schema
            writer.write_batch(batch)
        if writer:
            writer.close()
    except (Exception, MemoryError) as error:
        print(f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", file=sys.stderr)
        sys.exit(1)
