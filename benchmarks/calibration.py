"""Fits the confidence of answers, and where they are shown, to questions with known answers.

    python benchmarks/calibration.py --en SET… --zh SET… --across SET… [--kbs FOLDER] [--write]
        [--training]

Each SET is a folder as `quire eval` takes it. For every question the evidence is found as for an
answer, and the sentences that would be shown are compared with the accepted answers. An answerable
question is asked once more with its own paragraph withheld, so that questions whose answer is
nowhere are known too, and not only those that a set was made with to deceive; and some questions of
the other sets are asked, which are about something else altogether. With --training the questions
of `training/` are asked too, of documents that the entailment model was not trained on; they take
part in the weights for that model.

It prints what was found on documents that the weights were not fitted on; with --write the weights
go into app/answering/calibration.json, in place of those for the same language and the same
embedding model: the one that the knowledge bases in FOLDER were made with.
"""

import argparse
import dataclasses
import json
import math
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quire.models.engine.openmp import wait_passively

wait_passively()

import numpy as np
from numpy.typing import NDArray

from quire import KnowledgeBase, load_settings
from quire.answering import evidence, showing
from quire.answering.confidence import ACROSS, Signals, answers, signals
from quire.evaluation import metrics
from quire.models import opening
from quire.models.protocols import ReadsQuestions
from quire.records import PAGE_BREAK, Hit, Passage
from quire.search.passages import context, nearness
from quire.text import languages

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))
from examples import together
from scoreboard import SOURCES

ROOT = Path(__file__).parent.parent
OUT = ROOT / "app" / "answering" / "calibration.json"
TRAINING = "training"
HITS, PASSAGES = 8, 6  # as an answer is made from
DEEPER = 20  # hits searched, so that eight are left when a paragraph is withheld
SMALL = 0.5  # of the largest set: what a smaller one counts for at least
SAME_SUBJECTS = {"cmrc-dev-small", "zh-reject-dev"}  # both have articles of DRCD
FOREIGN = 7  # each so many questions of the other sets are asked of a set's documents too
UNASKED = 0.01  # of the answerable questions, for which no entailment model is asked
WITHHELD_WEIGHT = 0.1  # of a question asked once more without its paragraph, when fitting
SHRINKING = 10.0  # L2 on standardised weights
REFUSED = {"en": 0.10, "zh": 0.10, ACROSS: 0.10}
"""Of the answerable questions at the usual threshold: where the good and the bad are easily told
apart, fewer need be refused."""
DOUBTED = 0.25
"""… and at the threshold below which what is shown is told with a doubt, where a reader tells the
good from the bad."""
SURE = 0.975  # of the upper end of each interval
FOLDS = 5
RISKS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4)
SAID = re.compile(r"[\W_]+")
LEAST_SHOWN = 100  # answers above a threshold; fewer, and the best threshold is best by luck
NAMES = [field.name for field in dataclasses.fields(Signals)]
GOOD = {
    "cosine",
    "own",
    "around",
    "characters",
    "length",
    "nearest",
    "answers",
}  # the higher, the likelier an answer
READ = ("cosine", "nearest")  # 0 where the embedding model cannot read the language
SIGNS = np.array(
    [0 if name in {"rarity", "listed"} else 1 if name in GOOD else -1 for name in NAMES]
)

Floats = NDArray[np.float64]
Question = dict[str, Any]  # a line of questions.jsonl
Fitted = tuple[float, Floats]


@dataclass(frozen=True)
class Row:
    """One question, asked of its documents. `right`: what would be shown holds the answer."""

    set: str
    document: str
    answerable: bool
    withheld: bool
    foreign: bool  # a question of another set
    extra: bool  # the same question was asked in full as well, and only that one is counted
    right: bool
    read: bool  # by an entailment model too
    signals: tuple[float, ...]


def rows(folder: Path, kb: Path, foreign: Sequence[Question] = ()) -> Iterator[Row]:
    """The questions of a set, in full and with their paragraphs withheld, and questions of other
    sets, which its documents have nothing on."""
    questions = questions_of(folder)
    only_answerable = all(map(_answerable, questions))
    with KnowledgeBase.open(kb, settings=load_settings(model="none")) as base:
        base.add(folder / "documents")
        texts = {
            document.name: PAGE_BREAK.join(page.text for page in base.pages(document))
            for document in base.documents()
        }
        for at, question in enumerate(questions):
            place = _place(question, texts)
            instead = only_answerable and at % 2 == 1
            yield _row(base, question, extra=instead)
            if _answerable(question) and place:
                yield _row(base, question, without=place, extra=not instead)
        for question in foreign:
            yield _row(base, question, foreign=True, extra=True)


