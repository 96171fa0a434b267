"""The pages of the judge: an index of the last runs, a page a run, a page a relation with every expectation in words.

    reports/index.html      reports/<build_id>/index.html, <schema.relation>.html, run.json

They open offline and hold counts, never values of rows. `run.json` is what later pages say of this run.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from quality.verdict import Judged, Result, Verdict
from warehouse import connect

_WORDS = {"PASS": ("đạt", "●"), "FAIL": ("không đạt", "■"), "ERROR": ("không kiểm được", "▲")}
_SEVERITY = {"stop": "chặn", "warn": "nhắc", "note": "ghi nhận (đã hạ mức vì báo nhầm)"}
_STYLE = """
:root{color-scheme:light dark;--ink:#1c2530;--soft:#5a6673;--line:#d9dee4;--page:#f5f7f9;--card:#fff;
--good:#14713d;--bad:#b3261e;--odd:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e8ecf0;--soft:#9aa6b2;--line:#34404c;--page:#12181f;--card:#1b232c;
--good:#5fd08d;--bad:#ff8a80;--odd:#f2c063}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:auto;padding:2rem 1rem 4rem}h1{margin:0;font-size:1.6rem}h2{margin:2.2rem 0 .6rem;font-size:1.15rem}
p{margin:.3rem 0}.soft{color:var(--soft)}.PASS{color:var(--good)}.FAIL{color:var(--bad)}.ERROR{color:var(--odd)}
.word{font-weight:650;white-space:nowrap}.sum{font-size:1.25rem;margin-top:.6rem}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:8px}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{padding:.45rem .7rem;text-align:left;
border-bottom:1px solid var(--line);vertical-align:top}tr:last-child td{border-bottom:0}th{font-weight:600;color:var(--soft);
font-size:.85rem}td.n,th.n{text-align:right}a{color:inherit}nav{margin-bottom:1rem}
.runs{display:flex;flex-wrap:wrap;gap:.3rem 1rem}svg{width:100%;height:5rem;background:var(--card);border:1px solid var(--line);
border-radius:8px}polyline{fill:none;stroke:var(--good);stroke-width:2;vector-effect:non-scaling-stroke}
code{font-size:.9em;overflow-wrap:anywhere}
"""


def folder() -> Path:
    path = connect.home() / "reports"
    path.mkdir(exist_ok=True)
    return path


def index() -> Path:
    """The page of all runs, which is there after the first judgement."""
    return folder() / "index.html"


def of(build_id: str, relation: str = "index") -> Path:
    """The page of a run, or of one relation of it."""
    return folder() / build_id / f"{relation}.html"


def runs() -> list[dict[str, Any]]:
    """What the kept runs were judged to be, newest first: build_id, checked_at, verdict, and for each relation its verdict,
    counts and what did not pass."""
    kept = sorted(folder().glob("[0-9a-z]*/run.json"), reverse=True)
    return [json.loads(path.read_text(encoding="utf-8")) for path in kept]


def write(verdict: Verdict) -> Path:
    """Write the pages of this run and the index anew, and keep the newest `IOC_KEEP_REPORTS` (20) runs: their names sort by
    time. Returns the run's page. A run that is killed while it writes leaves nothing that a reader finds."""
    kept = max(1, int(os.environ.get("IOC_KEEP_REPORTS") or 20))
    earlier = [run for run in runs() if run["build_id"] != verdict.build_id][: kept - 1]
    made = folder() / f".{verdict.build_id}.partial"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    (made / "index.html").write_text(page(verdict, earlier), encoding="utf-8")
    for one in verdict.judged:
        (made / f"{one.relation.name}.html").write_text(_relation_page(verdict, one, earlier), encoding="utf-8")
    (made / "run.json").write_text(json.dumps(_run(verdict), ensure_ascii=False), encoding="utf-8")
    shutil.rmtree(folder() / verdict.build_id, ignore_errors=True)
    made.rename(folder() / verdict.build_id)
    keep = {verdict.build_id, *(run["build_id"] for run in earlier)}
    for old in folder().iterdir():
        if old.name not in keep and old != index():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    index().write_text(_index_page(runs()), encoding="utf-8")
    return of(verdict.build_id)


def _run(verdict: Verdict) -> dict[str, Any]:
    return {
        "build_id": verdict.build_id,
        "checked_at": _when(verdict),
        "verdict": verdict.verdict,
        "relations": {
            j.relation.name: {
                "verdict": j.verdict,
                "asked": len(j.relation.expectations),
                "passed": j.count("PASS"),
                "failed": j.count("FAIL"),
                "broken": {_key(r): [r.outcome, r.unexpected_count] for r in j.results if r.outcome != "PASS"},
            }
            for j in verdict.judged
        },
    }


def _key(result: Result) -> str:
    """What is the same question in the next run."""
    return f"{result.expectation.name}:{result.expectation.about}:{result.expectation.reason.en}"


