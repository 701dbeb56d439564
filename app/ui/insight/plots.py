"""Plots by day and by kind, in Vega-Lite, which comes with Streamlit: the browser draws them from
what stands in the page, and asks nobody for a schema or for data."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from quire.ui.catalogue import plain
from quire.ui.inert import html

_BLUE, _TEAL, _AMBER, _GREY = "#2f6ea8", "#2e9e8f", "#c8741a", "#868b94"
"""Each of 3 to 1 and more on the light and the dark background."""

_COLOURS = {
    "written": _BLUE,
    "quotes": _TEAL,
    "refused": _AMBER,
    "itself": _GREY,
    "good": _TEAL,
    "bad": _AMBER,
    "documents": _BLUE,
}
_HEIGHT = 180  # pixels
_ROW = 30  # pixels of a bar that lies
# of an axis: there are no halves of what is counted, and each number stands at its line
_WHOLE = {"tickMinStep": 1, "format": "d", "labelFlush": False}
_DAYS = 14  # shown at least: a single bar tells no day
_LONG = 300  # days from which on months are named, with their years


def by_day(parts: Mapping[str, Mapping[str, int]], *, today: date, title: str, key: str) -> None:
    """Draw a bar for each day, made up of `parts`: by name, how many on which day, ISO 8601. The
    `title` is told with the sums to those who hear the page."""
    names = [plain(f"overview.{part}") for part in parts]
    values = [
        {"day": day, "part": name, "n": n, "order": order}
        for order, (name, days) in enumerate(zip(names, parts.values(), strict=True))
        for day, n in days.items()
        if n
    ]
    first = min((str(value["day"]) for value in values), default=today.isoformat())
    since = min(date.fromisoformat(first), today - timedelta(days=_DAYS - 1))
    until = today + timedelta(days=1)
    told = "%m-%d" if (until - since).days < _LONG else "%Y-%m"
    colours = [_COLOURS[part] for part in parts]
    part = [{"field": "part", "type": "nominal", "title": " "}] * (len(parts) > 1)
    _draw(
        values,
        {
            "x": {
                "field": "day",
                "timeUnit": "utcyearmonthdate",
                "type": "temporal",
                "title": None,
                "scale": {"type": "utc", "domain": [_utc(since), _utc(until)]},
                "axis": {"format": told, "labelOverlap": True, "tickCount": 6, "grid": False},
            },
            "y": {"field": "n", "type": "quantitative", "title": None, "axis": _WHOLE},
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": None,
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "day", "type": "nominal", "title": plain("overview.day")},
                *part,
                {"field": "n", "type": "quantitative", "title": plain("overview.number")},
            ],
        },
        height=_HEIGHT,
        alt=_alt(title, {n: sum(d.values()) for n, d in zip(names, parts.values(), strict=True)}),
        key=key,
    )
    if len(parts) > 1:
        _legend(names, colours)


def _legend(names: Sequence[str], colours: Sequence[str]) -> None:
    """Draw what the colours mean, in the page's own letters."""
    each = "".join(
        f'<li><i style="background:{colour}"></i>{html(name)}</li>'
        for name, colour in zip(names, colours, strict=True)
    )
    st.html(f'<ul class="quire-parts">{each}</ul>')


def by_kind(counts: Mapping[str, int], *, title: str, key: str) -> None:
    """Draw a bar for each kind, the largest first."""
    values = [{"part": kind, "n": n} for kind, n in counts.items()]
    number = {"field": "n", "type": "quantitative", "title": plain("overview.documents")}
    _draw(
        values,
        {
            "y": {"field": "part", "type": "nominal", "title": None, "sort": "-x"},
            "x": {
                "field": "n",
                "type": "quantitative",
                "title": None,
                "axis": {**_WHOLE, "tickCount": 6},
            },
            "color": {"value": _BLUE},
            "tooltip": [{"field": "part", "type": "nominal", "title": title}, number],
        },
        height=40 + _ROW * len(values),
        alt=_alt(title, counts),
        key=key,
    )


def _alt(title: str, counts: Mapping[str, int]) -> str:
    return f"{title}: {', '.join(f'{name} {n}' for name, n in counts.items())}"


def _utc(day: date) -> dict[str, Any]:
    """A day as Vega-Lite takes it."""
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


def _draw(
    values: list[dict[str, Any]], encoding: dict[str, Any], *, height: int, alt: str, key: str
) -> None:
    spec = {"data": {"values": values}, "mark": {"type": "bar"}, "encoding": encoding}
    with st.container(key=f"plot-{key}"):
        st.vega_lite_chart(spec=spec, width="stretch", height=height, alt=alt)
