"""From bytes to text: which encoding a text file has.

Byte order marks and UTF-8 are certain. For the rest, Chinese, Japanese and Korean encodings are
told apart by how many of the decoded characters are among the commonest of their language, which
works on a single short sentence, where general detectors guess; charset-normalizer decides among
the single-byte encodings.
"""

import codecs
import re

_SAMPLE = 65_536  # bytes; enough to know an encoding
_MAX_CONTROL = 0.05  # share of control characters beyond which bytes are not text
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_COMMON = {
    # The commonest characters of each language, in the order of their frequency.
    "gb18030": (
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而"
        "方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好"
        "应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明看原又么利比或但质气第向"
        "道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特"
        "件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队"
        "南给色光门即保治北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风"
        "切打白教速花带安场身车例真务具万每目至达走积示议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许"
        "步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列"
        "习响约支般史感劳便团往酸历市克何除消构府称太准精值号率族维划选标写存候毛亲快效斯院查江型眼王按格养易置派"
        "层片始却专状育厂京识适属圆包火住调满县局照参红细引听该铁价严，。、；：？！“”（）《》"
    ),
    "big5": (
        "的一是在不了有和人這中大為上個國我以要他時來用們生到作地於出就分對成會可主發年動同工也能下過子說產種面而"
        "方後多定行學法所民得經十三之進著等部度家電力里如水化高自二理起小物現實加量都兩體制機當使點從業本去把性好"
        "應開它合還因由其些然前外天政四日那社義事平形相全表間樣與關各重新線內數正心反你明看原又麼利比或但質氣第向"
        "道命此變條只沒結解問意建月公無系軍很情者最立代想已通並提直題黨程展五果料象員革位入常文總次品式活設及管特"
        "件長求老頭基資邊流路級少圖山統接知較將組見計別她手角期根論運農指幾九區強放決西被做必戰先回則任取據處隊，。、；：？！「」（）"
    ),
    "shift_jis": "".join(map(chr, range(0x3041, 0x30FF))) + "、。ー「」日本年月人大国会一",
    "euc_jp": "".join(map(chr, range(0x3041, 0x30FF))) + "、。ー「」日本年月人大国会一",
    "euc_kr": (
        "이다의는에을를가고한하지은로사도서기자인시대어정나리아그일수들전있것부상제장과보해으구성원라만주스었공여조"
        "국년게미유면동소경화했계문과위치물적였연습니방세선안생신당와무까할합트회오되모내관요용개발결진실중심단"
    ),
}
_COMMON_SETS = {encoding: frozenset(characters) for encoding, characters in _COMMON.items()}
_WESTERN = frozenset(
    "àâäáãåæçèéêëìíîïñòóôöõøùúûüýÿœßÀÂÄÁÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØÙÚÛÜÝŒ“”‘’„‚–—…€£°§«»¡¿·®©™\xa0"
)
_ENOUGH = 0.35  # share of common characters that proves an encoding


def looks_binary(data: bytes) -> bool:
    """True if `data` is not text in any encoding, by its control characters."""
    sample = data[:_SAMPLE]
    if _bom(sample) or _wide_without_bom(sample):
        return False
    return len(_CONTROL.findall(sample)) > _MAX_CONTROL * len(sample)


def decode(data: bytes, *, limit: int, declared: str | None = None) -> tuple[str, bool]:
    """The text of `data`, at most `limit` characters of it, and whether it was cut.

    `declared` is the encoding that the document itself names; it is believed if the bytes fit.
    Bytes that are no character become U+FFFD; nothing is raised.
    """
    encoding, skip = _encoding(data)
    if declared and not skip and _fits(declared, data[:_SAMPLE]):
        encoding = declared
    # No encoding takes more than four bytes a character, so this bounds the memory.
    wanted = data[skip : skip + 4 * limit + 4]
    text = codecs.getincrementaldecoder(encoding)("replace").decode(
        wanted, final=len(wanted) == len(data) - skip
    )
    return text[:limit], len(text) > limit or len(wanted) < len(data) - skip


def _encoding(data: bytes) -> tuple[str, int]:
    """The encoding and the length of its byte order mark."""
    sample = data[:_SAMPLE]
    if bom := _bom(sample):
        return bom
    if wide := _wide_without_bom(sample):
        return wide, 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data[: 1 << 24], final=len(data) <= 1 << 24)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", 0
    if _is_nearly_utf8(sample):
        return "utf-8", 0
    if asian := _asian(sample):
        return asian, 0
    if _is_western(sample):
        return "cp1252", 0
    # Slow to import, and most text is UTF-8.
    from charset_normalizer import from_bytes  # noqa: PLC0415

    best = from_bytes(sample, cp_exclusion=["utf_7", "utf_16", "utf_32"]).best()
    return (best.encoding if best is not None else "cp1252"), 0


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


def _wide_without_bom(sample: bytes) -> str | None:
    """UTF-16 without a mark: every other byte is zero, or nearly so, in Latin text."""
    if len(sample) < 8:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    pairs = len(sample) // 2
    if odd > 0.4 * pairs and even < 0.02 * pairs:
        return "utf-16-le"
    if even > 0.4 * pairs and odd < 0.02 * pairs:
        return "utf-16-be"
    return None


def _is_nearly_utf8(sample: bytes) -> bool:
    """True for UTF-8 with a few damaged bytes among many good characters."""
    text = sample.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    foreign = sum(1 for character in text if character > "\x7f")
    return foreign > 0 and broken < 0.05 * foreign


def _is_western(sample: bytes) -> bool:
    """True if the few foreign bytes read as accented letters and quotes of Western Europe."""
    text = sample.decode("cp1252", "replace")
    foreign = [character for character in text if character > "\x7f"]
    expected = sum(character in _WESTERN for character in foreign)
    return expected > 0.95 * len(foreign) and len(foreign) < 0.3 * len(text)


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
