"""An evaluation as one HTML page that needs nothing else: no script, no network."""

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from quire.evaluation import plots
from quire.evaluation.results import PARTS, Row
from quire.evaluation.tables import TITLES, columns_of, title, unchanged

_STYLE = """
:root { --ink: #1c1917; --soft: #57534e; --rule: #d6d3d1; --band: #f5f5f4; --paper: #fff;
        --a: #1d4ed8; --b: #c2410c; --c: #0f766e; --d: #7e22ce; --e: #a16207; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e5e4; --soft: #a8a29e; --rule: #44403c;
        --band: #292524; --paper: #1c1917; --a: #93b4ff; --b: #fdba74; --c: #5eead4; --d: #d8b4fe;
        --e: #fde047; } }
body { font: 15px/1.5 system-ui, "Noto Sans CJK SC", sans-serif; color: var(--ink);
       background: var(--paper); max-width: 1000px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2rem; }
p.about { color: var(--soft); margin-top: .2rem; }
table { border-collapse: collapse; margin: .5rem 0; } th, td { padding: .2rem .8rem .2rem 0;
       text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); }
td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
td small { color: var(--soft); }
svg { max-width: 100%; height: auto; display: block; margin: .5rem 0; }
svg text { font-size: 12px; fill: var(--ink); } svg .band { fill: var(--band); }
svg .grid { stroke: var(--rule); } svg .zero, svg .mark { stroke: var(--soft); stroke-width: 1.5; }
svg .bar { fill: var(--a); }
.a line { stroke: var(--a); } .b line { stroke: var(--b); } .c line { stroke: var(--c); }
.d line { stroke: var(--d); } .e line { stroke: var(--e); }
svg g line { stroke-width: 2; }
.a circle { fill: var(--a); } .b circle { fill: var(--b); } .c circle { fill: var(--c); }
.d circle { fill: var(--d); } .e circle { fill: var(--e); }
.unclear line { stroke: var(--soft); } .unclear circle { fill: var(--soft); }
.better line { stroke: var(--c); } .better circle { fill: var(--c); }
.worse line { stroke: var(--b); } .worse circle { fill: var(--b); }
.more line, .less line { stroke: var(--a); } .more circle, .less circle { fill: var(--a); }
ul.key { list-style: none; padding: 0; display: flex; gap: 1.5rem; flex-wrap: wrap; margin: 0; }
ul.key svg { display: inline; vertical-align: middle; margin: 0; }
b.better { color: var(--c); } b.worse { color: var(--b); }
details { margin: .5rem 0; } summary { cursor: pointer; }
"""
_KINDS = "abcde"
_SHOWN = 50  # questions in each list of what went wrong
_NOT_SHARES = {"mean_words"}


def page(result: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> str:
    """The page for `Evaluation.to_dict()`, and for `comparison.compare()` where there is one."""
    name = f"Evaluation of {result['set']}"
    body = "\n".join(
        (
            *_heading(name, result),
            *(_comparison(comparison) if comparison else ()),
            *_metrics(result),
            *_ranks(result),
            *_conversations(result),
            *_latency(result),
            *_what_went_wrong(result["questions"]),
        )
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_e(name)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n"
        "</body>\n</html>\n"
    )


def _heading(name: str, result: Mapping[str, Any]) -> Iterator[str]:
    counts = result["counts"]
    yield f"<h1>{_e(name)}</h1>"
    yield f'<p class="about">{_e(about_line(result["about"]))}</p>' if result["about"] else ""
    yield (
        f"<p>{counts['questions']} questions: {counts['answerable']} that the documents answer, "
        f"{counts['unanswerable']} that they do not. In brackets and as lines: 95% bootstrap "
        "intervals.</p>"
    )
    if result["warnings"]:
        items = "".join(f"<li>{_e(warning)}</li>" for warning in result["warnings"])
        many = len(result["warnings"])
        yield f"<details><summary>{many} notes</summary><ul>{items}</ul></details>"


def about_line(about: Mapping[str, Any]) -> str:
    """With what an evaluation was made, in one line."""
    return (
        f"{about['date'][:10]}, Quire {about['quire']}; embeddings {about['embedder']}, chat model "
        f"{about['model'] or 'none'}; {about['machine']}"
    )


def _metrics(result: Mapping[str, Any]) -> Iterator[str]:
    columns = columns_of(result)
    for part, metrics in PARTS.items():
        present = [metric for metric in metrics if metric in result.get(part, {})]
        if not present:
            continue
        heading = _e(title(result, part).capitalize())
        aside = part in {"retrieval_by_page", "retrieval_by_passage"}
        yield f"<details><summary>{heading}</summary>" if aside else f"<h2>{heading}</h2>"
        yield _key([f"{name} ({column['counted']})" for name, column in columns.items()])
        yield plots.intervals(
            {
                metric: [
                    plots.Estimate(
                        column[part][metric],
                        column["intervals"][part][metric],
                        kind=_kind(at),
                        title=f"{name}: {_estimate(column, part, metric)}",
                    )
                    for at, (name, column) in enumerate(columns.items())
                    if metric in column.get(part, {})
                ]
                for metric in present
                if metric not in _NOT_SHARES
            }
        )
        yield _table(
            ["", *columns],
            [
                [metric, *(_estimate(column, part, metric) for column in columns.values())]
                for metric in present
            ],
        )
        yield "</details>" if aside else ""


def _kind(at: int) -> str:
    return _KINDS[at % len(_KINDS)]


def _estimate(column: Mapping[str, Any], part: str, metric: str) -> str:
    if metric not in column.get(part, {}):
        return ""
    low, high = column["intervals"][part][metric]
    return f"{column[part][metric]:.3f} [{low:.3f}, {high:.3f}]"


def _ranks(result: Mapping[str, Any]) -> Iterator[str]:
    ranks = [row["rank"] for row in result["questions"] if "retrieval" in row]
    if ranks:
        counts = {str(rank): ranks.count(rank) for rank in range(1, 11)}
        yield "<h2>Rank of the first right hit</h2>"
        yield plots.bars(counts | {"not found": ranks.count(None)})


def _conversations(result: Mapping[str, Any]) -> Iterator[str]:
    if "conversations" in result:
        talks = result["conversations"]
        counts = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in talks["counts"].items())
        yield f"<h2>Conversations</h2><p>{_e(counts)}.</p>"
        for name, share in talks["left_as_asked"].items():
            who = name.replace("_", " ").capitalize()
            yield f"<p>{_e(who)} searched as they were asked: {share:.1%}.</p>"


