"""Which language a text is in, as far as Quire must know: by its script.

Quire answers in English and Chinese. Script decides between them without a model and holds for a
question of three words; a language of another script is named by it, so that nobody is told that
"nothing was found" where nothing could be read.
"""

import re
import unicodedata
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
