"""What is said where nothing is shown, in the question's language."""

from collections.abc import Collection

_NOT_FOUND = {
    "en": "The documents do not answer this question.",
    "zh": "这些文档没有回答这个问题。",
}
_EMPTY = {
    "en": "There are no documents yet. Add some, then ask again.",
    "zh": "知识库里还没有文档。请先添加文档，再提问。",
}
_UNREADABLE = {
    "en": "The documents are in {languages}, and the question is not; the embedding model in use "
    "does not read both. Ask in the documents' language, or make the knowledge base with a "
    "multilingual embedding model (QUIRE_EMBEDDER).",
    "zh": "文档是{languages}的，而问题不是；现用的嵌入模型不能同时读懂两者。请用文档的语言提问，"
    "或用多语言嵌入模型重新建立知识库（QUIRE_EMBEDDER）。",
}
_UNPROMISED = {
    "en": "No answer is shown, because a risk of at most {asked:.0%} cannot be promised: the least "
    "that was measured is {least:.0%}.",
    "zh": "没有显示答案，因为无法保证错误率不超过{asked:.0%}：实测能保证的最低值是{least:.0%}。",
}
_LEFT_OUT = {
    "en": "{shown} of {of} entries are shown; open the source for the rest.",
    "zh": "显示了{of}项中的{shown}项；其余内容请打开来源查看。",
}
_CHANGED = {
    "en": "“{asked}” stands in no document; “{found}” was searched for.",
    "zh": "文档中没有“{asked}”，已改为搜索“{found}”。",
}
_NAMES = {
    "en": {
        "en": "English",
        "de": "German",
        "fr": "French",
        "es": "Spanish",
        "pt": "Portuguese",
        "it": "Italian",
        "nl": "Dutch",
        "sv": "Swedish",
        "pl": "Polish",
        "cs": "Czech",
        "tr": "Turkish",
        "vi": "Vietnamese",
        "latin": "English or another European language",
        "zh": "Chinese",
        "ja": "Japanese",
        "ko": "Korean",
        "ru": "Russian or another language in Cyrillic",
        "ar": "Arabic",
        "el": "Greek",
        "other": "a language that it does not know",
    },
    "zh": {
        "en": "英文",
        "de": "德文",
        "fr": "法文",
        "es": "西班牙文",
        "pt": "葡萄牙文",
        "it": "意大利文",
        "nl": "荷兰文",
        "sv": "瑞典文",
        "pl": "波兰文",
        "cs": "捷克文",
        "tr": "土耳其文",
        "vi": "越南文",
        "latin": "英文（或其他西文）",
        "zh": "中文",
        "ja": "日文",
        "ko": "韩文",
        "ru": "俄文",
        "ar": "阿拉伯文",
        "el": "希腊文",
        "other": "其他文字",
    },
}


def empty(language: str) -> str:
    """There is nothing to answer from."""
    return _in(_EMPTY, language)


def not_found(language: str) -> str:
    """The documents were searched and do not answer the question."""
    return _in(_NOT_FOUND, language)


def unreadable(language: str, *, documents: Collection[str]) -> str:
    """The documents could not be searched: they are in other languages than the question, named
    as `quire.text.languages` does, or "latin" for one of those written in Latin letters.

    >>> unreadable("fr", documents=["zh"]).split(",")[0]
    'The documents are in Chinese'
    """
    names = _NAMES["zh" if language == "zh" else "en"]
    joint = "和" if language == "zh" else " and "
    told = joint.join(names.get(one, names["other"]) for one in documents)
    return _in(_UNREADABLE, language).format(languages=told)


def unpromised(language: str, *, asked: float, least: float) -> str:
    """So small a risk cannot be promised.

    >>> unpromised("en", asked=0.01, least=0.15)[:66]
    'No answer is shown, because a risk of at most 1% cannot be promise'
    """
    return _in(_UNPROMISED, language).format(asked=asked, least=least)


def changed(language: str, *, asked: str, found: str) -> str:
    """A word was searched for in another form."""
    return _in(_CHANGED, language).format(asked=asked, found=found)


def left_out(language: str, *, shown: int, of: int) -> str:
    """A list or table is not shown to its end."""
    return _in(_LEFT_OUT, language).format(shown=shown, of=of)


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language, texts["en"])
