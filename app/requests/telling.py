"""What is said to requests, in the language in which they were made."""

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from quire.records import Document
from quire.requests.detect import Order, Request

LISTED = 50
"""Documents that a list names; the page of documents and `quire list` have them all."""

_EQUAL = 3  # that are named beside the first
_QUIRE = {
    "greeting": {
        "en": "Hello. Ask about your documents: {documents} here.",
        "zh": "您好。请就您的文档提问：这里有{documents}。",
    },
    "thanks": {"en": "You are welcome.", "zh": "不客气。"},
    "bye": {"en": "Goodbye.", "zh": "再见。"},
    "who": {
        "en": "I am Quire. I answer from your own documents ({documents} here), and show for each "
        "sentence where it stands. Ask what they say, how many there are, which mention a word, or "
        "what there is on a subject; or say “Summarize …” or “Compare … with …” and the names of "
        "files.",
        "zh": "我是 Quire，根据您自己的文档（这里有{documents}）回答问题，并给出每句话的出处。"
        "您可以问文档里说了什么、有多少个文档、哪些文档提到某个词、有哪些关于某个主题的资料，"
        "也可以说“总结……”或“比较……和……”，写出文件名即可。",
    },
}
_CANNOT = {
    "remove": {
        "en": "A message removes no document. Remove it on the page of documents, or with: "
        "quire remove {name}",
        "zh": "发消息不能删除文档。请在文档页面删除，或使用命令：quire remove {name}",
    },
    "add": {
        "en": "A message adds no document. Drop files into the page of the browser, or use: "
        "quire ingest {name}",
        "zh": "发消息不能添加文档。请把文件拖进浏览器页面，或使用命令：quire ingest {name}",
    },
    "translate": {
        "en": "Quire does not translate documents. Ask what you want to know of it, and the answer "
        "quotes it.",
        "zh": "Quire 不翻译文档。请直接问您想知道的内容，回答会引用原文。",
    },
    "change": {
        "en": "Quire changes, sends and prints no files. Change the file itself and add it again: "
        "its new version takes the place of the old one.",
        "zh": "Quire 不会修改、发送或打印文件。请修改文件本身，然后重新添加：新版本会取代旧版本。",
    },
}
_VERBS = {
    **dict.fromkeys(("delete", "remove", "erase", "删除", "删掉", "移除"), "remove"),
    **dict.fromkeys(("add", "upload", "import", "ingest", "添加", "上传", "导入", "加入"), "add"),
    **dict.fromkeys(("translate", "翻译"), "translate"),
}
_FIRST: dict[Order, dict[str, str]] = {
    "newest": {"en": "changed last, on {date}", "zh": "文件最后修改于{date}，是最新的"},
    "oldest": {
        "en": "not changed for the longest time, since {date}",
        "zh": "文件最后修改于{date}，是最早的",
    },
    "added": {"en": "added last, on {date}", "zh": "添加于{date}，是最近添加的"},
    "longest": {"en": "the longest, with {extent}", "zh": "最长，有{extent}"},
    "shortest": {"en": "the shortest, with {extent}", "zh": "最短，有{extent}"},
}


def quire(request: Request, *, documents: int) -> str:
    """What Quire says of itself, to a greeting for instance."""
    there = counted(documents, "document", request.language)
    return _QUIRE[request.kind][request.language].format(documents=there)


def cannot(request: Request) -> str:
    """That it cannot be done here, and what to do instead."""
    what = _CANNOT[_VERBS.get(request.verb, "change")][request.language]
    name = request.named[0].text if request.named else ""
    place = "PATH" if "ingest" in what else "NAME"
    return what.format(name=f"'{name}'" if " " in name else name or place)


def count(request: Request, documents: Sequence[Document], *, all_: int) -> str:
    """How many documents there are, of which formats, and how many pages they have."""
    pages = sum(document.pages or 0 for document in documents)
    formats = Counter(_format(document) for document in documents).most_common()
    if request.language == "zh":
        told = "、".join(f"{name} {number}个" for name, number in formats)
        among = f"（全部{all_}个文档中）" if request.suffixes else ""
        said = f"共有{len(documents)}个文档{among}"
        said += f"，其中有页码的共{pages:,}页" if pages else ""
        return f"{said}：{told}。" if formats else f"{said}。"
    be = "is" if len(documents) == 1 else "are"
    said = f"There {be} {counted(len(documents), 'document', 'en')}"
    said += f" of these among {all_:,}" if request.suffixes else ""
    said += f", with {counted(pages, 'page', 'en')} in those that have pages" if pages else ""
    told = ", ".join(f"{number} {name}" for name, number in formats)
    return f"{said}: {told}." if formats else f"{said}."


def listing(request: Request, documents: Sequence[Document], *, all_: int) -> str:
    """The documents, a line each."""
    head = count(request, documents, all_=all_)
    lines = [f"- {_line(document, request.language)}" for document in documents[:LISTED]]
    if len(documents) > LISTED:
        left = len(documents) - LISTED
        lines.append(
            f"另有{left}个：见文档页面，或使用命令 quire list"
            if request.language == "zh"
            else f"and {left:,} more: see the page of documents, or use: quire list"
        )
    return "\n".join((head, *lines))


def first(request: Request, ordered: Sequence[Document]) -> str:
    """Which document comes first in an order, with those that equal it."""
    best = ordered[0]
    value = _value(best, request.order)
    equal = [other.name for other in ordered[1:] if _value(other, request.order) == value]
    date = (best.added_at if request.order == "added" else best.modified)[:10]
    what = _FIRST[request.order][request.language]
    told = what.format(date=date, extent=_extent(best, request.language))
    if request.language == "zh":
        said = f"{best.name}：{told}"
        return f"{said}（{'、'.join(equal[:_EQUAL])}与它相同）。" if equal else f"{said}。"
    one = "" if request.order in {"longest", "shortest"} else "the one "
    said = f"{best.name} is {one}{told}"
    so = "so is" if len(equal) == 1 else "so are"
    return f"{said}; {so} {', '.join(equal[:_EQUAL])}." if equal else f"{said}."


