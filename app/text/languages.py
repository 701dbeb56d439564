"""Which language a text is in, as far as Quire must know: by its script.

Quire answers in English and Chinese. Script decides between them without a model and holds for a
question of three words; a language of another script is named by it, so that nobody is told that
"nothing was found" where nothing could be read.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
"""Han characters, as the inside of a regular expression's character class."""

UNSPACED = CJK + "\u3041-\u30ff\u31f0-\u31ff\u0e00-\u0e7f"
"""Scripts written without spaces: Han, kana, Thai."""

_HAN = re.compile(f"[{CJK}]")
_OF_UNSPACED = re.compile(f"[{UNSPACED}]")
_KANA = re.compile("[\u3041-\u30ff\u31f0-\u31ff]")
_SCRIPTS = {"LATIN": "en", "CYRILLIC": "ru", "HANGUL": "ko", "ARABIC": "ar", "GREEK": "el"}
_SAMPLE = 20_000  # characters; the script of a book shows in its first pages
_LATIN_SAMPLE = 2_000  # characters; and the words of a language in its first lines
_ENGLISH = frozenset(
    """
    the of and to for that it with as on by at from this are be or an which have has had not but his
    her their its they he she we you can may must will would should does did what when where who
    whom whose why how many much there than been were if into about after before during between
    """.split()
)
_ENGLISH_TOO = frozenset({"is", "was", "in", "a", "i", "s"})
"""Those that other languages have as well. In a question they would weigh too much; in a passage
there is enough of others."""
_BRIEF = 8  # words: a question, of which a letter with an accent tells something too
_FUNCTION_WORDS = {
    "de": "wann wer wie warum wo welche welcher wird ist sind nicht und für mit auf haben viele "
    "ein eine der das den die ich was",
    "fr": "quand qui que quel quelle comment pourquoi combien où est sont se ne pas pour dans avec "
    "une un le la les des du et",
    "es": "cuándo quién qué cuál cómo dónde cuánto es son para con por una que se no el la "
    "los las del un y en su",
    "pt": "quando quem qual como onde quanto é são o para com por uma que se não os as do da "
    "no na em um e",
    "it": "quando chi che quale come dove perché quanto è sono per con una non si il lo gli della "
    "del di la un nel alla",
    "nl": "wanneer wie waarom hoe waar welke wordt zijn niet het een voor met op bij naar van de "
    "en aan hoeveel dit dat ook",
    "sv": "när vem vad hur varför vilken vilka är och inte för med på av till som att det den ett "
    "en hos från ska kan",
    "pl": "kiedy kto co jak dlaczego gdzie który jaka ile jest są nie dla na w z i do się po od "
    "przez oraz długo czy",
    "cs": "kdy kdo co jak proč kde který jaká kolik je jsou není pro na v s a do se po od podle "
    "nebo dlouho za",
    "tr": "ne kim nasıl neden nerede hangi kaç zaman için ile ve bir bu mi mı mu değil olarak daha "
    "kadar gibi olan sona",
    "vi": "khi nào ai gì sao đâu bao nhiêu là của và không cho với trong các những được một này có "
    "ở hết thế",
}
"""At most 25 very frequent words of each language: enough to tell it in a sentence of five words.
An English question has some of its own, which weigh twice as much."""
_OF_NAMES = frozenset(
    "de la le el los las les des du del di da do das dos den der dem van het il lo gli en un e y i "
    "a as os in is no na se o do die was s v z w".split()
)
"""Those that stand in names too (Los Angeles, van Gogh), or look like English ones."""
_FEW = 0.15  # of the words of a text: the least that function words make in such a language
_WITHIN = re.compile(r"[\s,'’-]*")
_LATIN_WORD = re.compile(r"[^\W\d_]+")


