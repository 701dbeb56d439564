"""From bytes to text: which encoding a text file has.

Byte order marks and UTF-8 are certain, and what a document says of itself is believed if the bytes
fit. For the rest the letters decide: Chinese, Japanese and Korean encodings are told apart by how
many of the decoded characters are among the commonest of their language, those of one byte a letter
by how likely the letters are in a language that is written so. Both work on a short sentence, where
general detectors guess; charset-normalizer is asked about what is left.
"""

import codecs
import math
import re
from collections import Counter
from functools import cache

from quire.ingest.loaders.alphabets import COMMON, LETTERS

_SAMPLE = 65_536  # bytes; enough to know an encoding
_LOOKED_AT = 16_384  # bytes; enough to count letters in
_MAX_CONTROL = 0.05  # share of control characters beyond which bytes are not text
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What is called by the first name is written in the second, which has more characters: so do
# browsers read it (WHATWG Encoding), and so do the programs that wrote it.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-8-sig": "utf-8",
}
_NO_ENCODING = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "utf-7"}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_XML = re.compile(rb"\s*<\?xml[^>]{1,200}?encoding\s*=\s*[\"']([\w.:-]{2,40})[\"']")
_COMMON_SETS = {encoding: frozenset(characters) for encoding, characters in COMMON.items()}
_ASIAN = frozenset().union(*_COMMON_SETS.values())
_PLAIN = frozenset(" \t\r\n!-.,:;?/0123456789，。、；：？！（）《》「」『』“”　")
_SIGNS = frozenset("“”‘’„‚‹›«»–—…€£¥°§·®©™¡¿ºª¹²³½¼\xa0´№•†‡‰±µ×÷")
_ENOUGH = 0.35  # share of common characters that proves an encoding
_WIDE_ENOUGH = 0.5  # of a text in UTF-16: of all code points, one in forty is common
_BLOCKS = (0x03, 0x04, 0x05, 0x06, 0x0E)  # first bytes of Greek, Cyrillic, Hebrew, Arabic, Thai
_FREQUENT = 0.9  # share of frequent characters in a short list of names
# The rows of each code that hold its frequent characters, and the least second byte of a pair.
_HALVES = (
    ("gb18030", 0xB0, 0xD7, 0xA1),
    ("big5hkscs", 0xA4, 0xC6, 0x40),
    ("cp932", 0x88, 0x97, 0x40),
)
_SIGN_ROWS = {0x81, 0xA1, 0xA3}  # commas, brackets, digits in full width
_UNKNOWN = math.log(1e-4)  # how likely a letter is that a language does not have
_SIGN = math.log(0.02)  # how likely a sign is where a letter could be
_UNLIKELY = -6.0  # a mean below it is no language


def looks_binary(data: bytes) -> bool:
    """True if `data` is not text in any encoding, by its control characters."""
    sample = data[:_SAMPLE]
    if _bom(sample) or _wide(sample) or _seven_bits(sample):
        return False
    many = len(_CONTROL.findall(sample)) > _MAX_CONTROL * len(sample)
    return many and _wide_asian(sample) is None


def decode(data: bytes, *, limit: int, declared: str | None = None) -> tuple[str, bool]:
    """The text of `data`, at most `limit` characters of it, and whether it was cut.

    `declared` is the encoding that the document itself names; it is believed if the bytes fit.
    Bytes that are no character become U+FFFD; nothing is raised.
    """
    encoding, skip = _encoding(data, declared)
    # No encoding takes more than four bytes a character, so this bounds the memory.
    wanted = data[skip : skip + 4 * limit + 4]
    text = codecs.getincrementaldecoder(encoding)("replace").decode(
        wanted, final=len(wanted) == len(data) - skip
    )
    return text[:limit], len(text) > limit or len(wanted) < len(data) - skip


