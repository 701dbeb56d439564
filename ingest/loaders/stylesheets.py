"""What the style sheets in a web page hide for good, on a wide screen.

A page hides much that its reader sees: what is left out in print or on a telephone, a panel that
opens when it is pressed, a picture that fades in, what a script shows once it runs. So a rule
counts where its medium is a wide screen, and not for a class that another rule or a script shows.
"""

import re
from collections.abc import Iterator

_MOST = 500_000  # characters of style sheets and scripts that are looked at
_SCREEN = 1280  # pixels, the width of a page on a desk
_EM = 16  # pixels
_INVISIBLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_VISIBLE = re.compile(
    r"display\s*:\s*(?!none)[a-z]|visibility\s*:\s*visible|opacity\s*:\s*(?:1|0?\.\d*[1-9])"
    r"|font-size\s*:\s*(?!0(?![.\d]*[1-9]))[\d.]",
    re.IGNORECASE,
)
_MOVES = re.compile(r"(?:transition|animation)[a-z-]*\s*:", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|$)|<!--|-->", re.DOTALL)
_PIECE = re.compile(r"([^{}]*)([{}])")
_NAME = re.compile(r"[.#][\w-]+")
_APART = re.compile(r"[\s>+~]+")
_GROUPS = ("@media", "@supports", "@layer", "@container", "@scope")
_TYPE = re.compile(r"\b(not\s+)?(print|speech|tty|tv|projection|handheld|braille|embossed|aural)\b")
_NARROWER, _WIDER = (
    re.compile(rf"(?:{bound}-(?:device-)?width\s*:|width\s*{sign}=?)\s*([\d.]+)(px|r?em)?")
    for bound, sign in (("max", "<"), ("min", ">"))
)
_OF_FEW = re.compile(
    r"orientation\s*:\s*portrait|prefers-|hover\s*:\s*none|pointer\s*:\s*coarse|display-mode"
)


def is_invisible(declarations: str) -> bool:
    """Whether a style hides what it is said of.

    >>> is_invisible("display: none"), is_invisible("opacity:0.5")
    (True, False)
    """
    return _INVISIBLE.search(declarations) is not None


def hidden_names(page: str) -> set[str]:
    """The classes and ids, as ".name" and "#name", that hide what bears them."""
    sheets, scripts = _styles_and_scripts(page)
    hidden: set[str] = set()
    can_be_shown: set[str] = set()
    for selectors, declarations in _rules(sheets):
        hides = is_invisible(declarations) and not _MOVES.search(declarations)
        shows = not hides and _VISIBLE.search(declarations) is not None
        if not hides and not shows:
            continue
        for selector in map(str.strip, selectors.split(",")):
            if _NAME.fullmatch(selector):
                (hidden.add if hides else hidden.discard)(selector)
            elif shows:
                can_be_shown.update(_NAME.findall(_APART.split(selector)[-1]))
    hidden -= can_be_shown
    named = set(re.findall(r"[\w-]+", scripts)) if hidden and scripts else set()
    return {name for name in hidden if name[1:] not in named}


def _styles_and_scripts(page: str) -> tuple[str, str]:
    """The style sheets of a page that are for a screen, and its scripts. One pass over the text."""
    styles: list[str] = []
    scripts: list[str] = []
    room = _MOST
    low = page.lower()
    at = 0
    for match in re.finditer(r"<!--|<(style|script|noscript)\b", low):
        if match.start() < at:
            continue
        tag = match[1]
        end = low.find("-->" if tag is None else f"</{tag}", match.end())
        if end < 0:
            break
        at = end
        begin = low.find(">", match.end(), end)
        if tag in {"style", "script"} and begin >= 0:
            attributes = low[match.end() : begin]
            text = page[begin + 1 : end][:room]
            room -= len(text)
            medium = re.search(r"media\s*=\s*[\"']?([^\"'>]*)", attributes)
            if tag == "script":
                scripts.append(text)
            elif medium is None or is_for_screen(medium[1]):
                styles.append(text)
    return "\n".join(styles), "\n".join(scripts)


def _rules(sheets: str) -> Iterator[tuple[str, str]]:
    """The rules of style sheets that count on a wide screen: selectors and declarations."""
    open_groups: list[bool] = []  # of each block that is open: whether what is in it counts
    selectors = ""
    for text, brace in _PIECE.findall(_COMMENT.sub(" ", sheets)):
        if brace == "{":
            head = text.rpartition(";")[2].strip()
            counts = all(open_groups[-1:])
            if head.startswith("@media"):
                counts = counts and is_for_screen(head[len("@media") :])
            elif head.startswith("@"):
                counts = counts and head.startswith(_GROUPS)
            open_groups.append(counts)
            selectors = "" if head.startswith("@") else head
        else:
            if selectors and open_groups and open_groups[-1]:
                yield selectors, text
            selectors = ""
            if open_groups:
                open_groups.pop()


def is_for_screen(query: str) -> bool:
    """Whether a media query holds on a wide screen.

    >>> [is_for_screen(query) for query in ("print", "(max-width: 600px)", "not print", "screen")]
    [False, False, True, True]
    """
    return any(map(_holds, query.lower().split(",")))


def _holds(query: str) -> bool:
    if found := _TYPE.search(query):
        return found[1] is not None
    narrower = [_pixels(*groups) for groups in _NARROWER.findall(query)]
    wider = [_pixels(*groups) for groups in _WIDER.findall(query)]
    if any(width < _SCREEN for width in narrower) or any(width > _SCREEN for width in wider):
        return False
    return _OF_FEW.search(query) is None


def _pixels(number: str, unit: str) -> float:
    try:
        return float(number) * (_EM if "em" in unit else 1)
    except ValueError:
        return float(_SCREEN)