def questions_of(folder: Path) -> list[Question]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def of_other_subjects(folder: Path, sets: Sequence[Path]) -> Iterator[Question]:
    """Some questions of the other sets, which the documents of this one have nothing on."""
    for other in sets:
        if other != folder and not {other.name, folder.name} <= SAME_SUBJECTS:
            yield from questions_of(other)[::FOREIGN]


def _answerable(question: Question) -> bool:
    return bool(question["answers"] or question.get("needs"))


def _row(
    base: KnowledgeBase,
    asked: Question,
    *,
    without: tuple[int, int] | None = None,
    foreign: bool = False,
    extra: bool,
) -> Row:
    """One question, asked `without` its paragraph, where one is given."""
    told, shown, passages, read = _asked(base, asked, without)
    answerable = _answerable(asked) and not foreign and without is None
    document = asked.get("document") if not foreign else None
    return Row(
        set="",
        document=document or (passages[0].document.name if passages else ""),
        answerable=answerable,
        withheld=without is not None,
        foreign=foreign,
        extra=extra,
        right=answerable and _right(shown, asked),
        read=read,
        signals=dataclasses.astuple(told) if told else (0.0,) * len(NAMES),
    )


def _asked(
    base: KnowledgeBase, asked: Question, without: tuple[int, int] | None = None
) -> tuple[Signals | None, str, Sequence[Passage], bool]:
    """The signals of a question's evidence, what would be shown of it with its quotes, the
    passages, and whether an entailment model has read it."""
    retriever = base._search()  # noqa: SLF001  the very one that answers
    with retriever.snapshot() as snapshot:
        said, _ = snapshot.reworded(asked["question"], pieces=retriever.embedder.count_tokens)
        query = retriever.query(said)
        hits = snapshot.search(query, k=DEEPER)
        if without:
            hits = [hit for hit in hits if not _overlaps(hit, asked, without)]
        passages = snapshot.passages(context(hits, most=HITS, passages=PASSAGES))
        information = snapshot.information(query)
    found = evidence.find(query, passages, information=information, embedder=retriever.embedder)
    told = signals(
        query.subject,
        found,
        information=information,
        nearest=nearness(hits),
        full=query.text,
    )
    reader = base._reads_together()  # noqa: SLF001
    best = next((proof for proof in found if not proof.leads), None)
    odds = None
    if told and best and isinstance(reader, ReadsQuestions):
        odds = answers(reader, query.subject, best)
        told = dataclasses.replace(told, answers=odds or 0.0)
    shown = showing.show(query.text, found).sentences
    said = "\n".join((*(s.text for s in shown), *(c.quote for s in shown for c in s.citations)))
    return told, said, passages, odds is not None


def of_training(language: str, kbs: Path) -> Iterator[Row]:
    """The questions of `training/` about documents that the entailment model was not trained on,
    some documents in one knowledge base, as they are at people's."""
    for number, group in enumerate(together(language, "development", "test")):
        with KnowledgeBase.open(
            kbs / f"{TRAINING}-{language}-{number}", settings=load_settings(model="none")
        ) as base:
            base.add(group.values())
            for file, document in group.items():
                lines = document.read_text(encoding="utf-8").splitlines()
                for line in file.read_text(encoding="utf-8").splitlines():
                    yield _row_of_training(base, json.loads(line), file.stem, lines)


def _row_of_training(
    base: KnowledgeBase, asked: Question, document: str, lines: Sequence[str]
) -> Row:
    """One question of `training/`: right where half of the lines that decide it are shown."""
    told, shown, _, read = _asked(base, asked)
    quotes = [SAID.sub("", each) for each in shown.split("\n")]
    gold = [SAID.sub("", lines[number - 1]) for number in asked["lines"]]
    there = [
        any(len(quote) > 1 and (quote in line or line in quote) for quote in quotes)
        for line in gold
    ]
    answerable = asked["label"] == "answered"
    return Row(
        set="",
        document=document,
        answerable=answerable,
        withheld=False,
        foreign=False,
        extra=False,
        right=answerable and sum(there) >= len(there) / 2,
        read=read,
        signals=dataclasses.astuple(told) if told else (0.0,) * len(NAMES),
    )


