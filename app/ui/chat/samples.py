"""The sample documents that come with Quire, and what to ask them."""

from collections.abc import Collection
from importlib import resources

_QUESTIONS = {
    "en": {
        "lease-and-handbook.pdf": "How much is the deposit?",
        "visitor-faq.md": "What happens when it is cloudy?",
        "board-minutes.docx": "Which documents mention the telescope?",
    },
    "zh": {
        "设备维护规程.pdf": "接地电阻最大允许是多少欧姆？",
        "visitor-faq.md": "参观要提前多久预约？",
    },
}


def documents() -> list[tuple[str, bytes]]:
    """The samples, as names and contents."""
    files = (resources.files("quire") / "samples").iterdir()
    return sorted((file.name, file.read_bytes()) for file in files)


def questions(names: Collection[str], language: str) -> list[str]:
    """Questions in a language that the samples among these documents answer."""
    return [question for name, question in _QUESTIONS[language].items() if name in names]
