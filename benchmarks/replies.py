"""What is told of the statements in a capable model's replies, and the weights that tell it.

    python benchmarks/replies.py [en zh] [--twist] [--limit N]   the table by kind of question
    python benchmarks/replies.py --fit [--write]                 fits app/verification/weights.json

The questions of `training/replies` are asked of the documents there and in `examples/evaluation`,
with a stand-in that gives the written reply (`written_replies`). With --twist each reply has one
statement that was made false. The knowledge bases are made in --kbs and used again from there.

The table has, by kind of question: questions; those for which all that the reply needs stood in the
prompt; those whose reply was shown whole; of the true statements those marked as supported or
computed, and those doubted (unsupported or contradicted); of the false ones those unmarked
(supported or computed) and those called partly supported; of the unanswerable those refused. What
is not shown is neither. Then the median milliseconds that the check of a statement took.

--fit takes the features of every statement that is weighed, in both languages: of replies as they
have it, and of every true one made false; and of the statements about the development documents of
`training/`, which the entailment model was not trained on, each held against its whole document. By
cross-validation over questions and documents it prints the share of true statements above the score
that so many of the false ones exceed; with --write the trees and their bounds become those that
ship.
"""

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

from quire.models.engine.openmp import wait_passively

wait_passively()

import numpy as np
from numpy.typing import NDArray

import written_replies
from quire import Answer, KnowledgeBase, load_settings
from quire.models import opening
from quire.models.fakes import FakeChatModel
from quire.records import Sentence, Support
from quire.verification import Claim, ReplyCheck, weighing
from written_replies import Written, bare, made_false

ROOT = Path(__file__).parent.parent
DOCUMENTS = ROOT / "examples" / "evaluation"
OWN = written_replies.REPLIES / "documents"
TRAINING = ROOT / "training"
OUT = ROOT / "app" / "verification" / "weights.json"
LANGUAGES = ("en", "zh")
CONTEXT = 32_768  # tokens that the model has
LEAST = 13  # characters of a part of a statement that is told by it; shorter ones stand anywhere
WORST_FIRST: tuple[Support, ...] = (
    "contradicted",
    "unsupported",
    "superseded",
    "partly",
    "computed",
    "supported",
)

FALSE_SUPPORTED = 0.11
"""Of the false statements that are weighed: those above the bound of supported. Others are found
by their numbers before: of all that a capable model's replies to 130 other questions would have,
it is 7%, as many as with the weights before."""
TRUE_UNSUPPORTED, TRUE_DOUBTED = 0.015, 0.10
"""Of the true statements that are weighed: those below the bounds of unsupported and doubted."""
FOLDS, SEEDS = 8, (0, 1, 2)
RATE = 0.05
TREES = {"n_estimators": 80, "max_depth": 3, "min_samples_leaf": 8}
CHANCE = {"subsample": 0.6, "max_features": 0.3}  # of rows and of features: trees unlike another
PRINTED = (0.03, 0.05, 0.07, 0.10)

