"""Formulas that a text writes out, such as "328.1 / 900.0 ≈ 36.5%": read and worked out.

Numbers, the four operations, powers, brackets; units, currencies and a few words may stand between
them. Nothing is run: it is a grammar of its own, with a limit on each of its lengths.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quire.verification import numerals, units

_MOST = 2_000  # characters of a text that are read
_LONGEST = 80  # tokens of one side
_DEEPEST = 12  # brackets within brackets
_LARGEST_POWER = 64.0
_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|\*\*|__|\\[()\[\],;!]|\\(?:text|mathrm|mathbf|mathit)\{[^{}]{0,40}\}
       |\\(?:left|right|quad|,|displaystyle)\b|[$€£¥`]|\\\$|\b(?:us|hk|nt)(?=\$)
       |\b(?:usd|eur|gbp|cny|rmb|chf|jpy)\b(?=\s?\d))
  | (?P<number>(?:(?<![a-z\d.])|(?<=usd|eur|gbp|cny|rmb|chf|jpy))
       (?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d]))
  | (?P<fraction>\\[dt]?frac\b)
  | (?P<equal>=|≈|≃|≅|≒|~(?=\s?[\d$€£¥])|\\approx\b|\\simeq\b|约?等于|约?为|是|即|得(?=\s?[\d约])
       |\b(?:equals|is\sequal\sto|gives|makes|yields|comes\sto|is|are)\b
          (?:\s(?:about|roughly|around|approximately)\b)?)
  | (?P<plus>\+|\bplus\b|加上?)
  | (?P<minus>[-−–]|\bminus\b|减去?)
  | (?P<times>[×✕✖·∙*]|\\times\b|\\cdot\b|(?<=[\d)\s%])x(?=[\s\d($€£¥])|\bmultiplied\sby\b
       |\btimes\b(?=\s?[\d($€£¥])|乘以?)
  | (?P<over>[/÷∕]|\\div\b|\bdivided\sby\b|除以)
  | (?P<power>\^)
  | (?P<open>[({])
  | (?P<close>[)}])
  | (?P<word>[^\W\d_]+(?:['’-][^\W\d_]+)*)
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SCALE = re.compile(r"\s?(?:hundred|thousand|million|billion|trillion)\b|[十百千万亿]+")
_RATE = re.compile(r"\s?/\s?(?:[^\W\d_]+[23]?)|\s(?:per|an?|each|every)\s[^\W\d_]+|每[^\W\d_]")
_SIGNS = {"plus": "+", "minus": "−", "times": "×", "over": "÷", "power": "^"}
_WORDS = 3  # words at most between a number and what follows it: "3 annual fees × 20"
_WORDS_ZH = 5  # characters


@dataclass(frozen=True, slots=True)
class Term:
    """A token of a formula, which stands at [start, end) of the text. A number is worth `number`
    times `scale`, and has a `unit` where one follows; `decimals` are those written."""

    kind: str
    start: int
    end: int
    written: str = ""
    number: float = 0.0
    scale: float = 1.0
    unit: str = ""
    decimals: int = 0

    @property
    def value(self) -> float:
        return self.number * self.scale


@dataclass(frozen=True, slots=True)
class Side:
    """What stands on one side of an equals sign."""

    terms: tuple[Term, ...]

    @property
    def start(self) -> int:
        return self.terms[0].start

    @property
    def end(self) -> int:
        return self.terms[-1].end

    @property
    def numbers(self) -> tuple[Term, ...]:
        return tuple(term for term in self.terms if term.kind == "number")

    @property
    def is_computed(self) -> bool:
        """Whether there is something to work out, and not a number alone."""
        return len(self.numbers) > 1

    @property
    def divides(self) -> bool:
        return any(term.kind in {"over", "fraction"} for term in self.terms)

    @property
    def shown(self) -> str:
        """As a reader writes it: "(12,483 + 10,387) ÷ 2"."""
        text = ""
        for at, term in enumerate(self.terms):
            sign = _SIGNS.get(term.kind)
            if sign and (at == 0 or self.terms[at - 1].kind in {*_SIGNS, "open"}):
                text += sign
            elif sign:
                text += sign if sign == "^" else f" {sign} "
            elif term.kind == "open":
                text += " ÷ (" if at and self.terms[at - 1].kind == "close" else "("
            elif term.kind == "close":
                text += ")"
            elif term.kind == "number":
                text += term.written + (term.unit if term.unit in {"%", "‰"} else "")
        return text

    def value(self, *, scaled: bool = True) -> float | None:
        """What it is worth, with or without its words for scales; None where it is no formula, or
        has no value."""
        try:
            found = _Reader(self.terms, scaled=scaled).read()
        except (ArithmeticError, ValueError):
            return None
        return found if math.isfinite(found) else None


@dataclass(frozen=True, slots=True)
class Formula:
    """Sides that are said to be equal; one alone is a formula whose outcome stands elsewhere."""

    sides: tuple[Side, ...]


def find(text: str) -> list[Formula]:
    """The formulas in a folded text.

    >>> [side.shown for side in find("the rise is (9.5 - 8) / 8 ≈ **18.8%**.")[0].sides]
    ['(9.5 − 8) ÷ 8', '18.8%']
    >>> [formula.sides[0].value() for formula in find("3 nights × €120 = €360; 7-7; 1/0")]
    [360.0, 0.0, None]
    """
    runs = _runs(_without_words(list(_terms(text[:_MOST]))))
    return [formula for run in runs if (formula := _formula(run))]


def _terms(text: str) -> Iterator[Term]:
    at = 0
    while found := _TOKEN.match(text, at):
        kind = found.lastgroup or "other"
        at = found.end()
        if kind == "number":
            term = _number(text, found)
            at = term.end
            if rate := _RATE.match(text, at):
                at = rate.end()
            yield term
        elif kind != "blank":
            yield Term(kind, found.start(), at, found[0])


def _number(text: str, found: re.Match[str]) -> Term:
    end = found.end()
    scale = 1.0
    if said := _SCALE.match(text, end):
        scale, end = numerals.scale(said[0]), said.end()
    written = text[found.start() : end]
    if text.startswith("\\%", end):
        unit, end = "%", end + 2
    else:
        unit, end = units.after(text, end)
    if unit in {"fold", "time"} and re.match(r"\s?[\d($€£¥]", text[end:]):
        unit, end = "", found.start() + len(written)  # "3 times 4"
    decimals = len(found[0].partition(".")[2])
    number = float(found[0].replace(",", ""))
    return Term("number", found.start(), end, written, number, scale, unit, decimals)


def _without_words(terms: Sequence[Term]) -> Iterator[Term]:
    """The terms without a few words that stand between a number and what goes on from it."""
    at = 0
    before = ""
    while at < len(terms):
        end = at
        while end < len(terms) and terms[end].kind == "word":
            end += 1
        if end > at:
            said = terms[at:end]
            few = (
                len(said) <= _WORDS
                if said[0].written.isascii()
                else sum(len(word.written) for word in said) <= _WORDS_ZH
            )
            after = terms[end].kind if end < len(terms) else ""
            if few and before in {"number", "close"} and after in {*_SIGNS, "equal", "close"}:
                at = end
                continue
            yield Term("other", said[0].start, said[-1].end)
            before, at = "other", end
            continue
        yield terms[at]
        before = terms[at].kind
        at += 1


def _runs(terms: Iterator[Term]) -> Iterator[list[Term]]:
    """Terms between what belongs to no formula."""
    run: list[Term] = []
    for term in terms:
        apart = term.kind in {"number", "open"} and run and run[-1].kind in {"number", "close"}
        apart = apart and not _is_fraction(run)
        if term.kind == "other" or apart:
            yield run
            run = [term] if apart else []
        else:
            run.append(term)
    yield run


def _is_fraction(run: Sequence[Term]) -> bool:
    """Whether a run ends between the two brackets of a fraction."""
    depth = 0
    for at in range(len(run) - 1, 0, -1):
        depth += {"close": 1, "open": -1}.get(run[at].kind, 0)
        if depth == 0:
            return run[at].kind == "open" and run[at - 1].kind == "fraction"
    return False


def _formula(run: Sequence[Term]) -> Formula | None:
    sides: list[Side] = []
    side: list[Term] = []
    for term in (*run, Term("equal", 0, 0)):
        if term.kind != "equal":
            side.append(term)
            continue
        trimmed = _trimmed(side)
        if term.written[:1].isalpha() and not Side(tuple(trimmed)).is_computed:
            sides = []  # "420 km, which makes 420 × 0.38": the word equates nothing
        elif trimmed:
            sides.append(Side(tuple(trimmed)))
        elif sides:
            break
        side = []
    return Formula(tuple(sides)) if any(one.is_computed for one in sides) else None


def _trimmed(side: list[Term]) -> list[Term]:
    """A side without brackets that open or close elsewhere, and without signs at its ends."""
    if len(side) > _LONGEST:
        return []
    unmatched: set[int] = set()
    opened: list[int] = []
    for at, term in enumerate(side):
        if term.kind == "open":
            opened.append(at)
        elif term.kind == "close" and not opened:
            unmatched.add(at)
        elif term.kind == "close":
            opened.pop()
    unmatched |= {*opened}
    kept = [term for at, term in enumerate(side) if at not in unmatched]
    while kept and kept[-1].kind in _SIGNS:
        kept.pop()
    while kept and kept[0].kind in {*_SIGNS} - {"minus"}:
        kept.pop(0)
    while len(kept) > 1 and _closes(kept) == len(kept) - 1:
        kept = kept[1:-1]
    return kept if any(term.kind == "number" for term in kept) else []


def _closes(terms: Sequence[Term]) -> int:
    """Where the bracket closes that the first term opens; -1 where it opens none."""
    depth = 0
    for at, term in enumerate(terms):
        depth += {"open": 1, "close": -1}.get(term.kind, 0)
        if depth == 0:
            return at if at else -1
    return -1


class _Reader:
    """Works out terms by recursive descent. Raises ValueError where they are no formula."""

    def __init__(self, terms: Sequence[Term], *, scaled: bool) -> None:
        self._terms = terms
        self._scaled = scaled
        self._at = 0
        self._depth = 0

    def read(self) -> float:
        value = self._sum()
        if self._at < len(self._terms):
            raise ValueError
        return value

    def _next(self) -> str:
        return self._terms[self._at].kind if self._at < len(self._terms) else ""

    def _take(self, *kinds: str) -> Term | None:
        if self._next() not in kinds:
            return None
        self._at += 1
        return self._terms[self._at - 1]

    def _sum(self) -> float:
        value = self._product()
        while sign := self._take("plus", "minus"):
            other = self._product()
            value = value + other if sign.kind == "plus" else value - other
        return value

    def _product(self) -> float:
        value = self._power()
        while sign := self._take("times", "over"):
            other = self._power()
            value = value * other if sign.kind == "times" else value / other
        return value

    def _power(self) -> float:
        if self._take("minus"):
            return -self._power_of_atom()
        return self._power_of_atom()

    def _power_of_atom(self) -> float:
        value = self._atom()
        if self._take("power"):
            exponent = self._atom()
            if abs(exponent) > _LARGEST_POWER or value < 0:
                raise ValueError
            return float(value**exponent)
        return value

    def _atom(self) -> float:
        if self._take("fraction"):
            return self._bracket() / self._bracket()
        if self._next() == "open":
            return self._bracket()
        term = self._take("number")
        if not term:
            raise ValueError
        value = term.value if self._scaled else term.number
        return value / {"%": 100, "‰": 1000}.get(term.unit, 1)

    def _bracket(self) -> float:
        self._depth += 1
        if self._depth > _DEEPEST or not self._take("open"):
            raise ValueError
        value = self._sum()
        if not self._take("close"):
            raise ValueError
        self._depth -= 1
        return value
