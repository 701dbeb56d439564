"""Calendars (iCalendar): each event or task with when, where and who."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from quire.ingest.loaders.cleaning import clean, clean_line
from quire.ingest.loaders.content import Content, ContentBuilder, Source
from quire.ingest.loaders.encoding import decode

_FOLD = re.compile(r"\r?\n[ \t]")
_LINE = re.compile(r'([A-Za-z0-9-]{1,60})((?:;[A-Za-z0-9-]{1,60}=(?:"[^"]*"|[^";:]*)){0,20}):(.*)')
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?")
_ZONE = re.compile(r';TZID="?([^;"]{1,100})', re.IGNORECASE)
_NAME = re.compile(r';CN=(?:"([^"]{1,200})"|([^;"]{1,200}))', re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_SHOWN = {
    # What is shown of an event, in this order, and what it is called.
    "DTSTART": "Start",
    "DTEND": "End",
    "DUE": "Due",
    "DURATION": "Duration",
    "RRULE": "Repeats",
    "LOCATION": "Location",
    "ORGANIZER": "Organizer",
    "ATTENDEE": "Attendees",
    "STATUS": "Status",
    "CATEGORIES": "Categories",
}
_TIMES = {"DTSTART", "DTEND", "DUE"}
_PEOPLE = {"ORGANIZER", "ATTENDEE"}
_PROSE = ("DESCRIPTION", "COMMENT")
_INNER = {"VTIMEZONE", "STANDARD", "DAYLIGHT", "VALARM"}


@dataclass
class _Event:
    values: dict[str, list[str]] = field(default_factory=dict)

    def first(self, name: str) -> str:
        return next(iter(self.values.get(name, ())), "")


def read(source: Source) -> Content:
    """One page without a number; the title is the calendar's own."""
    text, cut = decode(source.data, limit=source.limits.characters)
    builder = ContentBuilder(source.limits)
    title = add_calendar(text, builder, level=1)
    if cut:
        builder.warn_of_cut()
    return builder.finish(title or source.stem)


def add_calendar(text: str, builder: ContentBuilder, *, level: int) -> str:
    """Adds the events of a calendar; returns its name, empty where it has none."""
    name = ""
    for event in _events(text):
        name = name or event.first("X-WR-CALNAME")
        builder.add("heading", clean_line(event.first("SUMMARY")), level=level)
        lines = [
            f"{label}: {', '.join(event.values[key])}"
            for key, label in _SHOWN.items()
            if key in event.values
        ]
        builder.add("paragraph", "\n".join(lines))
        for key in _PROSE:
            for value in event.values.get(key, ()):
                builder.add("paragraph", value)
        if builder.full:
            break
    return clean_line(name)


def _events(text: str) -> Iterator[_Event]:
    """What a calendar says of each of its parts, and of itself."""
    event = _Event()
    inner = 0
    for line in _FOLD.sub("", clean(text).replace("\r\n", "\n")).split("\n"):
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        name, about, value = match[1].upper(), match[2], match[3]
        if name in {"BEGIN", "END"}:
            if value.upper() in _INNER:
                inner += 1 if name == "BEGIN" else -1
                inner = max(inner, 0)
            elif event.values:
                yield event
                event = _Event()
        elif not inner and (value := clean(_value(name, about, value)).strip()):
            event.values.setdefault(name, []).append(value)
    if event.values:
        yield event


def _value(name: str, about: str, value: str) -> str:
    if name in _TIMES and (match := _MOMENT.fullmatch(value)):
        year, month, day, hour, minute, second, utc = match.groups()
        zone = _ZONE.search(about)
        time = f" {hour}:{minute}" + (f":{second}" if second != "00" else "") if hour else ""
        where = " UTC" if utc else f" ({zone[1]})" if zone and hour else ""
        return f"{year}-{month}-{day}{time}{where}"
    if name in _PEOPLE:
        person = _NAME.search(about)
        address = re.sub("^mailto:", "", value, flags=re.IGNORECASE)
        said = (person[1] or person[2]).strip() if person else ""
        return f"{said} <{address}>" if said and said != address else address
    return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)
