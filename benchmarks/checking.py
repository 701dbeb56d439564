"""How well a text is checked: precision and recall of each verdict, and the weights behind them.

    python benchmarks/checking.py [SET …] [-v]     the table of each set in benchmarks/checking
    python benchmarks/checking.py --fit [--write]  fits app/verification/text_weights.json

A set is a text of our own with the label of each of its pieces: `true` in other words than its
source, `contradicted` by the documents, `absent` from them, or a heading, question, opinion or
absence, which have no verdict. The writer saw the documents. `sample` is about the sample documents
and `handbooks` about those of examples/evaluation/*-unseen. The whole text is checked as one.

Of a verdict, precision is the share that has the label, and recall the share of the label that has
it: supported or computed for `true`, contradicted, and not found for `absent`. What is called
partly supported has no verdict. With -v each statement is printed with its verdict.

--fit takes the statements of `training/pairs` about development documents, which the entailment
model was not trained on, each searched for among those of development and test. By cross-validation
over documents it prints the confusion at the bounds; with --write the trees and their bounds become
those that ship. Knowledge bases are made in --kbs and used again from there.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from quire.models.engine.openmp import wait_passively

wait_passively()

import numpy as np
from numpy.typing import NDArray

import written_replies
from quire import CheckedText, KnowledgeBase, load_settings
from quire.verification import texts

ROOT = Path(__file__).parent.parent
SETS = ROOT / "benchmarks" / "checking"
TRAINING = ROOT / "training"
OUT = ROOT / "app" / "verification" / "text_weights.json"
DOCUMENTS = {
    "sample": ["examples/documents"],
    "handbooks": [f"examples/evaluation/{language}-unseen/documents" for language in ("en", "zh")],
}
FOUND = {
    "true": {"supported", "computed"},
    "contradicted": {"contradicted"},
    "absent": {"unsupported"},
}
LABELS = ("supported", "contradicted", "not told")  # of training/pairs, as texts.CLASSES
_CONTRADICTS = (
    "antonym bound comparison crossed date entity_swapped identifier negation_added"
    " negation_removed number number_other ordinal quantifier roles unit"
)
OF_KIND = dict.fromkeys(_CONTRADICTS.split(), "contradicted") | {
    "cause": "not told",
    "entity_new": "not told",
    "extra": "not told",
}
"""What a false sentence of tests/handmade is, by how it was made; other kinds can be either."""
SHARES = {"pairs": 1.0, "handmade": 1.0, "replies": 2.0}
"""What each kind of examples weighs: statements far from the source's words, near, and between."""
PRIORS = (0.60, 0.25, 0.15)
"""And of each kind the labels: more of a text is true than was written to be false."""
FALSE_SUPPORTED = 0.15
"""Of the statements that are contradicted or not told: those called supported."""
TRUE_CONTRADICTED, TRUE_UNSUPPORTED = 0.06, 0.04
"""Of the true statements: those called contradicted, and those called not found."""
FOLDS, SEEDS = 6, (0, 1, 2)
RATE = 0.06
TREES = {"n_estimators": 80, "max_depth": 3, "min_samples_leaf": 8}
CHANCE = {"subsample": 0.6, "max_features": 0.3}


# -- the sets ----------------------------------------------------------------------------------


def read(path: Path) -> tuple[str, list[tuple[str, str]]]:
    """The text of a set, and (label, text) of its pieces."""
    between = "" if path.stem.endswith(".zh") else " "
    pieces = [tuple(line.split("\t")) for line in path.read_text("utf-8").splitlines()]
    paragraphs: list[list[str]] = [[]]
    for piece in pieces:
        if len(piece) < 2 or piece[0] == "heading":
            paragraphs.append([])
        if len(piece) == 2:
            paragraphs[-1].append(piece[1])
        if piece[0] == "heading":
            paragraphs.append([])
    text = "\n\n".join(between.join(paragraph) for paragraph in paragraphs if paragraph)
    return text, [(piece[0], piece[1]) for piece in pieces if len(piece) == 2]


