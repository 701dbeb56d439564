"""Quire: a private knowledge base that proves every sentence with the page it came from.

    from quire import KnowledgeBase

    with KnowledgeBase.open("notes") as kb:
        kb.add("contracts/")
        answer = kb.ask("When does the lease end?")
        for sentence in answer.sentences:
            print(sentence.text, [f"{c.document.title} p.{c.page}" for c in sentence.citations])

Names are loaded when they are first used, so that `import quire` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quire.answering.question import Question
    from quire.checked import CheckedStatement, CheckedText, Searched
    from quire.config import Settings, load_settings
    from quire.errors import QuireError
    from quire.indexes.scope import Scope
    from quire.ingest.loaders.given import GivenText
    from quire.ingest.report import IngestReport
    from quire.knowledge_base import KnowledgeBase
    from quire.models.library import Models
    from quire.records import Answer, Citation, Document, Hit, Passage, Sentence

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "CheckedStatement",
    "CheckedText",
    "Citation",
    "Document",
    "GivenText",
    "Hit",
    "IngestReport",
    "KnowledgeBase",
    "Models",
    "Passage",
    "Question",
    "QuireError",
    "Scope",
    "Searched",
    "Sentence",
    "Settings",
    "load_settings",
]

_HOMES = {
    "CheckedStatement": "quire.checked",
    "CheckedText": "quire.checked",
    "GivenText": "quire.ingest.loaders.given",
    "IngestReport": "quire.ingest.report",
    "KnowledgeBase": "quire.knowledge_base",
    "Models": "quire.models.library",
    "Question": "quire.answering.question",
    "QuireError": "quire.errors",
    "Scope": "quire.indexes.scope",
    "Searched": "quire.checked",
    "Settings": "quire.config",
    "load_settings": "quire.config",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'quire' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "quire.records")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