def ordered(documents: Sequence[Document], order: Order) -> list[Document]:
    """Documents in an order, the one that it asks for first."""
    descending = order in {"newest", "added", "longest"}
    by_name = sorted(documents, key=lambda document: document.name)
    return sorted(by_name, key=lambda document: _value(document, order), reverse=descending)


def facts(document: Document, language: str) -> str:
    """What is known of a file."""
    added, modified = document.added_at[:10], document.modified[:10]
    extent = _extent(document, language)
    if language == "zh":
        return f"{document.name}有{extent}；添加于{added}，文件最后修改于{modified}。"
    dates = f"it was added on {added}, and its file last changed on {modified}"
    return f"{document.name} has {extent}; {dates}."


def missing(names: Sequence[str], language: str) -> str:
    """That there is no document of a name."""
    if language == "zh":
        told = "、".join(f"“{name}”" for name in names)
        return f"没有名为{told}的文档。说“列出所有文件”可以看到有哪些文档。"
    told = " or ".join(f"“{name}”" for name in names)
    return f"There is no document called {told}. Say “List all documents” to see what there is."


def several(name: str, documents: Sequence[Document], language: str) -> str:
    """That a name may mean several documents."""
    told = [document.name for document in documents[:LISTED]]
    if language == "zh":
        return f"“{name}”可以指{len(documents)}个文档，请写出其中一个的文件名：\n" + "\n".join(
            f"- {one}" for one in told
        )
    return f"“{name}” may mean {len(documents)} documents. Name one of these files:\n" + "\n".join(
        f"- {one}" for one in told
    )


def one_at_a_time(documents: Sequence[Document], language: str) -> str:
    """That documents are summarized one by one."""
    name = documents[0].name if documents else ""
    if language == "zh":
        return f"Quire 一次总结一个文档。请写出文件名，例如：总结{name}"
    return f"Quire summarizes one document at a time. Name it, such as: Summarize {name}"


def about(topic: str, *, shown: int, found: int, language: str) -> str:
    """How many documents bear on a subject."""
    if language == "zh":
        more = f"，以下是最接近的{shown}个" if shown < found else ""
        return f"有{found}个文档与“{topic}”有关{more}："
    documents = counted(found, "document", "en")
    bear = "bears" if found == 1 else "bear"
    more = f", of which the nearest {shown} are quoted" if shown < found else ""
    return f"{documents} {bear} on “{topic}”{more}:"


def nothing_about(topic: str, *, documents: int, language: str) -> str:
    """That no document bears on a subject."""
    if language == "zh":
        return f"{documents}个文档中没有与“{topic}”有关的内容。"
    return f"None of {counted(documents, 'document', 'en')} bears on “{topic}”."


def counted(number: int, what: str, language: str) -> str:
    """A number of documents or pages in words."""
    if language == "zh":
        return f"{number}{'页' if what == 'page' else '个文档'}"
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _value(document: Document, order: Order) -> str | tuple[int, int]:
    if order in {"longest", "shortest"}:
        return document.pages or 0, document.chunks
    return document.added_at if order == "added" else document.modified


def _extent(document: Document, language: str) -> str:
    if document.pages:
        return counted(document.pages, "page", language)
    if language == "zh":
        return f"{document.chunks}个段落（该格式没有页码）"
    passages = f"{document.chunks:,} passage{'s' * (document.chunks != 1)}"
    return f"{passages} and no pages"


def _line(document: Document, language: str) -> str:
    """A file with its extent. A name that ends as a word does stands apart from what follows."""
    extent = _extent(document, language) if document.pages else ""
    between = "，" if language == "zh" else ", "
    return f"{document.name}{between}{extent}" if extent else document.name


def _format(document: Document) -> str:
    suffix = PurePath(document.name).suffix.lstrip(".")
    return suffix.upper() if suffix and suffix.isascii() else "?"


def compared(
    first: Document,
    second: Document,
    *,
    differing: int,
    same: int,
    only: tuple[int, int],
    language: str,
) -> str:
    """How far two documents say the same, by their statements."""
    if language == "zh":
        said = f"{first.name}与{second.name}：说法不同的有{differing}处，相同的有{same}处"
        return f"{said}，只在前者中的有{only[0]}处，只在后者中的有{only[1]}处。"
    places = "place" if differing == 1 else "places"
    return (
        f"{first.name} and {second.name} say different things in {differing} {places} and the same "
        f"in {same}; {only[0]} stand in the first alone, {only[1]} in the second."
    )


def on_subject(topic: str, first: Document, second: Document, language: str) -> str:
    """What is compared of two documents."""
    if language == "zh":
        return f"关于“{topic}”，{first.name}与{second.name}分别这样说："
    return f"On “{topic}”, {first.name} and {second.name} say:"


def comparison_notes(*, left: int, cut: bool, language: str) -> tuple[str, ...]:
    """What of a comparison is not shown."""
    chinese = language == "zh"
    said = []
    if left:
        said.append(
            f"另有{left}处没有显示；请就某个主题比较。"
            if chinese
            else f"{left:,} more are not shown; compare the files on one subject to see them."
        )
    if cut:
        said.append(
            "文档很长，只比较了开头部分。"
            if chinese
            else "The documents are long: only their beginnings were compared."
        )
    return tuple(said)
