"""What is said where nothing is shown, in the question's language."""

from collections.abc import Collection, Sequence

from quire.records import Refusal

_NAMED = 4  # words of a question that a sentence names

_NOT_FOUND = {
    "en": "The documents do not answer this question.",
    "zh": "这些文档没有回答这个问题。",
}
_SEARCHED = {
    "en": "Looked for {words} in {where}.",
    "zh": "查找了{words}，范围是{where}。",
}
_NOWHERE = {
    "en": "{words} {stand} {where}.",
    "zh": "{where}中都没有出现{words}。",
}
_NEAREST = {
    "en": "The nearest passage has {has} and lacks {lacks}.",
    "zh": "最接近的段落有{has}，没有{lacks}。",
}
_LACKS_ALL = {
    "en": "The nearest passage lacks {lacks}.",
    "zh": "最接近的段落没有{lacks}。",
}
_BY_WORDS = {
    "en": "Only words were compared, since the embedding model in use does not read {language}; a "
    "multilingual one may find what is said in other words (quire reindex --embedder NAME).",
    "zh": "现用的嵌入模型读不懂{language}，因此只比较了字词；换用多语言嵌入模型"
    "（quire reindex --embedder NAME）可能找到换了说法的内容。",
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
_DOUBTFUL = {
    "en": "What is quoted may not answer the question.",
    "zh": "引文不一定回答了这个问题。",
}
_QUOTES_LACK = {
    "en": "What is quoted may not answer the question: {words} {stand} nowhere in it.",
    "zh": "引文不一定回答了这个问题：其中没有{words}。",
}
_LEFT_OUT = {
    "en": "Entries 1 to {shown} of {of} are shown; open the source for the rest.",
    "zh": "共{of}项，显示了第1至{shown}项；其余内容请打开来源查看。",
}
_CUT_SHORT = {
    "en": "The model did not finish its answer; ask again for a part of it, or raise answer_tokens "
    "in the settings.",
    "zh": "模型没有写完答案；可以只问其中一部分，或在设置中调大 answer_tokens。",
}
_UNFOUNDED = {
    "en": "No answer is shown: the model wrote one, and none of its {statements} statements was "
    "found in the sources.",
    "zh": "没有显示答案：模型作了回答，但其中{statements}条陈述在资料中都找不到依据。",
}
_JUDGED = {
    "en": "The check was unsure of {statements} of these statements, and the chat model says that "
    "the quotes tell them; look at the quotes where it matters.",
    "zh": "其中{statements}条陈述，检查本身拿不准，由聊天模型判断为引文所述；重要之处请查看引文。",
}
_COUNTED = {"en": "There are {of}:", "zh": "共{of}项："}
_CHANGED = {
    "en": "“{asked}” stands in no document; “{found}” was searched for.",
    "zh": "文档中没有“{asked}”，已改为搜索“{found}”。",
}
_QUOTED = {
    "en": "The question and what is quoted are in two languages: the quotes are in {language}, as "
    "they stand in the documents.",
    "zh": "提问与引文的语言不同：引文是{language}，按文档原文摘录。",
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


def not_found(refusal: Refusal, *, language: str) -> str:
    """The documents were searched and do not answer the question; what is missing, and whether
    another embedding model might find it."""
    said = [_in(_NOT_FOUND, language)]
    where = _where(refusal, language)
    if refusal.nowhere:
        words = _quoted(refusal.nowhere, language)
        several = len(refusal.nowhere) > 1
        if refusal.documents == 1:
            stand = "do not stand in" if several else "does not stand in"
        else:
            stand = "stand in none of" if several else "stands in none of"
        said.append(_in(_NOWHERE, language).format(words=words, stand=stand, where=where))
    elif refusal.looked_for:
        words = _quoted(refusal.looked_for, language)
        said.append(_in(_SEARCHED, language).format(words=words, where=where))
    near = refusal.nearest[0] if refusal.nearest else None
    if near and near.lacks and (near.has or near.lacks != refusal.nowhere):
        form = _NEAREST if near.has else _LACKS_ALL
        has = _quoted(near.has, language) if near.has else ""
        said.append(_in(form, language).format(has=has, lacks=_quoted(near.lacks, language)))
    if not refusal.by_meaning:
        name = named(language, language)
        said.append(_in(_BY_WORDS, language).format(language=name))
    return ("" if language == "zh" else " ").join(said)


def named(code: str, language: str) -> str:
    """A language, as `quire.text.languages` calls it, in words of a language."""
    names = _NAMES["zh" if language == "zh" else "en"]
    return names.get(code, names["other"])


def _where(refusal: Refusal, language: str) -> str:
    if language == "zh":
        among = "所选范围内的" if refusal.scope else ""
        return f"{among}{refusal.documents}个文档（{refusal.passages}个段落）"
    documents = "document" if refusal.documents == 1 else "documents"
    passages = "passage" if refusal.passages == 1 else "passages"
    among = f" {refusal.scope}" if refusal.scope else ""
    return (
        f"the {refusal.documents:,} {documents}{among} ({refusal.passages:,} {passages})"
        if refusal.documents > 1
        else f"the one document{among} ({refusal.passages:,} {passages})"
    )


def _quoted(words: Sequence[str], language: str) -> str:
    shown = [f"“{word}”" for word in words[:_NAMED]]
    if language == "zh":
        return "、".join(shown) + ("等" if len(words) > _NAMED else "")
    if len(words) > _NAMED:
        return f"{', '.join(shown)} and {len(words) - _NAMED} more"
    *others, last = shown
    return f"{', '.join(others)} and {last}" if others else last


def unreadable(language: str, *, documents: Collection[str]) -> str:
    """The documents could not be searched: they are in other languages than the question, named
    as `quire.text.languages` does, or "latin" for one of those written in Latin letters.

    >>> unreadable("fr", documents=["zh"]).split(",")[0]
    'The documents are in Chinese'
    """
    joint = "和" if language == "zh" else " and "
    told = joint.join(named(one, language) for one in documents)
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


def quoted_in(language: str, *, quoted: str) -> str:
    """What is quoted is in another language than the question."""
    return _in(_QUOTED, language).format(language=named(quoted, language))


def unanswered(language: str) -> str:
    """A model has read the documents and finds no answer."""
    return _in(_NOT_FOUND, language)


def cut_short(language: str) -> str:
    """The reply of a model ended before it was done."""
    return _in(_CUT_SHORT, language)


def unfounded(language: str, *, statements: int) -> str:
    """A model answered, and nothing that it said was found in the sources."""
    return _in(_UNFOUNDED, language).format(statements=statements)


def judged(language: str, *, statements: int) -> str:
    """The chat model found that quotes tell what the check was unsure of."""
    return _in(_JUDGED, language).format(statements=statements)


def counted(language: str, *, of: int) -> str:
    """How many items a list has.

    >>> counted("en", of=14)
    'There are 14:'
    """
    return _in(_COUNTED, language).format(of=of)


def doubtful(language: str, *, lacks: Sequence[str]) -> str:
    """What is quoted may be no answer, and has none of these words of the question.

    >>> doubtful("en", lacks=["wheel"])
    'What is quoted may not answer the question: “wheel” stands nowhere in it.'
    """
    if not lacks:
        return _in(_DOUBTFUL, language)
    stand = "stand" if len(lacks) > 1 else "stands"
    return _in(_QUOTES_LACK, language).format(words=_quoted(lacks, language), stand=stand)


def left_out(language: str, *, shown: int, of: int) -> str:
    """A list or table is not shown to its end."""
    return _in(_LEFT_OUT, language).format(shown=shown, of=of)


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language, texts["en"])
