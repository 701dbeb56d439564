"""Numbers written in words, English and Chinese."""

import re

SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
    "dozen": 12,
}
ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
    "thirteenth": 13,
    "fourteenth": 14,
    "fifteenth": 15,
    "sixteenth": 16,
    "seventeenth": 17,
    "eighteenth": 18,
    "nineteenth": 19,
    "twentieth": 20,
}
PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
RARE_PARTS = {"sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "twelfth": 12, "twentieth": 20}
"""Parts where a number stands before them: the sixth of something is one of a row."""
_DIGITS_ZH = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_SCALES_ZH = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}


def english(text: str) -> float:
    """The number that English words say; infinite where that is too big for a float.

    >>> english("twelve hundred"), english("one thousand two hundred"), english("twenty-one")
    (1200.0, 1200.0, 21.0)
    """
    total, part = 0.0, 0.0  # floats become infinite where whole numbers would grow without end
    for word in re.split(r"[\s-]+", text):
        if word in SMALL:
            part += SMALL[word]
        elif word in {"hundred", "dozen"}:
            part = max(part, 1.0) * SCALES[word]
        elif word in SCALES:
            total += max(part, 1.0) * SCALES[word]
            part = 0
    return total + part


def chinese(text: str) -> float:
    """The number that a Chinese numeral says, or digits; infinite where it is too big for a float.

    >>> [chinese(numeral) for numeral in ("一千二百", "二〇二四", "一亿二千万", "三点五", "7")]
    [1200.0, 2024.0, 120000000.0, 3.5, 7.0]
    >>> [chinese(numeral) for numeral in ("三百五", "一万二", "三百零五", "一万零二")]
    [350.0, 12000.0, 305.0, 10002.0]
    """
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    whole, _, decimals = text.partition("点")
    if not any(character in _SCALES_ZH for character in whole):
        value = float(digits(whole) or 0)
    else:
        value = _scaled(whole)
    return value + (float("0." + digits(decimals)) if decimals else 0)


def digits(text: str) -> str:
    """A Chinese numeral that names digit by digit, as digits.

    >>> digits("二〇二四")
    '2024'
    """
    return "".join(c if c.isdecimal() else str(_DIGITS_ZH[c]) for c in text)


def scale(text: str) -> float:
    """What a word or characters after a number multiply it by: 万亿 is 10,000 times 100,000,000.

    >>> scale(" million"), scale("万亿"), scale("")
    (1000000.0, 1000000000000.0, 1.0)
    """
    word = text.strip()
    product = float(SCALES.get(word, 1))
    for character in word if product == 1 else "":
        product *= _SCALES_ZH[character]
    return product


def _scaled(text: str) -> float:
    if len(text) > 2 and text[-1] in _DIGITS_ZH and text[-2] in "百千万亿":  # 三百五 for 三百五十
        return _scaled(text[:-1]) + _DIGITS_ZH[text[-1]] * _SCALES_ZH[text[-2]] / 10
    total, section, digit = 0.0, 0.0, 0
    for character in text:
        if character in _DIGITS_ZH:
            digit = _DIGITS_ZH[character]
        elif character == "亿":
            total = (total + section + digit or 1.0) * _SCALES_ZH[character]
            section = digit = 0
        elif character == "万":
            total += (section + digit or 1.0) * _SCALES_ZH[character]
            section = digit = 0
        else:
            section += (digit or 1.0) * _SCALES_ZH[character]
            digit = 0
    return total + section + digit
