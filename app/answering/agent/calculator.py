"""Works out what a model writes as a sum, exactly, and nothing else."""

import re
from decimal import Context, Decimal, InvalidOperation, Overflow

from quire.errors import UsageError

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?|\.\d+)\s*(%)?|([-+*/^()]))")
_SPELLED = str.maketrans("×·÷−–（）＋－＊／％，", "**/--()+-*/%,")
_GROUPED = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_LONGEST = 300  # characters
_DEEPEST = 30  # brackets in each other
_LARGEST = 100  # exponent
_EXACT = Context(prec=40)


def calculate(expression: str) -> str:
    """What an expression of numbers, + - * / ^ %, and brackets is worth.

    >>> calculate("1,385 − 1,120"), calculate("(12 + 8) × 15%"), calculate("1/3")
    ('265', '3', '0.333333333333')

    Raises UsageError for what is none.
    """
    text = _GROUPED.sub("", expression.translate(_SPELLED).replace("**", "^")).strip().rstrip("=")
    tokens = list(_tokens(text.strip()))
    reader = _Reader(tokens)
    try:
        found = reader.sum(0)
    except (InvalidOperation, Overflow, ZeroDivisionError) as error:
        raise UsageError(f"{expression!r} has no value.") from error
    if reader.at != len(tokens):
        raise _no_sum(expression)
    return _written(found)


def _tokens(text: str) -> list[str | Decimal]:
    if len(text) > _LONGEST:
        raise _no_sum(text)
    found: list[str | Decimal] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _no_sum(text)
        if match[1]:
            found.append(Decimal(match[1]) / (100 if match[2] else 1))
        else:
            found.append(match[3])
        at = match.end()
    return found


class _Reader:
    """Recursive descent: a sum of products of powers."""

    def __init__(self, tokens: list[str | Decimal]) -> None:
        self.at = 0
        self._tokens = tokens

    def sum(self, depth: int) -> Decimal:
        found = self._product(depth)
        while sign := self._take("+-"):
            other = self._product(depth)
            found = _EXACT.add(found, other) if sign == "+" else _EXACT.subtract(found, other)
        return found

    def _product(self, depth: int) -> Decimal:
        found = self._power(depth)
        while sign := self._take("*/"):
            other = self._power(depth)
            found = _EXACT.multiply(found, other) if sign == "*" else _EXACT.divide(found, other)
        return found

    def _power(self, depth: int) -> Decimal:
        if self._take("-"):
            return -self._power(depth + 1)
        found = self._one(depth)
        if self._take("^"):
            exponent = self._power(depth + 1)
            if abs(exponent) > _LARGEST:
                raise UsageError(f"An exponent of {exponent} is too large.")
            found = _EXACT.power(found, exponent)
        return found

    def _one(self, depth: int) -> Decimal:
        if depth > _DEEPEST:
            raise UsageError("Too many brackets in each other.")
        if self._take("("):
            found = self.sum(depth + 1)
            if not self._take(")"):
                raise UsageError("A bracket is not closed.")
            return found
        if self.at < len(self._tokens) and isinstance(one := self._tokens[self.at], Decimal):
            self.at += 1
            return one
        raise UsageError("A number is missing.")

    def _take(self, signs: str) -> str:
        if self.at < len(self._tokens):
            token = self._tokens[self.at]
            if isinstance(token, str) and token in signs:
                self.at += 1
                return token
        return ""


def _written(value: Decimal) -> str:
    rounded = round(value, 12).normalize()
    return f"{rounded:f}" if rounded else "0"


def _no_sum(text: str) -> UsageError:
    return UsageError(
        f"{text[:80]!r} is no sum.", hint="Write numbers, + - * / ^ % and brackets: (12 + 8) * 1.5"
    )