@dataclass(frozen=True, slots=True)
class Measured:
    """A set with what came of it: (label, kind or verdict, text) of each piece."""

    name: str
    rows: list[tuple[str, str, str]]

    @classmethod
    def of(cls, name: str, labels: Sequence[tuple[str, str]], found: CheckedText) -> "Measured":
        text, at, rows = found.text, 0, []
        for label, said in labels:
            start = text.index(said.lstrip("# "), at)
            at = start + len(said.lstrip("# "))
            inside = [one for one in found.statements if one.start < at and one.end > start]
            verdicts = [one.support or one.kind for one in inside]
            worst = min(verdicts, key=_worst, default="(lost)")
            rows.append((label, worst, said))
        return cls(name, rows)


def _worst(verdict: str) -> int:
    order = ("contradicted", "unsupported", "partly", "computed", "supported")
    return order.index(verdict) if verdict in order else len(order)


def check(name: str, kbs: Path) -> Measured:
    text, labels = read(SETS / f"{name}.txt")
    of = name.partition(".")[0]
    with KnowledgeBase.open(kbs / of, settings=load_settings(model="none")) as kb:
        kb.add([ROOT / folder for folder in DOCUMENTS[of]])
        return Measured.of(name, labels, kb.check(text))


def report(measured: Measured) -> None:
    table = Counter((label, verdict) for label, verdict, _ in measured.rows)
    verdicts = sorted({verdict for _, verdict in table}, key=_worst)
    print(f"\n{measured.name:<16}" + "".join(f"{verdict:>14}" for verdict in verdicts))
    for label in dict.fromkeys(label for label, _, _ in measured.rows):
        counts = "".join(f"{table[label, verdict] or '':>14}" for verdict in verdicts)
        print(f"{label:<16}{counts}")
    for label, fitting in FOUND.items():
        right = sum(table[label, verdict] for verdict in fitting)
        said = sum(n for (_, verdict), n in table.items() if verdict in fitting)
        there = sum(n for (own, _), n in table.items() if own == label)
        print(f"{label:<16}precision {share(right, said)}, recall {share(right, there)}")


def share(number: int, of: int) -> str:
    return f"{number / of:.2f} ({number} of {of})" if of else "-"


