"""Plots by day and by kind, in Vega-Lite, which comes with Streamlit: the browser draws them from
what stands in the page, and asks nobody for a schema or for data."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

COLOURS = ("#2f6ea8", "#2e9e8f", "#c8741a", "#868b94")
"""Of the parts of a bar, in order: each of 3 to 1 and more on the light and the dark background."""

_HEIGHT = 180  # pixels
_ROW = 30  # pixels of a bar that lies
_DAYS = 14  # shown at least: a single bar tells no day


def by_day(
    parts: Mapping[str, Mapping[str, int]],
    *,
    today: date,
    words: tuple[str, str],
    alt: str,
    key: str,
) -> None:
    """Draw a bar for each day, made up of `parts`: by name, how many on which day, ISO 8601.
    `words` name the day and the number."""
    values = [
        {"day": day, "part": part, "n": n, "order": order}
        for order, (part, days) in enumerate(parts.items())
        for day, n in days.items()
        if n
    ]
    first = min((value["day"] for value in values), default=today.isoformat())
    since = min(date.fromisoformat(str(first)), today - timedelta(days=_DAYS - 1))
    until = today + timedelta(days=1)
    _draw(
        values,
        {
            "x": {
                "field": "day",
                "timeUnit": "utcyearmonthdate",
                "type": "temporal",
                "title": None,
                "scale": {"type": "utc", "domain": [_utc(since), _utc(until)]},
                "axis": {"format": "%Y-%m-%d", "labelOverlap": True, "tickCount": 6, "grid": False},
            },
            "y": {"field": "n", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}},
            **_coloured(
                list(parts), words, [{"field": "day", "type": "nominal", "title": words[0]}]
            ),
        },
        height=_HEIGHT,
        alt=alt,
        key=key,
    )


def by_kind(counts: Mapping[str, int], *, words: tuple[str, str], alt: str, key: str) -> None:
    """Draw a bar for each kind, the largest first. `words` name the kind and the number."""
    values = [{"part": kind, "n": n} for kind, n in counts.items()]
    title = {"field": "part", "type": "nominal", "title": words[0]}
    _draw(
        values,
        {
            "y": {"field": "part", "type": "nominal", "title": None, "sort": "-x"},
            "x": {"field": "n", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}},
            "color": {"value": COLOURS[0]},
            "tooltip": [title, {"field": "n", "type": "quantitative", "title": words[1]}],
        },
        height=40 + _ROW * len(values),
        alt=alt,
        key=key,
    )


def _utc(day: date) -> dict[str, Any]:
    """A day as Vega-Lite takes it."""
    return {"year": day.year, "month": day.month, "date": day.day, "utc": True}


def _coloured(
    names: Sequence[str], words: tuple[str, str], before: list[dict[str, Any]]
) -> dict[str, Any]:
    several = len(names) > 1
    part: list[dict[str, Any]] = [{"field": "part", "type": "nominal", "title": " "}] * several
    return {
        "color": {
            "field": "part",
            "type": "nominal",
            "title": None,
            "scale": {"domain": names, "range": COLOURS[: len(names)]},
            "legend": {"orient": "top", "columns": 2} if several else None,
        },
        "order": {"field": "order", "type": "quantitative"},
        "tooltip": [*before, *part, {"field": "n", "type": "quantitative", "title": words[1]}],
    }


def _draw(
    values: list[dict[str, Any]], encoding: dict[str, Any], *, height: int, alt: str, key: str
) -> None:
    spec = {"data": {"values": values}, "mark": {"type": "bar"}, "encoding": encoding}
    with st.container(key=f"plot-{key}"):
        st.vega_lite_chart(spec=spec, width="stretch", height=height, alt=alt)