def _right(said: str, question: Question) -> bool:
    """Whether what is shown holds an accepted answer, or half of what an answer needs."""
    needs = question.get("needs") or []
    if needs:
        return sum(metrics.contained(said, [need]) for need in needs) >= len(needs) / 2
    return metrics.contained(said, question["answers"]) > 0


def _place(question: Question, texts: dict[str, str]) -> tuple[int, int] | None:
    evidence = question.get("evidence")
    if not evidence:
        return None
    start = texts.get(question.get("document") or "", "").find(evidence)
    return (start, start + len(evidence)) if start >= 0 else None


def _overlaps(hit: Hit, question: Question, place: tuple[int, int]) -> bool:
    span = hit.chunk.span
    return (
        hit.document.name == question["document"] and span.start < place[1] and place[0] < span.end
    )


# -- fitting -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Rows as arrays: signals (n, number of signals), and a truth value for each row."""

    x: Floats
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    read: NDArray[np.bool_]
    weight: Floats
    documents: list[str]


def table(found: Sequence[Row], *, cosine: bool, read: bool = False) -> Table:
    """The rows, where those of a small set weigh more: kinds of documents count, not questions.
    `read` are those that an entailment model has read too; else what it said is left out."""
    found = [row for row in found if row.read] if read else found
    sizes = Counter(row.set for row in found)
    largest = max(sizes.values())
    weighs = {name: max(1.0, SMALL * largest / size) for name, size in sizes.items()}
    x = np.array([row.signals for row in found], float)
    if not cosine:
        x[:, [NAMES.index(name) for name in READ]] = 0.0
    if not read:
        x[:, NAMES.index("answers")] = 0.0
    return Table(
        x=x,
        right=np.array([row.right for row in found]),
        answerable=np.array([row.answerable for row in found]),
        counted=np.array([not row.extra for row in found]),
        read=np.array([row.read for row in found]),
        weight=np.array(
            [weighs[row.set] * (WITHHELD_WEIGHT if row.withheld else 1.0) for row in found]
        ),
        documents=[row.document for row in found],
    )


def fit(data: Table, chosen: NDArray[np.bool_]) -> Fitted:
    """Intercept and weights of a logistic regression on the chosen rows.

    A signal that comes out with the wrong sign, such as a sentence being better for lacking a name,
    fits the set and not the world: it is left out, and the rest fitted again.
    """
    x, y, w = data.x[chosen], data.right[chosen].astype(float), data.weight[chosen]
    used = x.std(0) > 0
    while True:
        mean, deviation = x[:, used].mean(0), x[:, used].std(0)
        b = _newton((x[:, used] - mean) / deviation, y, w)
        wrong = b[:-1] * SIGNS[used] < 0
        if not wrong.any():
            weights = np.zeros(x.shape[1])
            weights[used] = b[:-1] / deviation
            return float(b[-1] - weights[used] @ mean), weights
        used[np.flatnonzero(used)[wrong]] = False


def _newton(z: Floats, y: Floats, w: Floats) -> Floats:
    """Weights (…, intercept) of a penalised logistic regression on standardised signals."""
    z = np.c_[z, np.ones(len(z))]
    shrinking = np.diag([SHRINKING] * (z.shape[1] - 1) + [1e-6])
    b = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ b))
        step = np.linalg.solve(
            (z * (w * p * (1 - p))[:, None]).T @ z + shrinking, z.T @ (w * (y - p)) - shrinking @ b
        )
        b += step
        if np.abs(step).max() < 1e-8:
            break
    return b


def confidence(fitted: Fitted, x: Floats) -> Floats:
    intercept, weights = fitted
    result: Floats = 1 / (1 + np.exp(-(intercept + x @ weights)))
    return result


def held_out(data: Table, among: NDArray[np.bool_], *, seed: int) -> Floats:
    """The confidence of each row among some, by weights fitted on other documents among them."""
    fold = np.array([zlib.crc32(f"{seed} {name}".encode()) % FOLDS for name in data.documents])
    sure = np.zeros(len(fold))
    for one in range(FOLDS):
        sure[fold == one] = confidence(fit(data, among & (fold != one)), data.x[fold == one])
    return sure