# -- fitting -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Weighed statements: signs (n, m), the place of their label in `LABELS` (n,), the kind of
    example that each is, and its group."""

    x: NDArray[np.float64]
    label: NDArray[np.int_]
    kinds: NDArray[np.str_]
    groups: list[str]

    @property
    def weight(self) -> NDArray[np.float64]:
        """See `SHARES` and `PRIORS`; shape (n,), 1 in the mean."""
        found = np.zeros(len(self.label))
        for kind, share_ in SHARES.items():
            for label, prior in enumerate(PRIORS):
                those = (self.kinds == kind) & (self.label == label)
                found[those] = share_ * prior / max(1, those.sum())
        return found / found.mean()


@contextmanager
def watched() -> Iterator[list[tuple[float, ...]]]:
    """Hears the signs of each statement that is weighed."""
    heard: list[tuple[float, ...]] = []

    def noted(_: object, values: Sequence[float]) -> NDArray[np.float64]:
        heard.append(tuple(values))
        return np.full(3, 1 / 3)

    weightless = texts.Weights((), dict.fromkeys(texts.CLASSES, 1.0))
    with (
        patch.object(texts.Weights, "probabilities", noted),
        patch.object(texts, "weights", lambda: weightless),
    ):
        yield heard


@dataclass(frozen=True, slots=True)
class Example:
    """A statement with its label; those of one `group` are fitted on together or not at all."""

    says: str
    label: str
    group: str


def pairs(language: str) -> tuple[list[Path], list[Example]]:
    """Statements in far words about invented documents, true ones and false ones."""
    sys.path.insert(0, str(TRAINING))
    from examples import split

    there = [
        path
        for path in sorted((TRAINING / "documents" / language).iterdir())
        if split(f"{language}/{path.stem}") != "train"
    ]
    found = []
    for path in there:
        rows = TRAINING / "pairs" / language / f"{path.stem}.jsonl"
        if split(f"{language}/{path.stem}") == "development" and rows.is_file():
            for line in rows.read_text("utf-8").splitlines():
                pair = json.loads(line)
                found.append(Example(pair["statement"], pair["label"], path.stem))
    return there, found


def handmade(language: str, folder: Path) -> tuple[list[Path], list[Example]]:
    """Sentences near their source, which becomes a document."""
    sys.path.insert(0, str(ROOT / "tests"))
    from handmade_pairs import judged

    folder.mkdir(parents=True, exist_ok=True)
    places: dict[str, Path] = {}
    found = []
    for one in judged(language):
        if one.source not in places:
            places[one.source] = path = folder / f"{language}-{len(places):03}.txt"
            path.write_text(one.source + "\n", encoding="utf-8")
        label = "supported" if one.true else OF_KIND.get(one.kind)
        if label:
            found.append(Example(one.text, label, places[one.source].stem))
    return list(places.values()), found


def replies(language: str) -> tuple[list[Path], list[Example]]:
    """What a fluent model says of documents, and the same made false."""
    found = []
    for one in written_replies.read(language):
        for claim in one.claims:
            label = "supported" if claim.true else "contradicted"
            found.append(Example(claim.text, label, one.id))
            if claim.true and (false := written_replies.made_false(claim.text)) != claim.text:
                found.append(Example(false, "contradicted", one.id))
    return sorted((ROOT / "examples" / "evaluation").glob(f"{language}-*/documents")), found


def table_of(kbs: Path) -> Table:
    """All examples that are weighed. The rows of each collection are kept beside its knowledge
    base, since they take minutes."""
    rows, labels, kinds, groups = [], [], [], []
    for language in ("en", "zh"):
        for name, (there, examples) in (
            ("pairs", pairs(language)),
            ("handmade", handmade(language, kbs / "handmade")),
            ("replies", replies(language)),
        ):
            kept = kbs / f"{name}-{language}.json"
            if not kept.is_file():
                found = list(_weighed(kbs / f"{name}-{language}", there, examples))
                kept.write_text(json.dumps(found), encoding="utf-8")
            for signs, label, group in json.loads(kept.read_text("utf-8")):
                rows.append(signs)
                labels.append(LABELS.index(label))
                kinds.append(name)
                groups.append(group)
    return Table(np.array(rows), np.array(labels), np.array(kinds), groups)


def _weighed(
    folder: Path, there: Sequence[Path], examples: Sequence[Example]
) -> Iterator[tuple[tuple[float, ...], str, str]]:
    """The signs of each statement that no rule tells."""
    with KnowledgeBase.open(folder, settings=load_settings(model="none")) as kb:
        kb.add(there)
        for example in examples:
            with watched() as heard:
                kb.check(example.says)
            if len(heard) == 1:
                yield heard[0], example.label, example.group


def fitted(data: Table, rows: NDArray[np.int_], seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier

    model = GradientBoostingClassifier(learning_rate=RATE, random_state=seed, **TREES, **CHANCE)
    return model.fit(data.x[rows], data.label[rows], sample_weight=data.weight[rows])


def held_out(data: Table) -> NDArray[np.float64]:
    """Probabilities by trees that were fitted on other documents, shape (n, 3)."""
    from sklearn.model_selection import GroupKFold

    found = np.zeros((len(data.label), len(LABELS)))
    for seed in SEEDS:
        folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        for known, new in folds.split(data.x, data.label, data.groups):
            found[new] += fitted(data, known, seed).predict_proba(data.x[new]) / len(SEEDS)
    return found


def bounds_of(likely: NDArray[np.float64], data: Table) -> dict[str, float]:
    true = data.label == 0
    return {
        "supported": _quantile(likely[:, 0], ~true, data.weight, 1 - FALSE_SUPPORTED),
        "contradicted": _quantile(likely[:, 1], true, data.weight, 1 - TRUE_CONTRADICTED),
        "unsupported": _quantile(likely[:, 2], true, data.weight, 1 - TRUE_UNSUPPORTED),
    }


def _quantile(
    values: NDArray[np.float64],
    among: NDArray[np.bool_],
    weight: NDArray[np.float64],
    of: float,
) -> float:
    """The value below which this share of some statements lies, by weight."""
    order = np.argsort(values[among])
    below = np.cumsum(weight[among][order]) / weight[among].sum()
    return round(float(values[among][order][int(np.searchsorted(below, of))]), 3)


def made(data: Table, bounds: dict[str, float]) -> dict[str, Any]:
    """What `text_weights.json` holds: for each class the trees of all seeds."""
    everything = np.arange(len(data.label))
    models = [fitted(data, everything, seed) for seed in SEEDS]
    totals = np.bincount(data.label, weights=data.weight, minlength=len(LABELS))
    priors = np.log(totals / totals.sum())
    return {
        "signs": data.x.shape[1],
        "classes": [
            {
                "start": round(float(priors[at]), 5),
                "rate": RATE / len(SEEDS),
                "trees": [_nodes(stage.tree_) for m in models for stage in m.estimators_[:, at]],
                "bounds": {},
            }
            for at in range(len(LABELS))
        ],
        "bounds": bounds,
    }


def _nodes(tree: Any) -> list[list[float]]:
    """See `weighing.Trees`."""
    return [
        [int(tree.feature[at]), round(float(tree.threshold[at]), 4), int(left), int(right)]
        if (left := tree.children_left[at]) >= 0
        else [-1, round(float(tree.value[at][0][0]), 4), 0, 0]
        for at, right in enumerate(tree.children_right)
    ]


def fit(data: Table, *, write: bool) -> None:
    likely = held_out(data)
    bounds = bounds_of(likely, data)
    print(f"{len(data.label)} statements; bounds {bounds}")
    least = np.array([bounds[one] for one in texts.CLASSES])
    fitting = np.where(likely >= least, likely, -1.0)
    verdict = np.where(fitting.max(1) >= 0, fitting.argmax(1), len(LABELS))
    print(f"{'':<24}" + "".join(f"{one:>14}" for one in ("number", *texts.CLASSES, "partly")))
    for kind in SHARES:
        for at, label in enumerate(LABELS):
            own = verdict[(data.label == at) & (data.kinds == kind)]
            if len(own):
                shares = "".join(f"{(own == to).mean():>14.2f}" for to in range(len(LABELS) + 1))
                print(f"{kind:<10}{label:<14}{len(own):>14}{shares}")
    if write:
        content = json.dumps(made(data, bounds), separators=(",", ":"))
        OUT.write_text(content + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    every = sorted(path.stem for path in SETS.glob("*.txt"))
    parser.add_argument("sets", nargs="*", choices=[*every, []], metavar="SET")
    parser.add_argument("-v", action="store_true", dest="verbose")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--write", action="store_true", help="what was fitted becomes what ships")
    parser.add_argument("--kbs", type=Path, default=Path("build/checking"), metavar="FOLDER")
    given = parser.parse_args()
    if given.fit:
        fit(table_of(given.kbs), write=given.write)
        return
    rows: list[tuple[str, str, str]] = []
    for name in given.sets or every:
        measured = check(name, given.kbs)
        report(measured)
        rows += measured.rows
        if given.verbose:
            for label, verdict, said in measured.rows:
                print(f"{label:<13}{verdict:<14}{said}")
    report(Measured("all", rows))


if __name__ == "__main__":
    main()