def _encoding(data: bytes, declared: str | None) -> tuple[str, int]:
    """The encoding and the length of its byte order mark."""
    sample = data[:_SAMPLE]
    if bom := _bom(sample):
        return bom
    if wide := _wide(sample):
        return wide, 0
    if in_xml := _XML.match(sample[:500]):
        declared = declared or in_xml[1].decode("ascii")
    named = _named(declared or "", sample)
    # subtle: what fits every file, such as Latin-1, is named by mistake where the bytes are UTF-8
    if named and named not in {"cp1252", "utf-8"}:
        return named, 0
    if seven := _seven_bits(sample):
        return seven, 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[: 1 << 24], final=len(data) <= 1 << 24)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", 0
    if named:
        return named, 0
    if _is_nearly_utf8(sample):
        return "utf-8", 0
    for told in (_wide_asian, _asian, _listed, _lettered):
        if found := told(sample):
            return found, 0
    # Slow to import, and most text is UTF-8.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(sample, cp_exclusion=["utf_7", "utf_16", "utf_32"]).best()
    return (best.encoding if best is not None else "cp1252"), 0


def _named(declared: str, sample: bytes) -> str | None:
    """The encoding that a document names, where there is such a one and the bytes fit it."""
    try:
        info = codecs.lookup(declared.strip().replace("x-", "", 1) if declared else "")
    except (LookupError, ValueError):
        return None
    name = _MEANT.get(info.name, info.name)
    # Codecs such as zip and hex make bytes; and what is wide has been seen by now.
    if not getattr(info, "_is_text_encoding", True) or info.name in _NO_ENCODING:
        return None
    if name.startswith(("utf-16", "utf-32")):
        return _wide_asian(sample)
    return name if _fits(name, sample) else None


def _fits(encoding: str, sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(sample)
    except (UnicodeError, LookupError):
        return False
    return True


def _bom(sample: bytes) -> tuple[str, int] | None:
    for mark, encoding in _BOMS:
        if sample.startswith(mark):
            return encoding, len(mark)
    return None


def _wide(sample: bytes) -> str | None:
    """UTF-16 and UTF-32 without a mark, by their zeros: every other byte in Latin text, and two or
    three of four; and by the one byte that the letters of other alphabets share."""
    if len(sample) < 8:
        return None
    quarters = len(sample) // 4
    zeros = [sample[place::4][:quarters].count(0) for place in range(4)]
    for encoding, order in (("utf-32-le", (3, 2, 0)), ("utf-32-be", (0, 1, 3))):
        if zeros[order[0]] == quarters and zeros[order[1]] > 0.9 * quarters > zeros[order[2]]:
            return encoding if _fits(encoding, sample[: 4 * quarters]) else None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    pairs = len(sample) // 2
    if odd > 0.4 * pairs and even < 0.02 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.02 * pairs:
        return "utf-16-be"
    for encoding, high in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[: 2 * pairs : 2])):
        block, letters = max(((block, high.count(block)) for block in _BLOCKS), key=lambda b: b[1])
        if letters > 0.5 * pairs and letters + high.count(0) + high.count(0x20) > 0.9 * pairs:
            plain = sample[: 2 * pairs].decode(encoding, "replace")
            if sum(ord(c) >> 8 == block and c.isalpha() for c in plain) > 0.5 * pairs:
                return encoding
    return None