def curve(sure: Floats, right: NDArray[np.bool_]) -> list[tuple[float, float, float, float]]:
    """(threshold, coverage, share wrong, its upper end) at every twentieth of the coverage."""
    order = np.argsort(-sure)
    points = []
    for step in range(1, 21):
        shown = round(len(order) * step / 20)
        if shown >= LEAST_SHOWN:
            wrong = int((~right[order[:shown]]).sum())
            threshold = float(sure[order[shown - 1]]) if step < 20 else 0.0
            points.append((threshold, shown / len(order), wrong / shown, at_most(wrong, shown)))
    return points


def at_most(wrong: int, shown: int) -> float:
    """The upper Clopper-Pearson bound of a share: the largest one under which so few wrong ones
    still have a probability of 1 - SURE."""
    low, high = wrong / shown, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        logs = [
            math.lgamma(shown + 1) - math.lgamma(k + 1) - math.lgamma(shown - k + 1)
            + k * math.log(middle) + (shown - k) * math.log1p(-middle)
            for k in range(wrong + 1)
        ] if middle < 1 else [-math.inf]  # fmt: skip
        if sum(math.exp(one) for one in logs) > 1 - SURE:
            low = middle
        else:
            high = middle
    return high


def usual(sure: Floats, data: Table, chosen: NDArray[np.bool_], language: str) -> float:
    """The threshold that refuses the usual share of the answerable questions, by weight."""
    return _refusing(REFUSED[language], sure, data, chosen)


def _refusing(share: float, sure: Floats, data: Table, chosen: NDArray[np.bool_]) -> float:
    order = np.argsort(sure[chosen])
    weight = data.weight[chosen][order]
    at = np.searchsorted(np.cumsum(weight) / weight.sum(), share)
    return float(sure[chosen][order][at])


# -- reporting ---------------------------------------------------------------------------------


