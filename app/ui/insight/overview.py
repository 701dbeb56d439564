"""What the knowledge base holds, and what it was asked: numbers, plots by day, and the same in a
table. All is counted by SQLite; no document and no answer is read."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from quire.conversations.activity import Day
from quire.errors import KnowledgeBaseError
from quire.indexes.holdings import Holdings
from quire.ui import problems
from quire.ui.catalogue import LANGUAGES, label, plain
from quire.ui.insight import plots, tables
from quire.ui.shared import Shared

_PARTS = ("written", "quotes", "refused", "itself")
_VERDICTS = ("good", "bad")


def draw(opened: Shared) -> None:
    """Draw the page."""
    st.header(label("app.overview"), anchor=False)
    holds = opened.base.holdings()
    days = _days(opened)
    if not (holds.documents or days):
        st.caption(label("overview.nothing"))
        return
    tables.facts(_numbers(holds, days))
    judged = any(day.good or day.bad for day in days)
    first, second = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    with first[0]:
        _asked(days)
    with first[1]:
        _added(holds)
    with second[0]:
        _languages(holds)
    if judged:
        with second[1]:
            _judged(days)
    with st.expander(label("overview.numbers")):
        _table(holds, days)


def _days(opened: Shared) -> list[Day]:
    """How much was asked; nothing, with a word, where the chats cannot be opened."""
    try:
        return opened.conversations.days()
    except KnowledgeBaseError as error:
        problems.show(error)
        return []


def _numbers(holds: Holdings, days: Sequence[Day]) -> list[tuple[str, str]]:
    counted = {
        "documents": holds.documents,
        "pages": holds.pages,
        "unread": holds.unread_pages,
        "remarks": holds.with_remarks,
        "passages": holds.passages,
        "asked": sum(day.asked for day in days),
        "refused": sum(day.refused for day in days),
        "good": sum(day.good for day in days),
        "bad": sum(day.bad for day in days),
        "programs": sum(day.programs for day in days),
    }
    return [(plain(f"overview.{name}"), f"{n:,}") for name, n in counted.items()]


def _asked(days: Sequence[Day]) -> None:
    counts = {part: {day.day: getattr(day, part) for day in days} for part in _PARTS}
    _plot("questions", {part: each for part, each in counts.items() if any(each.values())})


def _judged(days: Sequence[Day]) -> None:
    _plot("judged", {part: {day.day: getattr(day, part) for day in days} for part in _VERDICTS})


def _added(holds: Holdings) -> None:
    _plot("added", {"documents": holds.added} if holds.added else {})


def _plot(name: str, parts: dict[str, dict[str, int]]) -> None:
    """A plot by day under its heading."""
    st.subheader(label(f"overview.{name}"), anchor=False)
    if not parts:
        st.caption(label("overview.none"))
        return
    today = datetime.now(UTC).astimezone().date()
    plots.by_day(parts, today=today, title=plain(f"overview.{name}"), key=name)


def _languages(holds: Holdings) -> None:
    st.subheader(label("overview.languages"), anchor=False)
    if not holds.languages:
        st.caption(label("overview.none"))
        return
    counts = {LANGUAGES.get(code, code): n for code, n in holds.languages.items()}
    plots.by_kind(counts, title=plain("overview.languages"), key="languages")


def _table(holds: Holdings, days: Sequence[Day]) -> None:
    """The numbers of each day on which something happened, the last one first."""
    asked = {day.day: day for day in days}
    names = ("asked", *_PARTS, *_VERDICTS, "programs")
    rows = [
        [day, str(holds.added.get(day, 0))]
        + [str(getattr(asked[day], name)) if day in asked else "0" for name in names]
        for day in sorted({*asked, *holds.added}, reverse=True)
    ]
    columns = ["day", "added", *names]
    tables.draw(plain("overview.numbers"), [plain(f"overview.{name}") for name in columns], rows)