Ground = Literal["replies", "documents"]
SHARES: dict[Ground, float] = {"replies": 2.0, "documents": 1.0}
"""What the statements of each ground weigh together. With replies alone no more of those held out
are told, and half as many of the documents'."""

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Checked:
    """A statement that was checked, by which `check`: what was weighed, where it was, and the
    milliseconds."""

    check: ReplyCheck
    claim: Claim
    sentence: Sentence
    features: tuple[float, ...] | None
    ms: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its reply, whether all that it needs was `complete` in the prompt, and what
    came of it."""

    reply: Written
    complete: bool
    answer: Answer
    checked: tuple[Checked, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """A statement that was weighed, and whether it is true. `ground` is what it is from, `group`
    the question or the document that it is about."""

    ground: Ground
    group: str
    true: bool
    features: tuple[float, ...]


def ask(language: str, replies: Sequence[Written], kbs: Path) -> Iterator[Asked]:
    """Each question in turn; `kbs` is the folder of the knowledge bases."""
    writer = written_replies.Writer(replies)
    model = FakeChatModel(writer, parameters=None, context_tokens=CONTEXT)
    with KnowledgeBase.open(kbs / language, settings=load_settings(), model=model) as kb:
        kb.add([*sorted(DOCUMENTS.glob(f"{language}-*/documents")), OWN / language])
        for one in replies:
            with watched() as checked:
                answer = kb.ask(one.question, store=False)
            yield Asked(one, one.id in writer.complete, answer, tuple(checked))


@contextmanager
def watched() -> Iterator[list[Checked]]:
    """The statements that are checked meanwhile."""
    found: list[Checked] = []
    weighed: list[tuple[float, ...]] = []
    score, verdict = weighing.score, ReplyCheck.verdict

    def noted(values: Sequence[float]) -> float:
        weighed.append(tuple(values))
        return score(values)

    def timed(check: ReplyCheck, claim: Claim) -> Sentence:
        weighed.clear()
        began = time.perf_counter()
        sentence = verdict(check, claim)
        spent = 1000 * (time.perf_counter() - began)
        found.append(Checked(check, claim, sentence, weighed[0] if weighed else None, spent))
        return sentence

    with patch.object(weighing, "score", noted), patch.object(ReplyCheck, "verdict", timed):
        yield found


def says(sentence: str, claim: str) -> bool:
    """Whether a sentence of an answer says a statement, or is part of it."""
    one, other = bare(sentence), bare(claim)
    return other in one or (len(one) >= LEAST and one in other)


def truth(one: Written, sentence: str) -> bool | None:
    """Whether what a sentence says is true, None where no written statement is in it."""
    told = [claim.true for claim in one.claims if says(sentence, claim.text)]
    return all(told) if told else None


# -- the table ---------------------------------------------------------------------------------


def report(asked: Sequence[Asked]) -> None:
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for one in asked:
        counts = _counts(one)
        for kind in (one.reply.kind, "all"):
            table[kind].update(counts)
    print(
        f"{'':<13}{'questions':>10}{'complete':>9}{'whole':>7}{'true':>6}{'supported':>11}"
        f"{'doubted':>9}{'false':>7}{'unmarked':>10}{'partly':>8}{'refused':>9}"
    )
    for kind, c in sorted(table.items(), key=lambda row: (row[0] == "all", row[0])):
        shares = [
            share(c[what], c[of])
            for what, of in (
                ("complete", "answerable"),
                ("whole", "answerable"),
                ("supported", "true"),
                ("doubted", "true"),
                ("unmarked", "false"),
                ("partly", "false"),
                ("refused", "unanswerable"),
            )
        ]
        print(
            f"{kind:<13}{c['questions']:>10}{shares[0]:>9}{shares[1]:>7}{c['true']:>6}"
            f"{shares[2]:>11}{shares[3]:>9}{c['false']:>7}{shares[4]:>10}{shares[5]:>8}"
            f"{shares[6]:>9}"
        )
    if spent := [one.ms for each in asked for one in each.checked]:
        most = float(np.quantile(spent, 0.95))
        print(f"a statement: {statistics.median(spent):.0f} ms, 95th percentile {most:.0f}")


def _counts(one: Asked) -> Counter[str]:
    reply, answer = one.reply, one.answer
    if reply.kind == "unanswerable":
        refused = answer.status == "not_found"
        return Counter(questions=1, unanswerable=1, refused=refused)
    counts, text = Counter(questions=1, answerable=1, complete=one.complete), bare(answer.text)
    counts["whole"] = all(bare(claim.text) in text for claim in reply.claims if claim.true)
    for claim in reply.claims:
        verdict = _verdict(claim.text, answer)
        computed, doubted = ("supported", "computed"), ("unsupported", "contradicted")
        if claim.true:
            counts.update(true=1, supported=verdict in computed, doubted=verdict in doubted)
        else:
            counts.update({"false": 1, "unmarked": verdict in computed})
            counts.update(partly=verdict == "partly")
    return counts


def _verdict(claim: str, answer: Answer) -> Support | None:
    """The worst one on what says a statement; None where nothing does."""
    told = [one.support for one in answer.sentences if says(one.text, claim)]
    return min((one for one in told if one), key=WORST_FIRST.index, default=None)


def share(number: int, of: int) -> str:
    return f"{number / of:.2f}" if of else "-"


# -- fitting -----------------------------------------------------------------------------------


def weighed(asked: Asked) -> Iterator[Weighed]:
    """The statements of a reply, and each true one made false."""
    for one in asked.checked:
        true = truth(asked.reply, one.claim.text)
        if true is not None and one.features is not None:
            yield Weighed("replies", asked.reply.id, true, one.features)
        if true and (features := _features_if_false(one)) is not None:
            yield Weighed("replies", asked.reply.id, False, features)


def _features_if_false(one: Checked) -> tuple[float, ...] | None:
    """None where it cannot be made false, or is told by a rule."""
    false = made_false(one.claim.says)
    if false == one.claim.says:
        return None
    with watched() as checked:
        one.check.verdict(dataclasses.replace(one.claim, text=false, says=false))
    return checked[0].features


def of_documents() -> Iterator[Weighed]:
    """The statements about the development documents of `training/`."""
    sys.path.insert(0, str(TRAINING))
    from examples import read

    settings = load_settings()
    model, embed = opening.entailment(settings), opening.embedder(settings).embed_passages
    for one in read("pairs"):
        if one.split != "development":
            continue
        check = ReplyCheck(one.passages, model=model, embed=embed)
        with watched() as checked:
            check.verdict(Claim(one.text, one.text, "sentence"))
        if features := checked[0].features:
            yield Weighed("documents", one.document, one.label == "supported", features)


@dataclass(frozen=True)
class Table:
    """Weighed statements: features (n, m), whether they are true (n,), which are of replies (n,),
    weights (n,) by `SHARES`, with which true and false ones of each ground count for the same, and
    the group of each."""

    x: Floats
    true: Truths
    replies: Truths
    weight: Floats
    groups: list[str]


def table_of(found: Sequence[Weighed]) -> Table:
    true = np.array([one.true for one in found])
    grounds = np.array([one.ground for one in found])
    weight = np.zeros(len(found))
    for ground, share_ in SHARES.items():
        for label in (True, False):
            those = (grounds == ground) & (true == label)
            weight[those] = share_ / max(1, those.sum())
    x = np.array([one.features for one in found], float)
    groups = [one.group for one in found]
    return Table(x, true, grounds == "replies", weight / weight.mean(), groups)


def held_out(data: Table) -> Floats:
    """The score of each statement by trees that were fitted on other questions and documents, mean
    of the seeds; shape (n,)."""
    from sklearn.model_selection import GroupKFold

    scores = np.zeros((len(SEEDS), len(data.true)))
    for at, seed in enumerate(SEEDS):
        folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        for known, new in folds.split(data.x, data.true, data.groups):
            scores[at, new] = fitted(data, known, seed).decision_function(data.x[new])
    mean: Floats = scores.mean(0)
    return mean


def fitted(data: Table, rows: NDArray[np.int_], seed: int) -> Any:
    """A `GradientBoostingClassifier` for some of the statements."""
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(learning_rate=RATE, random_state=seed, **TREES, **CHANCE)
    return model.fit(data.x[rows], data.true[rows], sample_weight=data.weight[rows])


def supported(scores: Floats, true: Truths, *, of_false: float) -> float:
    """The share of true statements above the score that this share of the false ones exceeds."""
    return float((scores[true] > np.quantile(scores[~true], 1 - of_false)).mean())


def made(data: Table, scores: Floats) -> dict[str, Any]:
    """What `weights.json` holds: the trees of all seeds, and the bounds by scores `held_out` of the
    statements of replies."""
    everything = np.arange(len(data.true))
    models = [fitted(data, everything, seed) for seed in SEEDS]
    trees = [_nodes(stage.tree_) for model in models for stage in model.estimators_[:, 0]]
    start = statistics.fmean(_start(model, data.x[:1]) for model in models)
    return {
        "features": data.x.shape[1],
        "start": round(start, 5),
        "rate": RATE / len(SEEDS),
        "trees": trees,
        "bounds": {
            "supported": _quantile(scores[data.replies & ~data.true], 1 - FALSE_SUPPORTED),
            "unsupported": _quantile(scores[data.replies & data.true], TRUE_UNSUPPORTED),
            "doubted": _quantile(scores[data.replies & data.true], TRUE_DOUBTED),
        },
    }


def _start(model: Any, x: Floats) -> float:
    """What a model says before its trees: near 0, since true and false ones weigh the same."""
    told = sum(stage.predict(x)[0] for stage in model.estimators_[:, 0])
    return float(model.decision_function(x)[0] - RATE * told)


def _nodes(tree: Any) -> list[list[float]]:
    """See `weighing.Trees`."""
    return [
        [int(tree.feature[at]), round(float(tree.threshold[at]), 5), int(left), int(right)]
        if (left := tree.children_left[at]) >= 0
        else [-1, round(float(tree.value[at][0][0]), 5), 0, 0]
        for at, right in enumerate(tree.children_right)
    ]


def _quantile(scores: Floats, of: float) -> float:
    return round(float(np.quantile(scores, of)), 3)


def fit(kbs: Path, *, limit: int | None, write: bool) -> None:
    found = [
        row
        for language in LANGUAGES
        for asked in ask(language, written_replies.read(language)[:limit], kbs)
        for row in weighed(asked)
    ]
    found += of_documents()
    data = table_of(found)
    scores = held_out(data)
    for ground, own in (("replies", data.replies), ("documents", ~data.replies)):
        true, told = data.true[own], scores[own]
        print(f"{ground}: {int(true.sum())} true statements, {int((~true).sum())} false ones")
        for of_false in PRINTED:
            right = supported(told, true, of_false=of_false)
            print(f"{of_false:.0%} of the false ones supported: {right:.3f} of the true ones")
    if write:
        content = made(data, scores)
        OUT.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"bounds {content['bounds']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("languages", nargs="*", choices=[*LANGUAGES, []], metavar="LANGUAGE")
    parser.add_argument("--twist", action="store_true")
    parser.add_argument("--limit", type=int, help="questions of each language, the first ones")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--write", action="store_true", help="what was fitted becomes what ships")
    parser.add_argument("--kbs", type=Path, default=Path("build/replies"), metavar="FOLDER")
    given = parser.parse_args()
    if given.fit:
        fit(given.kbs, limit=given.limit, write=given.write)
        return
    for language in given.languages or LANGUAGES:
        replies = written_replies.read(language)[: given.limit]
        if given.twist:
            replies = [written_replies.twisted(one) for one in replies]
        print(f"\n{language}{', one statement of each reply made false' if given.twist else ''}")
        report(list(ask(language, replies, given.kbs)))


if __name__ == "__main__":
    main()
