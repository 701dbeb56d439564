"""Equations in one line: x^2, (a+b)/2, √(x), ∑_(i=1)^n i.

Word processors (OMML) and web pages (MathML) name the same parts: fractions, roots, indices. What
is more than one sign or word stands in brackets where it would be read apart otherwise.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

_DEEPEST = 60  # parts in parts; an equation of people has ten
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SIMPLE = re.compile(r"[\w.,′°%]+|.?", re.DOTALL)
_UNSEEN = {"annotation", "annotation-xml", "mphantom", "phant", "ctrlPr", "rPr", "del", "moveFrom"}


def in_a_line(element: Any) -> str:
    """The equation that an element holds, OMML or MathML."""
    return _read(element, 0).strip()


def _read(element: Any, depth: int) -> str:
    if not isinstance(element.tag, str) or depth > _DEEPEST:
        return ""
    name = element.tag.rpartition("}")[2]
    if name in _UNSEEN or name.endswith("Pr"):
        return ""
    if name in {"t", "mi", "mn", "mo", "mtext", "ms"}:
        text = "".join(element.itertext()) if name != "t" else element.text or ""
        return text if name == "t" else " ".join(text.split())
    children = [child for child in element if isinstance(child.tag, str)]
    if name.startswith("m") and name in _MATHML:
        return _MATHML[name]([_read(child, depth + 1) for child in children], element)
    if name == "semantics":
        return _read(children[0], depth + 1) if children else ""
    if name in _OMML:
        parts: dict[str, list[str]] = {}
        for child in children:
            part = child.tag.rpartition("}")[2]
            parts.setdefault(part, []).append(_read(child, depth + 1))
        return _OMML[name](parts, element)
    return "".join(_read(child, depth + 1) for child in children)


def _one(text: str) -> str:
    """A text that is to be read as one, in brackets where it has parts.

    >>> _one("12.5"), _one("a+b"), _one("(a+b)")
    ('12.5', '(a+b)', '(a+b)')
    """
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) or _BRACKETED.fullmatch(text) else f"({text})"


def _fraction(over: str, under: str) -> str:
    return f"{_one(over)}/{_one(under)}"


def _root(inside: str, degree: str = "") -> str:
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree.strip(), f"root_{_one(degree)} ")
    return f"{sign}{_one(inside)}"


def _indexed(base: str, below: str = "", above: str = "") -> str:
    sub = f"_{_one(below)}" if below.strip() else ""
    sup = f"^{_one(above)}" if above.strip() else ""
    return f"{_one(base) if sup else base.strip()}{sub}{sup}"


def _rows(rows: Iterable[str]) -> str:
    return f"[{'; '.join(rows)}]"


def _value(element: Any, name: str, default: str) -> str:
    """What the properties of an OMML part say, such as the brackets around it."""
    for mark in element.iterfind(f"{{*}}{element.tag.rpartition('}')[2]}Pr/{{*}}{name}"):
        for key, value in mark.items():
            if key.endswith("val"):
                return str(value)
    return default


def _first(parts: dict[str, list[str]], name: str) -> str:
    return "".join(parts.get(name, ()))


def _nary(parts: dict[str, list[str]], element: Any) -> str:
    sign = _value(element, "chr", "∫")
    return f"{_indexed(sign, _first(parts, 'sub'), _first(parts, 'sup'))} {_first(parts, 'e')}"


def _delimited(parts: dict[str, list[str]], element: Any) -> str:
    inside = f"{_value(element, 'sepChr', '|')}".join(parts.get("e", ()))
    return f"{_value(element, 'begChr', '(')}{inside}{_value(element, 'endChr', ')')}"


_OMML: dict[str, Callable[[dict[str, list[str]], Any], str]] = {
    "f": lambda p, _: _fraction(_first(p, "num"), _first(p, "den")),
    "rad": lambda p, _: _root(_first(p, "e"), _first(p, "deg")),
    "sSub": lambda p, _: _indexed(_first(p, "e"), _first(p, "sub")),
    "sSup": lambda p, _: _indexed(_first(p, "e"), "", _first(p, "sup")),
    "sSubSup": lambda p, _: _indexed(_first(p, "e"), _first(p, "sub"), _first(p, "sup")),
    "sPre": lambda p, _: _indexed("", _first(p, "sub"), _first(p, "sup")) + _first(p, "e"),
    "nary": _nary,
    "d": _delimited,
    "func": lambda p, _: f"{_first(p, 'fName')} {_one(_first(p, 'e'))}",
    "limLow": lambda p, _: _indexed(_first(p, "e"), _first(p, "lim")),
    "limUpp": lambda p, _: _indexed(_first(p, "e"), "", _first(p, "lim")),
    "eqArr": lambda p, _: "; ".join(p.get("e", ())),
    "m": lambda p, _: _rows(p.get("mr", ())),
    "mr": lambda p, _: ", ".join(p.get("e", ())),
}


def _at(parts: list[str], place: int) -> str:
    return parts[place] if place < len(parts) else ""


_MATHML: dict[str, Callable[[list[str], Any], str]] = {
    "mfrac": lambda p, _: _fraction(_at(p, 0), _at(p, 1)),
    "msqrt": lambda p, _: _root("".join(p)),
    "mroot": lambda p, _: _root(_at(p, 0), _at(p, 1)),
    "msub": lambda p, _: _indexed(_at(p, 0), _at(p, 1)),
    "munder": lambda p, _: _indexed(_at(p, 0), _at(p, 1)),
    "msup": lambda p, _: _indexed(_at(p, 0), "", _at(p, 1)),
    "mover": lambda p, _: _indexed(_at(p, 0), "", _at(p, 1)),
    "msubsup": lambda p, _: _indexed(_at(p, 0), _at(p, 1), _at(p, 2)),
    "munderover": lambda p, _: _indexed(_at(p, 0), _at(p, 1), _at(p, 2)),
    "mtable": lambda p, _: _rows(p),
    "mtr": lambda p, _: ", ".join(p),
    "mspace": lambda *_: " ",
    "mfenced": lambda p, e: f"{e.get('open', '(')}{', '.join(p)}{e.get('close', ')')}",
}
