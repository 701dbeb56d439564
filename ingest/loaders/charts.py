"""The data of a chart, as the file keeps it beside the picture: a title and a table."""

from collections.abc import Iterator
from typing import Any

from quire.ingest.loaders.cleaning import clean_line
from quire.ingest.loaders.content import CELL_BREAK
from quire.ingest.loaders.number_formats import shown

_MOST_POINTS = 10_000  # of one series; a chart with more is a cloud that nobody reads by number
_MOST_SERIES = 100

Column = dict[int, str]
"""The values of a series by their places."""


def read_chart(root: Any) -> tuple[str, str]:
    """The title of a chart and its data, a row for each category; empty where it has none."""
    if root.tag.endswith("}chartSpace") and root.find(".//{*}plotArea//{*}ser") is not None:
        return _title(root.find("{*}chart")), _classic(root.find(".//{*}plotArea"))
    return _title(root.find("{*}chart")), _extended(root)


def _classic(area: Any) -> str:
    """The data of the kinds of charts that there have always been."""
    names = [_axis_name(area)]
    categories: Column = {}
    columns: list[Column] = []
    for series in list(area.iter("{*}ser"))[:_MOST_SERIES]:
        name = " ".join(_texts(series.find("{*}tx")))
        places = series.find("{*}cat")
        places = series.find("{*}xVal") if places is None else places
        categories = {**_points(places), **categories}
        for part in ("val", "yVal", "bubbleSize"):
            if points := _points(series.find(f"{{*}}{part}")):
                columns.append(points)
                names.append(clean_line(name))
    return _table(names, categories, columns)


def _extended(root: Any) -> str:
    """The data of newer kinds: waterfalls, funnels, sunbursts."""
    categories: Column = {}
    columns: list[Column] = []
    names = [""]
    titles = [" ".join(_texts(series.find("{*}tx"))) for series in root.iter("{*}series")]
    for data in list(root.iterfind(".//{*}chartData/{*}data"))[:_MOST_SERIES]:
        for dimension in data:
            named = dimension.tag.endswith("}strDim")
            levels = dimension.iterfind("{*}lvl")
            points = _merged([_level(level, numeric=not named) for level in levels])
            if named:
                categories = {**points, **categories}
            elif points:
                names.append(clean_line(titles[len(columns)]) if len(columns) < len(titles) else "")
                columns.append(points)
    return _table(names, categories, columns)


def _table(names: list[str], categories: Column, columns: list[Column]) -> str:
    if not columns:
        return ""
    places = sorted({place for column in (categories, *columns) for place in column})
    rows = [
        [categories.get(place, ""), *(column.get(place, "") for column in columns)]
        for place in places[:_MOST_POINTS]
    ]
    if any(names):
        rows.insert(0, names)
    return "\n".join(CELL_BREAK.join(map(clean_line, row)).rstrip(CELL_BREAK) for row in rows)


def _points(data: Any) -> Column:
    """The values of a series or its categories; names in several levels are joined."""
    if data is None:
        return {}
    levels = [_level(level, numeric=False) for level in data.iter("{*}lvl")]
    if levels:
        return _merged(levels)
    for cache in data.iter("{*}strCache", "{*}numCache", "{*}strLit", "{*}numLit"):
        return _level(cache, numeric="}num" in cache.tag)
    return {}


def _level(cache: Any, *, numeric: bool) -> Column:
    code = cache.findtext("{*}formatCode", "") or cache.get("formatCode", "")
    points: Column = {}
    for point in cache.iterfind("{*}pt"):
        value = point.findtext("{*}v", "") or (point.text or "").strip()
        place = point.get("idx", "")
        if value and place.isdigit() and len(place) < 8 and len(points) < _MOST_POINTS:
            own = point.get("formatCode", code)
            points[int(place)] = shown(value, own) if numeric else value
    return points


def _merged(levels: list[Column]) -> Column:
    """Levels of names, the innermost first: "2024, May", where 2024 is said once of its months."""
    merged: Column = {}
    over: list[str] = [""] * len(levels)
    for place in sorted({place for level in levels for place in level}):
        over = [level.get(place, before) for level, before in zip(levels, over, strict=True)]
        if place in levels[0]:
            merged[place] = ", ".join(filter(None, reversed(over)))
    return merged


def _title(chart: Any) -> str:
    title = chart.find("{*}title") if chart is not None else None
    return clean_line(" ".join(_texts(title)))


def _axis_name(area: Any) -> str:
    for axis in area:
        if axis.tag.endswith(("}catAx", "}dateAx")):
            return clean_line(" ".join(_texts(axis.find("{*}title"))))
    return ""


def _texts(element: Any) -> Iterator[str]:
    """What a title or a name says, typed or taken from a cell."""
    if element is None:
        return
    for paragraph in element.iter("{*}p", "{*}v"):
        if paragraph.tag.endswith("}v"):
            yield paragraph.text or ""
        else:
            yield "".join(text.text or "" for text in paragraph.iter("{*}t"))
