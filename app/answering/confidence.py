"""How likely the evidence answers the question, and from where on an answer is shown.

A sentence can hold most of a question's words and still not answer it: the year is another one, the
question denies what the sentence says, or one rare word of it stands nowhere. So confidence is a
logistic function of a dozen signals, each with a meaning of its own, and its weights were fitted on
questions of which it is known whether the sentences shown held the answer. `calibration.json` holds
the weights, what they were fitted on, and how often answers above each threshold were wrong;
benchmarks/calibration.py makes it.

Words cannot tell a question that the documents nearly answer from one that they do. The entailment
model can, which reads the best sentence and the question together: of handbooks, contracts, manuals
and tables, where its word is one more signal, with weights of their own. Of running text that
stands under nothing, such as that of an encyclopedia, it tells little, and is not asked.
"""

import json
import logging
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from importlib.resources import files

from quire.answering import evidence, lacking, showing
from quire.answering.evidence import Evidence
from quire.errors import ModelUnusable, UsageError
from quire.models.protocols import ReadsQuestions
from quire.records import Passage
from quire.search.information import Information
from quire.search.query import Query
from quire.text import analysis
from quire.verification import opposites, premises

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Þ][\w’'-]*\w")
_NUMBER = re.compile(r"\d[\d,.]*")
_CODE = re.compile(
    r"(?<![A-Za-z0-9-])(?:0x[0-9A-Fa-f]+|[A-Za-z]{1,6}(?:-[A-Za-z]{1,6})?-?\d[A-Za-z0-9]*(?:-[A-Za-z0-9]+)*)"
    r"(?![A-Za-z0-9])"
)
"""A model, a part or an error, by its code; no quantity, which begins with its number."""
_COMMON = """
able again allow also always amount another anybody anyone away back become before begin big call
called come common different down during each early else end even ever every everybody everyone far
find first general get give go good happen happened help here high just keep kind kinds known large
last late let likely list long look low made main make mean name named need new next now number off
often old only other out over part people per person possible put same see show since small somebody
someone sometimes sort start stay still take thing think today try two type types until up use used
using usually want way when within without work
"""
ACROSS = "across"
"""Of a question and evidence that can share no word: cosines alone tell."""
_COMMON_WEIGHT = 0.35
"""In a small collection a common word may be as rare as a name: nothing follows from its lack."""
_MOST = 2  # names missing beyond this many make no difference
_SUREST = 6.0  # log-odds beyond which the entailment model is not taken at its word
_LEAST = 1e-9  # of a share, that its logarithm is a number
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Signals:
    """What tells good evidence from bad, all but the last between 0 and about 2.

    Shares are of the question's information: its terms weighted by inverse document frequency.
    "The sentence" is the best one, read under its heading and its document's title.
    """

    cosine: float  # of the question and the sentence nearest to it; 0 where it cannot be read
    own: float  # share in the sentence
    around: float  # share in its passage
    characters: float  # share of the question's characters in the sentence; 0 in spaced scripts
    rarest_missing: float  # weight of the rarest term that the sentence lacks, 1 for the rarest
    longest_missing: float  # share of the longest run of terms that the sentence lacks
    missing_in_passage: float  # share that the passage lacks
    missing_everywhere: float  # share that all passages lack
    rarity: float  # mean weight of the question's terms, 1 for the rarest
    names_missing: float  # names in the question that the sentence lacks
    numbers_missing: float  # 1 where the sentence lacks a number of the question
    undenied: float  # 1 where the question denies and the sentence does not
    opposed: float  # 1 where the sentence says "higher" and the question "lower"
    no_candidate: float  # 1 where the sentence holds nothing of the kind asked for
    length: float  # logarithm of its characters with what it stands under, a seventh of it
    codes_missing: float  # 1 where no passage has a code of the question, such as EF25
    missing_shown: float  # share that what is shown lacks, with what it stands under
    nearest: float  # cosine of the question and the nearest chunk; 0 where it cannot be read
    nowhere: float  # share that no document has
    listed: float  # 1 where it is a row, an item or a line, and no sentence
    misnamed: float = 0.0  # 1 where what is shown lacks a number that names what is asked about
    unkind: float = 0.0  # 1 where nothing shown is of the kind or in the unit asked for
    answers: float = 0.0  # log-odds that it answers the question; 0 where no model reads it


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights and thresholds for one language, for one embedding model or none, and for a `reader`,
    an entailment model that is asked whether the best sentence answers the question, or none.

    Below a confidence of `asked_from`, told without the reader, the reader is not asked: nothing in
    the evidence bears on the question then. Below `sure_from` an answer is shown with a note that
    it may be none; only a reader tells well enough for that.

    `curve` holds (threshold, coverage, wrong, at_most), from the strictest threshold: the share of
    questions answered above it, the share of these answers that were wrong, and the upper end of
    its confidence interval.
    """

    language: str
    embedder: str | None
    reader: str | None
    intercept: float
    weights: Mapping[str, float]
    usual: float
    asked_from: float
    sure_from: float
    curve: tuple[tuple[float, float, float, float], ...]

    def confidence(self, signals: Signals) -> float:
        """The probability that the sentences shown hold the answer, on questions like those it was
        fitted on."""
        sum_ = self.intercept + sum(
            self.weights.get(field.name, 0.0) * value
            for field, value in zip(fields(signals), astuple(signals), strict=True)
        )
        return (1 + math.tanh(sum_ / 2)) / 2  # the logistic function, which never overflows

    def threshold(self, max_risk: float | None) -> float:
        """The confidence from which an answer is shown, so that at most a share of `max_risk` of
        those shown is wrong; by default a usual one. Above 1, and so never reached, where so small
        a risk cannot be promised."""
        if max_risk is None:
            return self.usual
        return min((t for t, _, _, at_most in self.curve if at_most <= max_risk), default=2.0)

    @property
    def least_risk(self) -> float:
        """The smallest risk that can be promised."""
        return min(at_most for _, _, _, at_most in self.curve)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The confidence in an answer from some evidence, the one from which it is shown, and the one
    below which that is told with a doubt.

    `promised` is false where no answer is shown because so small a risk cannot be promised.
    """

    confidence: float
    threshold: float
    least_risk: float
    sure_from: float = 0.0

    @property
    def enough(self) -> bool:
        return self.confidence >= self.threshold

    @property
    def doubtful(self) -> bool:
        """Whether what is shown may well be no answer."""
        return self.confidence < self.sure_from

    @property
    def promised(self) -> bool:
        return self.threshold <= 1


def judge(
    query: Query,
    found: Sequence[Evidence],
    *,
    information: Information,
    embedder: str,
    max_risk: float | None = None,
    elsewhere: Sequence[Passage] = (),
    nearest: float = 0.0,
    reader: ReadsQuestions | None = None,
) -> Judgement:
    """Whether evidence is enough to answer from; see `signals` and `calibration`. `embedder` names
    the model that has embedded the query, where one could; `reader` reads the best sentence and the
    question together, where there is one."""
    embedded = embedder if query.vector is not None else None
    says = [each for each in found if not each.leads]
    across = bool(says) and embedded is not None and evidence.is_apart(query, says[0].text)
    told = signals(
        query.subject,
        found,
        information=information,
        elsewhere=elsewhere,
        nearest=nearest,
        full=f"{query.subject} {query.source}",
    )
    made = calibration(query.language, embedder=embedded, across=across)
    if told and reader and not across:
        heard = calibration(query.language, embedder=embedded, reader=reader.name)
        if heard.reader and made.confidence(told) >= heard.asked_from:
            odds = answers(reader, query.subject, says[0])
            if odds is not None:
                made, told = heard, replace(told, answers=odds)
    return Judgement(
        confidence=made.confidence(told) if told else 0.0,
        threshold=made.threshold(max_risk),
        least_risk=made.least_risk,
        sure_from=made.sure_from,
    )


def signals(
    question: str,
    found: Sequence[Evidence],
    *,
    information: Information,
    elsewhere: Sequence[Passage] = (),
    nearest: float = 0.0,
    full: str = "",
) -> Signals | None:
    """The signals of evidence, which is sorted, the best first; None where no sentence of it says
    anything. `information` is that of the question's words.

    `elsewhere` are passages that a search of all documents finds, where the evidence comes from
    some of them: what a word is worth that the evidence lacks was learned from such searches.
    `nearest` is the cosine of the question and the chunk nearest to it. `full` is the question with
    what only says where to look, such as a version, where it has that.
    """
    says = [evidence for evidence in found if not evidence.leads]
    if not says:
        return None
    best = says[0]
    passages = {evidence.passage.label: evidence.passage for evidence in found}.values()
    headings = best.passage.headings_at(best.start)
    under = "\n".join(stretch.text for stretch in best.statement.under)
    document = best.passage.document
    form = evidence.form(best.statement)
    above = analysis.term_set(document.title, document.name, *headings, under, form)
    sentence = above | analysis.term_set(best.text)
    passage = above | analysis.term_set(best.passage.text)
    everywhere = passage.union(
        *(analysis.term_set(other.document.title, other.text) for other in (*passages, *elsewhere))
    )
    rarely_telling = common()
    weights = {
        term: weight * (_COMMON_WEIGHT if term in rarely_telling else 1.0)
        for term, weight in information.weights.items()
    }
    rarest = information.highest
    somewhere = frozenset(t for t, weight in information.weights.items() if weight != rarest)
    total = sum(weights.values()) or 1.0
    missing = [weight for term, weight in weights.items() if term not in sentence]
    names = [name for name in _NAME.findall(question) if name.casefold() not in analysis.STOP_WORDS]
    quotes = [
        cited.quote for each in showing.show(question, found).sentences for cited in each.citations
    ]
    shown = sentence.union(*map(analysis.term_set, quotes))
    told = "\n".join((*quotes, best.told, under))
    read = "\n".join((told, document.title, document.name, *headings))
    return Signals(
        cosine=max(evidence.cosine or 0.0 for evidence in says),
        own=best.own,
        around=best.around,
        characters=best.characters or 0.0,
        rarest_missing=max(missing, default=0.0) / rarest,
        longest_missing=_longest_run(question, weights, sentence) / total,
        missing_in_passage=_share(weights, passage),
        missing_everywhere=_share(weights, everywhere),
        rarity=total / max(1, len(weights)) / rarest,
        names_missing=float(min(_MOST, _lacking(names, sentence))),
        numbers_missing=float(_lacking(_NUMBER.findall(question), sentence) > 0),
        undenied=float(opposites.negated(question) and not opposites.negated(best.text)),
        opposed=float(opposites.opposed(question, best.text)),
        no_candidate=float(not best.candidate),
        length=math.log(1 + len(under) + len(best.statement.told)) / 7,
        codes_missing=float(_lacking(_CODE.findall(question), everywhere) > 0),
        missing_shown=_share(weights, shown),
        nearest=nearest,
        nowhere=_share(weights, somewhere),
        listed=float(best.statement.kind != "sentence"),
        misnamed=float(lacking.misnames(full or question, read)),
        unkind=float(lacking.is_unkind(full or question, told)),
    )


def answers(reader: ReadsQuestions, question: str, best: Evidence) -> float | None:
    """The signal of this name: the log-odds that the best sentence, with what it stands under,
    answers the question. None where it stands under nothing, or where the model cannot be used.
    """
    if not (best.statement.under or best.passage.headings_at(best.start)):
        return None
    source = premises.source(best.passage, best.statement)
    try:
        share = float(reader.answers([(source.text, question)])[0])
    except ModelUnusable as error:
        _log.warning("%s %s", error.message, error.hint)
        return None
    odds = math.log((share + _LEAST) / (1 - share + _LEAST))
    return max(-_SUREST, min(_SUREST, odds))


def calibration(
    language: str, *, embedder: str | None, across: bool = False, reader: str | None = None
) -> Calibration:
    """The calibration for a question's language, for the embedding model that reads it and for the
    entailment model that reads it beside the evidence; or for evidence that shares no word with the
    question, `across` languages, where there is one.

    A model that none was made for counts as none, and the cosine is then left out: what is a high
    one differs from model to model. A language written without spaces is weighed like Chinese, any
    other like English.
    """
    like = "zh" if language in {"zh", "ja"} else "en"
    known = {(one.language, one.embedder, one.reader): one for one in calibrations()}
    if across and (ACROSS, embedder, None) in known:
        return known[ACROSS, embedder, None]
    fits = ((like, embedder, reader), (like, None, reader), (like, embedder, None))
    return next((known[each] for each in fits if each in known), known[like, None, None])


def checked_risk(risk: float) -> float:
    """A risk that can be meant: above 0 and at most 1. Raises UsageError."""
    if not 0 < risk <= 1:
        raise UsageError(
            f"A risk of {risk:g} cannot be meant.",
            hint="Give a share of wrong answers, above 0 and at most 1, such as 0.25.",
        )
    return risk


@cache
def common() -> frozenset[str]:
    """The index terms of words that tell little of what a text is about."""
    return frozenset(analysis.stem(word) for word in _COMMON.split())


@cache
def calibrations() -> tuple[Calibration, ...]:
    """All that come with Quire."""
    rows = json.loads(files("quire.answering").joinpath("calibration.json").read_text("utf-8"))
    return tuple(
        Calibration(
            language=row["language"],
            embedder=row["embedder"],
            reader=row["reader"],
            intercept=row["intercept"],
            weights=row["weights"],
            usual=row["usual"],
            asked_from=row["asked_from"],
            sure_from=row["sure_from"],
            curve=tuple((t, coverage, wrong, most) for t, coverage, wrong, most in row["curve"]),
        )
        for row in rows["calibrations"]
    )


def _share(weights: Mapping[str, float], present: frozenset[str]) -> float:
    """The share of the information that is not present."""
    total = sum(weights.values()) or 1.0
    return sum(weight for term, weight in weights.items() if term not in present) / total


def _longest_run(question: str, weights: Mapping[str, float], present: frozenset[str]) -> float:
    """The greatest weight of terms that follow each other in the question and are not present."""
    longest = run = 0.0
    for term in analysis.terms(question):
        if term in weights:
            run = 0.0 if term in present else run + weights[term]
            longest = max(longest, run)
    return longest


def _lacking(words: Sequence[str], present: frozenset[str]) -> int:
    return sum(not set(analysis.terms(word)) <= present for word in words)