def report(name: str, data: Table, *, risks: Sequence[float] = RISKS) -> None:
    """What holds on documents that neither weights nor thresholds have seen: each half of the
    documents is judged by the other half, ten times over."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(10):
        half = np.array([zlib.crc32(f"half {seed} {d}".encode()) % 2 for d in data.documents])
        for one in (0, 1):
            ours = half == one
            sure = held_out(data, ours, seed=seed)
            counted = ours & data.counted
            points = curve(sure[counted], data.right[counted])
            judged = ~ours & data.counted
            theirs = confidence(fit(data, ours), data.x[judged])
            right, answerable = data.right[judged], data.answerable[judged]
            bound = usual(sure, data, counted & data.answerable, name.partition(",")[0])
            shown = theirs >= bound
            found.setdefault("usual", []).append(
                (
                    float((~shown)[answerable].mean()),
                    float((~shown)[~answerable].mean()),
                    float((right & shown)[answerable].mean()),
                )
            )
            for risk in risks:
                limit = min((t for t, _, _, most in points if most <= risk), default=2.0)
                shown = theirs >= limit
                wrong = float((~right)[shown].mean()) if shown.any() else 0.0
                found.setdefault(f"{risk:.2f}", []).append(
                    (float(shown.mean()), wrong, float(wrong > risk))
                )
    refused, rightly, contained = np.mean(found.pop("usual"), axis=0)
    print(
        f"\n{name}: {int(data.counted.sum())} questions, "
        f"{int((data.counted & ~data.answerable).sum())} of them unanswerable\n"
        f"usual: {refused:.3f} of the answerable refused, {rightly:.3f} of the unanswerable, "
        f"{contained:.3f} of the answerable shown with the answer"
    )
    if risks:
        print("max_risk  answered  wrong  halves in which wrong exceeds it")
    for risk_name, values in found.items():
        answered, _, broken = np.mean(values, axis=0)
        shares = [share for share, _, _ in values]
        wrong = np.average([w for _, w, _ in values], weights=shares) if any(shares) else 0.0
        print(f"{risk_name:>8}  {answered:8.3f}  {wrong:5.3f}  {broken:5.2f}")


def calibrated(
    language: str,
    embedder: str | None,
    data: Table,
    *,
    reader: str | None = None,
    beside: Table | None = None,
) -> dict[str, object]:
    """What goes into the file. What a threshold promises is counted over all questions: those that
    a reader has not read, which are `beside` its own, are judged as without it."""
    everything = np.ones(len(data.right), bool)
    sure = held_out(data, everything, seed=0)
    intercept, weights = fit(data, everything)
    judged, right, asked_from = sure[data.counted], data.right[data.counted], 0.0
    answerable = data.counted & data.answerable
    if beside is not None:
        plain = confidence(fit(beside, np.ones(len(beside.right), bool)), data.x)
        asked_from = _refusing(UNASKED, plain, data, answerable)
        others = beside.counted & ~beside.read
        theirs = held_out(beside, np.ones(len(beside.right), bool), seed=0)[others]
        judged, right = np.r_[judged, theirs], np.r_[right, beside.right[others]]
    points = curve(judged, right)
    return {
        "language": language,
        "embedder": embedder,
        "reader": reader,
        "usual": round(usual(sure, data, answerable, language), 4),
        "asked_from": round(asked_from, 4),
        "sure_from": round(_refusing(DOUBTED, sure, data, answerable), 4) if reader else 0.0,
        "intercept": round(intercept, 4),
        "weights": {
            name: round(float(weight), 4)
            for name, weight in zip(NAMES, weights, strict=True)
            if (embedder or name not in READ) and (reader or name != "answers")
        },
        "curve": [[round(value, 4) for value in point] for point in points],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--en", type=Path, nargs="+", default=[], metavar="SET")
    parser.add_argument("--zh", type=Path, nargs="+", default=[], metavar="SET")
    parser.add_argument("--across", type=Path, nargs="+", default=[], metavar="SET")
    parser.add_argument("--kbs", type=Path, default=Path("build/calibration"), metavar="FOLDER")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--training", action="store_true")
    arguments = parser.parse_args()
    results, made_on = [], {}
    for language, sets in (("en", arguments.en), ("zh", arguments.zh), (ACROSS, arguments.across)):
        found = [
            dataclasses.replace(row, set=folder.name)
            for folder in sets
            for row in rows(
                folder,
                arguments.kbs / folder.name,
                [] if language == ACROSS else list(of_other_subjects(folder, sets)),
            )
        ]
        if not found:
            continue
        made_on[language] = [SOURCES.get(folder.name, folder.name) for folder in sets]
        embedder = name_of_embedder(arguments.kbs / sets[0].name, language)
        model = opening.entailment(load_settings(model="none"))
        reader = model.name if isinstance(model, ReadsQuestions) else None
        asked = found
        if arguments.training and language != ACROSS:
            made_on[language].append(SOURCES[TRAINING])
            asked = [
                *found,
                *(
                    dataclasses.replace(row, set=TRAINING)
                    for row in of_training(language, arguments.kbs)
                ),
            ]
        for by in [embedder] if language == ACROSS else dict.fromkeys([embedder, None]):
            data = table(found, cosine=by is not None)
            if language == ACROSS:
                data.x[:, [at for at, name in enumerate(NAMES) if name not in READ]] = 0.0
            report(f"{language}, {by or 'words alone'}", data)
            results.append(calibrated(language, by, data))
            if reader and language != ACROSS and any(row.read for row in asked):
                heard = table(asked, cosine=by is not None, read=True)
                report(f"{language}, {by or 'words alone'}, {reader}", heard, risks=())
                results.append(calibrated(language, by, heard, reader=reader, beside=data))
    if arguments.write:
        before = json.loads(OUT.read_text("utf-8"))
        made = {_of(row) for row in results}
        kept = [row for row in before["calibrations"] if _of(row) not in made]
        content = {
            "made_by": "benchmarks/calibration.py",
            "made_on": before["made_on"] | made_on,
            "refused": REFUSED,
            "sure": SURE,
            "calibrations": sorted([*results, *kept], key=lambda row: tuple(map(str, _of(row)))),
        }
        OUT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _of(row: dict[str, Any]) -> tuple[Any, Any, Any]:
    return row["language"], row["embedder"], row["reader"]


def name_of_embedder(kb: Path, language: str) -> str | None:
    """The embedding model, where it reads the language."""
    with KnowledgeBase.open(kb, create=False, settings=load_settings(model="none")) as base:
        retriever = base._search()  # noqa: SLF001
        reads = retriever.reads(languages.detect("年" if language == "zh" else "year"))
        return retriever.embedder.name if reads else None


if __name__ == "__main__":
    main()
