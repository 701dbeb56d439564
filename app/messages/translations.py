"""Quire's own sentences in another language.

Reasons, warnings and hints arise in English, deep in loaders and often in another process, and are
turned into the user's language where they are reported. `messages.zh.toml` maps each English
template to its translation; what stands at `{name}` is carried over, and translated itself where it
is a message too. A sentence without a translation stays English: better that than nothing.

The page has no commands and no options: what it says in their place is in `on_page.toml`.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_PLACE = re.compile(r"\{(\w+)\}")

_Template = tuple[re.Pattern[str], str, int]


def translated(message: str, language: str, *, on_page: bool = False) -> str:
    """`message` in a language, "en" or "zh", and as the page says it where that is wanted.

    >>> translated("limit: took longer than 60 s", "zh")
    '超出限制：用时超过60秒'
    >>> translated("Pages 2 and 3: no text (a scan or a picture).", "zh")
    '第2、3页没有文字（扫描件或图片）。'
    >>> translated("No chat model is set. Choose another model.", "zh")
    '没有设置对话模型。请选择其他模型。'
    >>> translated("Get it with: quire models pull Qwen3-8B", "en", on_page=True)
    'Download it in the settings, or choose another one there.'
    """
    if language == "en" and not on_page:
        return message
    best, said = _known(message, language, on_page)
    for gap in re.finditer(r"(?<=\.) ", message):  # a sentence with its hint
        first, before = _known(message[: gap.start()], language, on_page)
        second, behind = _known(message[gap.end() :], language, on_page)
        if language == "en":  # one of both may stay as it is
            behind = f" {behind}"
        elif not (first and second):
            continue
        if first + second > best:
            best, said = first + second, before + behind
    return said


def _known(message: str, language: str, on_page: bool) -> tuple[int, str]:
    """The translation of one message, that of the page first, and how many characters of its
    template it has; 0 and itself where there is none."""
    for pattern, translation, literal in _templates(language, on_page):
        match = pattern.fullmatch(message)
        if match:
            return literal, _filled(translation, match.groupdict(), language, on_page)
    return 0, message


def _filled(translation: str, values: Mapping[str, str], language: str, on_page: bool) -> str:
    return _PLACE.sub(
        lambda place: translated(values[place[1]], language, on_page=on_page), translation
    )


@cache
def _templates(language: str, on_page: bool) -> tuple[_Template, ...]:
    """What messages are matched with, that of the page first, where it is wanted."""
    found = _read("on_page.toml", language) if on_page else ()
    return found if language == "en" else found + _read(f"messages.{language}.toml", "messages")


def _read(name: str, part: str) -> tuple[_Template, ...]:
    """Patterns of English messages with their translations and lengths, the longest first."""
    table = tomllib.loads(files("quire.messages").joinpath(name).read_text("utf-8"))[part]
    known = [
        (_pattern(english), translation, len(_PLACE.sub("", english)))
        for english, translation in table.items()
    ]
    return tuple(sorted(known, key=lambda row: -row[2]))


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACE.split(template)
    literal, names = parts[::2], parts[1::2]
    groups = [f"(?P<{name}>.+?)" for name in names]
    pieces = [re.escape(literal[0])]
    for group, text in zip(groups, literal[1:], strict=True):
        pieces += [group, re.escape(text)]
    return re.compile("".join(pieces), re.DOTALL)