def _latency(result: Mapping[str, Any]) -> Iterator[str]:
    for name, marks in result["latency_ms"].items():
        values = [
            row["latency_ms"][name] for row in result["questions"] if name in row["latency_ms"]
        ]
        yield f"<h2>Latency: {_e(name.replace('_', ' '))}</h2>"
        yield plots.histogram(values, marks=marks, unit="ms")


def _comparison(comparison: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h2>Against {_e(comparison['baseline'])}</h2>"
    if comparison["baseline_about"]:
        yield f'<p class="about">Before: {_e(about_line(comparison["baseline_about"]))}</p>'
    yield (
        f"<p>{comparison['shared_questions']} questions in both runs. A verdict stands where a "
        "paired permutation test gives p below 0.05.</p>"
    )
    for part, metrics in comparison["differences"].items():
        changed = {name: found for name, found in metrics.items() if found["verdict"] != "same"}
        yield f"<h3>{_e(TITLES[part].capitalize())}</h3>"
        if changed:
            yield _differences(changed)
        if same := unchanged(metrics):
            yield f"<p>The same: {_e(same)}.</p>"
    yield from _list(
        "Questions that changed",
        comparison["changed_questions"],
        ["question", "what", "before", "now"],
        lambda row: [row["question"], row["metric"], f"{row['before']:g}", f"{row['now']:g}"],
    )


def _differences(metrics: Mapping[str, Mapping[str, Any]]) -> str:
    marks = {
        metric: [
            plots.Estimate(
                found["difference"],
                found["interval"],
                kind=found["verdict"],
                title=f"{found['difference']:+.3f}, {found['verdict']}",
            )
        ]
        for metric, found in metrics.items()
        if metric not in _NOT_SHARES
    }
    rows = [
        [
            metric,
            f"{found['before']:.3f}",
            f"{found['now']:.3f}",
            f"{found['difference']:+.3f} [{found['interval'][0]:+.3f}, "
            f"{found['interval'][1]:+.3f}]",
            f"{found['questions_up']}, {found['questions_down']}",
            f"{found['p']:.4f}",
            found["verdict"],
        ]
        for metric, found in metrics.items()
    ]
    head = ["", "before", "now", "difference", "up, down", "p", ""]
    return (plots.differences(marks) if marks else "") + _table(head, rows)


def _what_went_wrong(rows: Sequence[Row]) -> Iterator[str]:
    missed = [row for row in rows if "retrieval" in row and row["rank"] is None]
    answered = [row for row in rows if "answers" in row]
    refused = [row for row in answered if row["answers"].get("false_refusals") == 1]
    wrong = [row for row in answered if row["answers"].get("contained") == 0 and row not in refused]
    invented = [row for row in answered if row["answers"].get("refusal_recall") == 0]
    if missed or answered:
        yield "<h2>What went wrong</h2>"
    yield from _list(
        "Search did not find the evidence",
        missed,
        ["question", "searched as", "accepted"],
        lambda row: [
            row["question"],
            row["standalone_question"] if row["standalone_question"] != row["question"] else "",
            " / ".join(row["accepted"]),
        ],
    )
    yield from _list(
        "Refused, although the documents answer it",
        refused,
        ["question", "rank of the evidence", "accepted"],
        lambda row: [row["question"], str(row["rank"] or ""), " / ".join(row["accepted"])],
    )
    yield from _list(
        "Answered without the accepted words",
        wrong,
        ["question", "answer", "accepted"],
        lambda row: [row["question"], row["answer"], " / ".join(row["accepted"])],
    )
    yield from _list(
        "Answered, although the documents do not",
        invented,
        ["question", "answer"],
        lambda row: [row["question"], row["answer"]],
    )


def _list(
    name: str, rows: Sequence[Row], head: Sequence[str], cells: Callable[[Row], list[str]]
) -> Iterator[str]:
    if rows:
        more = "" if len(rows) <= _SHOWN else f", the first {_SHOWN} here"
        table = _table(head, [cells(row) for row in rows[:_SHOWN]], numbers=False)
        yield f"<details><summary>{_e(name)}: {len(rows)}{more}</summary>{table}</details>"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> str:
    kind = ' class="number"' if numbers else ""
    top = "".join(f"<th>{_e(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _cell(text: str) -> str:
    return f'<b class="{text}">{text}</b>' if text in {"better", "worse"} else _e(text)


def _key(names: Sequence[str]) -> str:
    items = (
        f'<li><svg width="12" height="12"><g class="{_kind(at)}"><circle cx="6" cy="6" r="4.5"/>'
        f"</g></svg> {_e(name)}</li>"
        for at, name in enumerate(names)
    )
    return f'<ul class="key">{"".join(items)}</ul>'


def _e(text: str) -> str:
    return html.escape(text)