def _wide_asian(sample: bytes) -> str | None:
    """UTF-16 without a mark in Chinese, Japanese or Korean, which has few zeros."""
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = sample[: len(sample) // 2 * 2].decode(encoding)
        except UnicodeDecodeError:
            continue
        asian = sum(character in _ASIAN for character in text)
        plain = sum(character in _PLAIN for character in text)
        if asian > 1 and asian + plain > _WIDE_ENOUGH * len(text):
            return encoding
    return None


def _seven_bits(sample: bytes) -> str | None:
    """Encodings that write Asian characters in ASCII, between marks."""
    if b"\x1b$" in sample and sample.isascii():
        return "iso2022_kr" if b"\x1b$)C" in sample else "iso2022_jp_ext"
    if b"~{" in sample and sample.isascii():
        text = codecs.getincrementaldecoder("hz")("replace").decode(sample)
        foreign = [character for character in text if character > "\x7f"]
        common = sum(character in _COMMON_SETS["gb18030"] for character in foreign)
        return "hz" if foreign and common > _ENOUGH * len(foreign) else None
    return None


def _is_nearly_utf8(sample: bytes) -> bool:
    """True for UTF-8 with a few damaged bytes among many good characters."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    foreign = sum(1 for character in text if character > "\x7f")
    return foreign > 0 and broken < 0.05 * foreign


def _asian(sample: bytes) -> str | None:
    best, best_share = None, _ENOUGH
    for encoding, common in _COMMON_SETS.items():
        text = codecs.getincrementaldecoder(encoding)("replace").decode(sample)
        foreign = [character for character in text if character > "\x7f"]
        if not foreign or foreign.count("\ufffd") > 0.01 * len(foreign) + 1:
            continue
        share = sum(character in common for character in foreign) / len(foreign)
        if share > best_share:
            best, best_share = encoding, share
    return best


def _listed(sample: bytes) -> str | None:
    """A list of names in Chinese or Japanese, which has no common character: most of its characters
    are in the half of the code that was made for the frequent ones, and all in pairs of bytes."""
    whole = len(sample) < _SAMPLE
    for encoding, first, last, least in _HALVES:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(sample, final=whole)
        except UnicodeDecodeError:
            continue
        written = [character.encode(encoding) for character in text if character > "\x7f"]
        pairs = [pair for pair in written if len(pair) == 2 and pair[1] >= least]
        frequent = sum(first <= pair[0] <= last or pair[0] in _SIGN_ROWS for pair in pairs)
        if len(pairs) == len(written) > 1 and frequent > _FREQUENT * len(pairs):
            return encoding
    return None


def _lettered(sample: bytes) -> str | None:
    """An encoding of one byte a letter, by the language in which its letters are likely."""
    best, best_score = None, _UNLIKELY
    decoded: dict[str, Counter[str]] = {}
    for language, (_, encodings) in LETTERS.items():
        for encoding in encodings.split():
            if encoding not in decoded:
                text = codecs.getdecoder(encoding)(sample[:_LOOKED_AT], "replace")[0]
                decoded[encoding] = Counter(map(_told, _FOREIGN.findall(text)))
            letters = decoded[encoding]
            if encoding == "cp1252" and letters.keys() <= _SIGNS:
                return encoding
            likely = _likelihoods(language)
            score = sum(number * likely.get(each, _UNKNOWN) for each, number in letters.items())
            if score / letters.total() > best_score:
                best, best_score = encoding, score / letters.total()
    return best


# A letter beyond ASCII with the one before it: a capital does not follow a small letter, nor a
# Greek or Russian one a Latin one.
_FOREIGN = re.compile("(?:(?<=([^\\W\\d_])))?([^\x00-\x7f])")


def _told(pair: tuple[str, str]) -> str:
    before, letter = pair
    if letter in _SIGNS:
        return letter
    mixed = before.isascii() and before.isalpha() and letter >= "\u0370"
    written = letter.isalpha() or "\u0e30" <= letter <= "\u0e4e"  # vowels and tones of Thai
    if mixed or not written or (before.islower() and letter.isupper()):
        return "\ufffd"
    return letter if letter == "İ" else letter.lower()


@cache
def _likelihoods(language: str) -> dict[str, float]:
    """The logarithm of how often each letter stands among those of a language beyond ASCII, by its
    place in the order of their frequency (Zipf)."""
    letters = LETTERS[language][0]
    whole = sum(1 / place for place in range(1, len(letters) + 1))
    known = {letter: math.log(1 / place / whole) for place, letter in enumerate(letters, 1)}
    return dict.fromkeys(_SIGNS, _SIGN) | known