def _when(verdict: Verdict) -> str:
    return f"{verdict.checked_at.astimezone(ZoneInfo(connect.TIME_ZONE)):%d/%m/%Y %H:%M:%S}"


def _html(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>
{body}
</main></body></html>
"""


def _index_page(kept: Sequence[dict[str, Any]]) -> str:
    rows = []
    for run in kept:
        asked, passed, failed = (
            sum(r[name] for r in run["relations"].values()) for name in ("asked", "passed", "failed")
        )
        rows.append(
            f"<td><a href='{escape(run['build_id'])}/index.html'>{run['checked_at']}</a><br><code>{escape(run['build_id'])}</code></td>"
            f"<td>{_word(run['verdict'])}</td><td class='n'>{_number(len(run['relations']))}</td><td class='n'>{_number(asked)}</td>"
            f"<td class='n'>{_number(passed)}</td><td class='n'>{_number(failed)}</td><td class='n'>{_number(asked - passed - failed)}</td>"
        )
    head = (
        "<tr><th>Lần kiểm</th><th>Kết quả</th><th class='n'>Bảng</th><th class='n'>Phép kiểm</th><th class='n'>Đạt</th>"
        "<th class='n'>Không đạt</th><th class='n'>Không kiểm được</th></tr>"
    )
    return _html(
        "Các lần kiểm tra dữ liệu",
        "<h1>Các lần kiểm tra dữ liệu</h1><p class='soft'>Checks of the data, newest first</p>"
        f"<h2>Phép kiểm không đạt hoặc không kiểm được, qua các lần</h2>{_trend(kept)}<h2>Từng lần</h2>{_table(head, rows)}",
    )


def _trend(kept: Sequence[dict[str, Any]]) -> str:
    """How many expectations did not pass, oldest run first."""
    open_ = [sum(r["asked"] - r["passed"] for r in run["relations"].values()) for run in reversed(kept)]
    if len(open_) < 2:
        return "<p class='soft'>Mới có một lần kiểm.</p>"
    top = max(*open_, 1)
    points = " ".join(f"{100 * x / (len(open_) - 1):.2f},{38 - 36 * y / top:.2f}" for x, y in enumerate(open_))
    words = f"Từ {_number(open_[0])} (cũ nhất) đến {_number(open_[-1])} (mới nhất), cao nhất {_number(max(open_))}"
    return (
        f"<svg viewBox='0 0 100 40' preserveAspectRatio='none' role='img' aria-label='{words}'><polyline points='{points}'/></svg>"
        f"<p class='soft'>{words}.</p>"
    )


def page(verdict: Verdict, earlier: Sequence[dict[str, Any]] = ()) -> str:
    """The page of a run as HTML, everything that comes from data escaped."""
    asked = sum(len(j.relation.expectations) for j in verdict.judged)
    passed = sum(j.count("PASS") for j in verdict.judged)
    order = {"ERROR": 0, "FAIL": 1, "PASS": 2}
    judged = sorted(verdict.judged, key=lambda j: (order[j.holds], order[j.verdict], j.relation.tier, j.relation.name))
    return _html(
        f"Kết quả kiểm tra {verdict.build_id}",
        f"""<nav class="soft"><a href="../index.html">Các lần kiểm</a></nav><h1>Kết quả kiểm tra dữ liệu</h1>
<p class="soft">Bản dựng <code>{escape(verdict.build_id)}</code> · kiểm lúc {_when(verdict)}</p>
<p class="sum">{_word(verdict.verdict)} — {_sentence(verdict)}</p>
<p class="soft">{_number(len(verdict.judged))} bảng, {_number(asked)} phép kiểm, {_number(passed)} đạt.</p>
{_runs(earlier, "index")}
<h2>Cần xử lý</h2>{_failing(judged)}
<h2>Từng bảng</h2>{_relations(judged)}""",
    )


def _runs(earlier: Sequence[dict[str, Any]], relation: str) -> str:
    """Links to the same page of earlier runs."""
    links = []
    for run in earlier:
        known = run if relation == "index" else run["relations"].get(relation)
        if known:
            address = f"../{escape(run['build_id'])}/{escape(relation)}.html"
            links.append(f"<a href='{address}'>{run['checked_at']}</a> {_word(known['verdict'])}")
    return (
        f"<p class='soft runs'><span>Các lần trước:</span>{''.join(f'<span>{one}</span>' for one in links)}</p>"
        if links
        else ""
    )


def _relation_page(verdict: Verdict, one: Judged, earlier: Sequence[dict[str, Any]]) -> str:
    before = next(
        (run["relations"][one.relation.name] for run in earlier if one.relation.name in run["relations"]), None
    )
    order = {"ERROR": 0, "FAIL": 1, "PASS": 2}
    rows = [_answer_row(r, before) for r in sorted(one.results, key=lambda r: order[r.outcome])]
    head = (
        "<tr><th>Kết quả</th><th>Phép kiểm</th><th>Mức</th><th class='n'>Số trường hợp</th><th>Quan sát</th><th>Lần trước</th>"
        "<th>Người xử lý</th></tr>"
    )
    trouble = f"<p class='sum ERROR'>{escape(one.trouble)}</p>" if one.trouble else ""
    return _html(
        f"{one.relation.name} · {verdict.build_id}",
        f"""<nav class="soft"><a href="../index.html">Các lần kiểm</a> › <a href="index.html">{_when(verdict)}</a></nav>
<h1><code>{escape(one.relation.name)}</code></h1>
<p class="soft">Bản dựng <code>{escape(verdict.build_id)}</code> · hạng {one.relation.tier} · {escape(one.relation.owner)}</p>
<p class="sum">{_word(one.verdict)} — {one.count("PASS")} / {len(one.relation.expectations)} phép kiểm đạt</p>{trouble}
{_runs(earlier, one.relation.name)}
{_table(head, rows) if rows else "<p>Không có câu trả lời nào.</p>"}""",
    )


def _answer_row(result: Result, before: dict[str, Any] | None) -> str:
    one = result.expectation
    outcome, count = (before["broken"].get(_key(result)) or ["PASS", None]) if before else (None, None)
    last = f"{_word(outcome)}{f' ({_number(count)})' if count else ''}" if outcome else "–"
    count_now = "–" if result.unexpected_count is None else _number(result.unexpected_count)
    return (
        f"<td>{_word(result.outcome)}</td><td>{escape(one.reason.vi)}<br><span class='soft'>{escape(one.reason.en)} · "
        f"<code>{escape(one.name)}</code> {escape(one.about)}</span></td><td>{_SEVERITY[one.severity]}</td>"
        f"<td class='n'>{count_now}</td><td>{escape(result.observed)}</td><td>{last}</td><td>{escape(one.owner)}</td>"
    )


def _sentence(verdict: Verdict) -> str:
    if verdict.verdict == "PASS":
        return "được phép công bố."
    names = ", ".join(f"<code>{escape(j.relation.name)}</code>" for j in verdict.holding)
    return (
        "số dựng từ các bảng sau giữ bản tốt gần nhất; không có số nào thay được thì bảng điều hành giữ bản trước: "
        f"{names or 'không có bảng nào được kiểm'}."
    )


def _failing(judged: list[Judged]) -> str:
    rows = []
    for one in judged:
        if one.trouble or not one.results:
            why = escape(one.trouble or "không có câu trả lời")
            rows.append(f"<td>{_link(one)}</td><td>{_word('ERROR')}</td><td>{why}</td><td></td>")
        rows += [_failing_row(one, r) for r in one.results if r.outcome != "PASS"]
    if not rows:
        return '<p class="soft">Không có phép kiểm nào không đạt.</p>'
    head = "<tr><th>Bảng</th><th>Kết quả</th><th>Phép kiểm</th><th>Người xử lý</th></tr>"
    return _table(head, rows)


def _failing_row(one: Judged, result: Result) -> str:
    found = f"{_number(result.unexpected_count)} trường hợp" if result.unexpected_count else escape(result.observed)
    return (
        f"<td>{_link(one)}</td>"
        f"<td>{_word(result.outcome)}<br><span class='soft'>{_SEVERITY[result.expectation.severity]}</span></td>"
        f"<td>{escape(result.expectation.reason.vi)}<br><span class='soft'>{escape(result.expectation.reason.en)}"
        f"{' · ' + found if found else ''}</span></td><td>{escape(result.expectation.owner)}</td>"
    )


def _relations(judged: list[Judged]) -> str:
    rows = [
        f"<td>{_link(j)}</td><td class='n'>{j.relation.tier}</td><td>{_word(j.verdict)}</td>"
        f"<td class='n'>{len(j.relation.expectations)}</td><td class='n'>{j.count('PASS')}</td>"
        f"<td class='n'>{j.count('FAIL')}</td><td class='n'>{len(j.relation.expectations) - j.count('PASS') - j.count('FAIL')}</td>"
        for j in judged
    ]
    head = (
        "<tr><th>Bảng</th><th class='n'>Hạng</th><th>Kết quả</th><th class='n'>Phép kiểm</th><th class='n'>Đạt</th>"
        "<th class='n'>Không đạt</th><th class='n'>Không kiểm được</th></tr>"
    )
    return _table(head, rows)


def _table(head: str, rows: list[str]) -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<div class='scroll'><table><thead>{head}</thead><tbody>{body}</tbody></table></div>"


def _link(one: Judged) -> str:
    name = escape(one.relation.name)
    return f"<a href='{name}.html'><code>{name}</code></a>"


def _word(outcome: str) -> str:
    word, icon = _WORDS[outcome]
    return f"<span class='word {outcome}'>{icon} {word}</span>"


def _number(count: int | None) -> str:
    return f"{count or 0:,}".replace(",", ".")
