"""What reports say beside the texts that they carry, in the language of these."""

from dataclasses import dataclass

from quire.checked import CheckedText, Searched
from quire.messages.translations import translated
from quire.records import Citation, Support
from quire.text import languages


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language. {values} are filled in."""

    title: str
    verdicts: dict[Support, str]
    overview: str
    text: str
    sources: str
    statements: str
    searched: str
    scope: str
    by_words: str
    nowhere: str
    nearest: str
    page: str
    left_out: str
    computed: str
    between: str


ENGLISH = Wording(
    title="Checked against the documents",
    verdicts={
        "contradicted": "contradicted",
        "unsupported": "not found",
        "partly": "partly, or in other words",
        "computed": "computed",
        "supported": "supported",
    },
    overview="What needs a look",
    text="The text",
    sources="What the documents say",
    statements="{n} statements: {counts}.",
    searched="Held against {documents} documents, {passages} passages, {pages} pages, of which "
    "{without} have no text, so that nothing can be found on them.",
    scope="Only documents {scope}.",
    by_words="Only words were compared, since the embedding model does not read the language.",
    nowhere="In no document: {words}.",
    nearest="Nearest",
    page="{document}, page {page}",
    left_out="{n} statements were not looked at.",
    computed="Computed",
    between=", ",
)
CHINESE = Wording(
    title="对照文档核查的结果",
    verdicts={
        "contradicted": "与文档矛盾",
        "unsupported": "未找到依据",
        "partly": "部分有据，或换了说法",
        "computed": "由引文算出",
        "supported": "有依据",
    },
    overview="需要留意之处",
    text="全文",
    sources="文档中的说法",
    statements="共{n}条陈述：{counts}。",
    searched="对照了{documents}个文档、{passages}个段落、{pages}页，其中{without}页没有文字，"
    "无法查找。",
    scope="仅限这些文档：{scope}。",
    by_words="嵌入模型读不懂这种语言，只比较了字词。",
    nowhere="所有文档中都没有：{words}。",
    nearest="最接近",
    page="{document}，第{page}页",
    left_out="有{n}条陈述没有核查。",
    computed="算式",
    between="、",
)


def wording(text: str) -> Wording:
    """That of the language of a text: Chinese, or else English."""
    return CHINESE if languages.detect(text[:20_000]) == "zh" else ENGLISH


def summary(checked: CheckedText, words: Wording) -> list[str]:
    """What was found, and in what, a sentence each."""
    counts = checked.counts
    told = words.between.join(f"{words.verdicts[one]} {counts[one]}" for one in words.verdicts)
    said = [words.statements.format(n=len(checked.judged), counts=told)]
    said += _searched(checked.searched, words)
    if checked.left_out:
        said.append(words.left_out.format(n=checked.left_out))
    language = "zh" if words is CHINESE else "en"
    return [*said, *(translated(note, language) for note in checked.notes)]


def _searched(searched: Searched, words: Wording) -> list[str]:
    said = [
        words.searched.format(
            documents=searched.documents,
            passages=searched.passages,
            pages=searched.pages,
            without=searched.pages_without_text,
        )
    ]
    if searched.scope:
        said.append(words.scope.format(scope=searched.scope))
    if not searched.by_meaning:
        said.append(words.by_words)
    return said


def place(citation: Citation, words: Wording) -> str:
    """The document of a quote, and its page where it has pages."""
    if citation.page is None:
        return citation.document.name
    return words.page.format(document=citation.document.name, page=citation.page)