def detect(text: str) -> str:
    """The language code of the prevailing script: "en" for Latin, "zh" for Han without kana.

    >>> detect("When does the lease end?"), detect("年假有几天？"), detect("Что такое договор?")
    ('en', 'zh', 'ru')

    A Han character carries about as much as a Latin word, so two of them outweigh a name.
    >>> detect("Kubernetes 集群如何扩容")
    'zh'
    """
    sample = text[:_SAMPLE]
    han = len(_HAN.findall(sample))
    kana = len(_KANA.findall(sample))
    letters: dict[str, int] = {}
    for character in sample:
        if character.isalpha():
            language = _language_of(character)
            letters[language] = letters.get(language, 0) + 1
    if kana and kana * 10 >= han:
        return "ja"
    alphabetic = {code: n for code, n in letters.items() if code not in {"zh", "ja"}}
    best = max(alphabetic, key=lambda code: alphabetic[code], default="en")
    return "zh" if han * 3 > alphabetic.get(best, 0) else best


def identify(text: str) -> str:
    """The language code of a text, which for Latin letters is more than `detect` says: one of some
    ten languages where its most frequent words tell so, else "en".

    >>> identify("Wann endet der Mietvertrag?"), identify("Quand se termine le bail ?")
    ('de', 'fr')
    >>> identify("When did Charles de Gaulle leave the Rue de la Paix?"), identify("El Niño")
    ('en', 'en')
    """
    language = detect(text)
    if language != "en":
        return language
    sample = text[:_LATIN_SAMPLE]
    words = list(_words_of(sample))
    brief = len(words) <= _BRIEF
    accented = brief and any(not word.isascii() for word in words)
    english = sum(word in _ENGLISH or (not brief and word in _ENGLISH_TOO) for word in words)
    plain = [_plain(word) for word in words]
    best, most = "en", 0
    for code, function in _functions().items():
        found = [word for word in plain if word in function]
        telling = sum(word not in _OF_NAMES for word in found)
        if telling and len(found) + accented > most:
            best, most = code, len(found) + accented
    enough = most >= max(2, _FEW * len(words)) and most > 2 * english
    return best if enough else "en"


def of_passage(text: str) -> str:
    """As `identify`, but "latin" for a text in Latin letters that nothing shows to be English."""
    language = identify(text)
    words = list(_words_of(text[:_LATIN_SAMPLE]))
    english = sum(word in _ENGLISH or word in _ENGLISH_TOO for word in words)
    return "latin" if language == "en" and english < max(2, _FEW * len(words)) else language


def function_words(language: str) -> frozenset[str]:
    """Words of a language in Latin letters that tell nothing by themselves, without accents; none
    where they are not known here."""
    return _functions().get(language, frozenset())


@lru_cache(maxsize=1)
def _functions() -> dict[str, frozenset[str]]:
    return {code: frozenset(_plain(words).split()) for code, words in _FUNCTION_WORDS.items()}


def _plain(text: str) -> str:
    """A text in lower case and without accents, which not all who write leave in place."""
    if text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words_of(text: str) -> Iterator[str]:
    """The words in lower case, without those that a capital within a sentence shows for names."""
    begins = True
    end = 0
    for match in _LATIN_WORD.finditer(text):
        begins = begins or not _WITHIN.fullmatch(text, end, match.start())
        if begins or not match[0][0].isupper():
            yield match[0].casefold()
        begins, end = False, match.end()


def are_apart(one: str, other: str) -> bool:
    """Whether texts in two languages, codes as `detect` gives them, can share no word: one is
    written without spaces, as Chinese and Japanese are, the other not.

    >>> are_apart("zh", "en"), are_apart("zh", "ja"), are_apart("en", "de")
    (True, False, False)
    """
    return (one in {"zh", "ja"}) != (other in {"zh", "ja"})


def is_unspaced(text: str) -> bool:
    """Whether a text begins in a script that is written without spaces."""
    return _OF_UNSPACED.match(text) is not None


@lru_cache(maxsize=4096)
def _language_of(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if name.startswith("CJK"):
        return "zh"
    if name.startswith(("HIRAGANA", "KATAKANA")):
        return "ja"
    return _SCRIPTS.get(name.split(" ", 1)[0], "other")
