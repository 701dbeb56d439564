"""What was found for a question: passages, evidence, and whether that is enough."""

from dataclasses import dataclass

from quire.answering.confidence import Judgement
from quire.answering.evidence import Evidence
from quire.answering.question import Asked
from quire.answering.several import Several
from quire.answering.tabulating import Tabled
from quire.answering.versions.comparing import Compared
from quire.answering.versions.settling import Chain
from quire.models.protocols import Embedder
from quire.records import Hit, Passage, Refusal
from quire.search import question_parts, question_words
from quire.search.question_words import QuestionWords
from quire.search.wording import Change
from quire.surveys.telling import Surveyed


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question. `standalone` is the question as it was understood.

    `chains` are what the documents said of the same at different times; what is superseded is not
    among the evidence. `changes` answer a question about what has changed, `tabled` is what a table
    answers by itself, and `several` what each of several documents says. `judgement` says whether
    to answer; it is None where there was nothing to judge. `unread` are the documents' languages
    where neither words nor meaning could lead from the question to them. `reworded` are the words
    that were searched for in another form. `refusal` says what was looked for where documents were
    searched and it is not enough. `embedder` is the model that searched, None where there are no
    documents.
    """

    asked: Asked
    standalone: str
    language: str
    passages: tuple[Passage, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    judgement: Judgement | None = None
    unread: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    survey: Surveyed | None = None
    reworded: tuple[Change, ...] = ()
    chains: tuple[Chain, ...] = ()
    changes: Compared | None = None
    refusal: Refusal | None = None
    tabled: Tabled | None = None
    several: Several | None = None
    embedder: Embedder | None = None
    retrieve_ms: float = 0.0

    @property
    def words(self) -> QuestionWords:
        """The words of what the question asks, without those that only ask."""
        return question_words.read(question_parts.parse(self.standalone).subject)

    @property
    def worth_asking(self) -> bool:
        """Whether a model is to be asked: where it is for the model to say what answers the
        question, as soon as something bears on it."""
        return self.enough or (self.asked.by_model and bool(self.evidence))

    @property
    def enough(self) -> bool:
        return bool(self.tabled or self.several) or (
            self.judgement is not None and self.judgement.enough
        )
