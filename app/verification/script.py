"""Whether a text is compared character by character, as Chinese is, or word by word."""

from functools import lru_cache

from quire.text import languages


@lru_cache(maxsize=4096)  # the sentences of an answer's passages, each compared many times
def is_chinese(text: str) -> bool:
    """Whether a text is Chinese, mostly.

    >>> is_chinese("年假为五天。"), is_chinese("The leave is five days.")
    (True, False)
    """
    return languages.detect(text) == "zh"
