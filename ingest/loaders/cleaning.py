"""Makes any string fit to be stored, indexed and put into a prompt.

Left out: NUL and other control characters, lone surrogates, noncharacters, and what a reader does
not see but a language model does (bidirectional controls, tag characters, zero-width spaces,
variation selectors past the first sixteen). Joiners stay where scripts need them.
"""

import re
import unicodedata

BULLET = "•"

# Symbol fonts put these into the private use area, and they are all drawn as a bullet.
PRIVATE_BULLETS = "\uf0b7\uf0a7\uf0d8\uf0fc\uf06c\uf06e\uf075\uf076"

_TABLE: dict[int, str | None] = {
    **dict.fromkeys(range(0x20)),
    **dict.fromkeys(range(0x7F, 0xA0)),
    0x09: "\t",
    0x0A: "\n",
    0x0B: "\n",
    0x0C: "\n",
    0x0D: "\n",
    0x85: "\n",
    0xA0: " ",
    0xAD: None,  # soft hyphen: shown only where a line breaks
    0x034F: None,
    0x061C: None,
    0x115F: None,
    0x1160: None,
    0x17B4: None,
    0x17B5: None,
    0x180E: None,
    0x200B: None,
    0x200E: None,
    0x200F: None,
    0x2028: "\n",
    0x2029: "\n",
    0x202F: " ",
    **dict.fromkeys(range(0x202A, 0x202F)),
    **dict.fromkeys(range(0x2060, 0x2070)),
    0x3164: None,
    0xFEFF: None,
    0xFFA0: None,
    **dict.fromkeys(range(0xFFF0, 0xFFFD)),
    0xFFFE: None,
    0xFFFF: None,
    **dict.fromkeys(range(0xFDD0, 0xFDF0)),
    **dict.fromkeys(range(0xD800, 0xE000)),
    **dict.fromkeys(range(0xE0000, 0xE1000)),  # tags and further variation selectors
    **{plane << 16 | last: None for plane in range(1, 17) for last in (0xFFFE, 0xFFFF)},
    **dict.fromkeys(map(ord, PRIVATE_BULLETS), BULLET),
    # Presentation forms that fonts bring along; the plain letters are what people search for.
    **{code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)},
    **{
        code: unicodedata.normalize("NFKC", chr(code))
        for code in (*range(0x2E80, 0x2FD6), *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA1E))
        if unicodedata.category(chr(code)) != "Cn"
    },
}
_SPACES = dict.fromkeys((*range(0x2000, 0x200B), 0x205F, 0x1680), " ")
_TABLE.update(_SPACES)

# All that `_TABLE` changes, in one class, so that the common clean string costs one search.
_ODD = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180e"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2e80-\u2fd5\u3164"
    "\ud800-\udfff\uf06c\uf06e\uf075\uf076\uf0a7\uf0b7\uf0d8\uf0fc"
    "\uf900-\ufaff\ufb00-\ufb06\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0002f800-\U0002fa1d\U000e0000-\U000e0fff"
    + "".join(f"{chr(p << 16 | 0xFFFE)}{chr(p << 16 | 0xFFFF)}" for p in range(1, 17))
    + "]"
)
_JOINERS = re.compile("[\u200c\u200d]")
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")

# Scripts in which a joiner changes how a word is written: Arabic to Mongolian, and emoji.
_NEEDS_JOINERS = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0e80-\u109f\u1780-\u18af\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
)


def is_clean(text: str) -> bool:
    """True if `clean` would return `text` as it is."""
    return (text.isascii() and text.isprintable()) or _ODD.search(text) is None


def clean(text: str) -> str:
    """`text` without what must not be stored; line ends become newlines.

    >>> clean("a\\x00b\\r\\nc\\u202ed")
    'ab\\ncd'
    """
    if is_clean(text):
        return text
    text = text.replace("\r\n", "\n")
    # subtle: two halves of a pair, read one by one, are a good character and must meet first
    text = _SURROGATE_PAIR.sub(_join_pair, text)
    return _JOINERS.sub(_keep_needed_joiner, text).translate(_TABLE)


def clean_line(text: str) -> str:
    """`text` cleaned, in one line, its runs of spaces reduced to one."""
    return " ".join(clean(text).split())


def _join_pair(match: re.Match[str]) -> str:
    return match[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def _keep_needed_joiner(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    needed = _NEEDS_JOINERS.match(before) and _NEEDS_JOINERS.match(after)
    return match[0] if needed else ""


_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u303f\u3040-\u31ff\u3200-\u9fff\uf900-\ufaff\ufe30-\ufe4f"
    "\uff00-\uffef\U00020000-\U0003ffff]"
)
_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_CJK_LETTER = re.compile(
    "[\u2e80-\u2fff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


def is_cjk(character: str) -> bool:
    """True for a character of Chinese or Japanese script or its punctuation.

    Hangul syllables are not among them: Korean puts spaces between words.
    """
    return _CJK.match(character) is not None


def is_leftward(text: str) -> bool:
    """True for text with letters of a script that is written from right to left."""
    return not text.isascii() and _LEFTWARD.search(text) is not None


def count_cjk(text: str) -> int:
    """The number of Chinese or Japanese letters in `text`."""
    return len(_CJK_LETTER.findall(text))
