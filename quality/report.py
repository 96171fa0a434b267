"""One page a build: what was judged, what failed, in words. Opens offline; holds counts, never values of rows."""

from __future__ import annotations

from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

from quality.verdict import Judged, Result, Verdict
from warehouse import connect

KEPT = 20
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
font-size:.85rem}td.n,th.n{text-align:right}code{font-size:.9em;overflow-wrap:anywhere}
"""


def folder() -> Path:
    path = connect.home() / "reports"
    path.mkdir(exist_ok=True)
    return path


def write(verdict: Verdict) -> Path:
    """Write `<IOC_HOME>/reports/<build_id>.html` and drop all but the newest 20 (their names sort by time)."""
    path = folder() / f"{verdict.build_id}.html"
    path.write_text(page(verdict), encoding="utf-8")
    for old in sorted(folder().glob("*.html"), reverse=True)[KEPT:]:
        old.unlink()
    return path


def page(verdict: Verdict) -> str:
    """The page as HTML, everything that comes from data escaped."""
    when = verdict.checked_at.astimezone(ZoneInfo(connect.TIME_ZONE))
    asked = sum(len(j.relation.expectations) for j in verdict.judged)
    passed = sum(j.count("PASS") for j in verdict.judged)
    order = {"ERROR": 0, "FAIL": 1, "PASS": 2}
    judged = sorted(verdict.judged, key=lambda j: (order[j.holds], order[j.verdict], j.relation.tier, j.relation.name))
    return f"""<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kết quả kiểm tra {escape(verdict.build_id)}</title><style>{_STYLE}</style></head><body><main>
<h1>Kết quả kiểm tra dữ liệu</h1>
<p class="soft">Bản dựng <code>{escape(verdict.build_id)}</code> · kiểm lúc {when:%d/%m/%Y %H:%M:%S}</p>
<p class="sum">{_word(verdict.verdict)} — {_sentence(verdict)}</p>
<p class="soft">{_number(len(verdict.judged))} bảng, {_number(asked)} phép kiểm, {_number(passed)} đạt.</p>
<h2>Cần xử lý</h2>{_failing(judged)}
<h2>Từng bảng</h2>{_relations(judged)}
</main></body></html>
"""


def _sentence(verdict: Verdict) -> str:
    if verdict.verdict == "PASS":
        return "được phép công bố."
    names = ", ".join(f"<code>{escape(j.relation.name)}</code>" for j in verdict.holding)
    return f"chưa được công bố; bảng điều hành giữ bản trước. Bị giữ bởi: {names or 'không có bảng nào được kiểm'}."


def _failing(judged: list[Judged]) -> str:
    rows = []
    for one in judged:
        if one.trouble or not one.results:
            why = escape(one.trouble or "không có câu trả lời")
            rows.append(
                f"<td><code>{escape(one.relation.name)}</code></td><td>{_word('ERROR')}</td><td>{why}</td><td></td>"
            )
        rows += [_failing_row(one, r) for r in one.results if r.outcome != "PASS"]
    if not rows:
        return '<p class="soft">Không có phép kiểm nào không đạt.</p>'
    head = "<tr><th>Bảng</th><th>Kết quả</th><th>Phép kiểm</th><th>Người xử lý</th></tr>"
    return _table(head, rows)


def _failing_row(one: Judged, result: Result) -> str:
    found = f"{_number(result.unexpected_count)} trường hợp" if result.unexpected_count else escape(result.observed)
    return (
        f"<td><code>{escape(one.relation.name)}</code></td>"
        f"<td>{_word(result.outcome)}<br><span class='soft'>{_SEVERITY[result.expectation.severity]}</span></td>"
        f"<td>{escape(result.expectation.reason.vi)}<br><span class='soft'>{escape(result.expectation.reason.en)}"
        f"{' · ' + found if found else ''}</span></td><td>{escape(result.expectation.owner)}</td>"
    )


def _relations(judged: list[Judged]) -> str:
    rows = [
        f"<td><code>{escape(j.relation.name)}</code></td><td class='n'>{j.relation.tier}</td><td>{_word(j.verdict)}</td>"
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


def _word(outcome: str) -> str:
    word, icon = _WORDS[outcome]
    return f"<span class='word {outcome}'>{icon} {word}</span>"


def _number(count: int | None) -> str:
    return f"{count or 0:,}".replace(",", ".")
