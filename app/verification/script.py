"""Which of two kinds a text is of, as they are compared otherwise: words, or Chinese characters."""

from functools import lru_cache

from quire.text import languages


@lru_cache(maxsize=4096)  # the sentences of an answer's passages, each compared many times
def is_chinese(text: str) -> bool:
    """Whether a text is compared character by character.

    >>> is_chinese("年假为五天。"), is_chinese("The leave is five days.")
    (True, False)
    """
    return languages.detect(text) == "zh"
