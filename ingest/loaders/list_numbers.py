"""How the number of a list's item is drawn: 4, d, IV, ④, 四."""

_CHINESE = "零一二三四五六七八九"
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_MAX_NUMBER = 9999  # beyond it, letters and Roman numerals grow without end


def drawn(number: int, form: str) -> str:
    """`number` in a form that WordprocessingML names; forms of rare scripts as digits.

    >>> [drawn(4, form) for form in ("decimal", "lowerLetter", "upperRoman", "chineseCounting")]
    ['4', 'd', 'IV', '四']
    """
    if not 0 < number <= _MAX_NUMBER or form in {"decimal", ""}:
        return str(number)
    if form in {"upperRoman", "lowerRoman"}:
        text = _roman(number)
        return text if form == "upperRoman" else text.lower()
    if form in {"upperLetter", "lowerLetter"}:
        text = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return text if form == "upperLetter" else text.lower()
    if form == "decimalZero":
        return f"{number:02}"
    if form in {"decimalEnclosedCircle", "decimalEnclosedCircleChinese"} and number <= 20:
        return chr(ord("①") + number - 1)
    if form.startswith(("chineseCounting", "taiwaneseCounting", "japaneseCounting")):
        return _chinese(number)
    return "" if form == "none" else str(number)


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def _chinese(number: int) -> str:
    """`23` as 二十三, `105` as 一百零五."""
    text, gap = "", False
    for value, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // value % 10
        if digit:
            text += ("零" if gap and text else "") + _CHINESE[digit] + unit
        gap = not digit
    return text.removeprefix("一") if 10 <= number < 20 else text
