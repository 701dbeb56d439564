"""What the rules, the entailment model and both say of statements in other words.

    python benchmarks/entailment.py [--limit N] [--kinds] [--development]

Over the test documents of `training/` (with --development those looked at while choosing), each
statement held against its whole document, and over the tests' handwritten sentences, by

    rules     the rules alone
    model     the entailment model where no number or negation speaks against it
    both      the rules, then the model: a small chat model's answers
    replies   rules, arithmetic and trees over all signs: a capable model's answers

(`quire check` searches for each statement by itself: benchmarks/checking.py.)

`supported` of the true ones and of the false ones (contradicted and not told), computed ones among
them; of the contradicted and the true ones how many are called contradicted; the places that a
supported one cites, and the milliseconds that a statement takes. With --kinds the share of each
kind that is supported, and how often probabilities come true.
"""

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

for folder in ("training", "tests"):
    sys.path.insert(0, str(Path(__file__).parent.parent / folder))

import numpy as np

from examples import read
from handmade_pairs import judged
from made_passages import passage
from quire import load_settings, verification
from quire.models import opening
from quire.models.entailment.calibration import language_of
from quire.models.protocols import Entailment
from quire.records import Passage, Sentence
from quire.search.recent import RecentVectors
from quire.verification import Claim, Embed, Reading, ReplyCheck

FOUND, AGAINST = frozenset({"supported", "computed"}), frozenset({"contradicted"})
WIDTH = 0.1  # of the stretches of probability that are compared with the share of true ones


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, what it is held against, and what it should be called."""

    text: str
    passages: tuple[Passage, ...]
    label: str
    kind: str


def of_documents(split: str) -> Iterator[Case]:
    for example in read("pairs"):
        if example.split == split:
            yield Case(example.text, example.passages, example.label, example.kind)


def by_hand() -> Iterator[Case]:
    for language in ("en", "zh"):
        for half in ("first", "second"):
            for one in judged(language, half=half):
                yield Case(
                    one.text, (passage(one.source),), "supported" if one.true else "false", one.kind
                )


def ways(model: Entailment, embed: Embed) -> dict[str, Callable[[Case], Sentence]]:
    def reading(case: Case) -> Reading:
        return Reading(model, case.passages, embed=embed)

    def claim(case: Case) -> Claim:
        return Claim(case.text, case.text, "sentence")

    def replies(case: Case) -> Sentence:
        return ReplyCheck(case.passages, model=model, embed=embed).verdict(claim(case))

    return {
        "rules": lambda case: verification.verify(case.text, case.passages),
        "model": lambda case: reading(case).settle(Sentence(case.text, "unsupported")),
        "both": lambda case: verification.verify(case.text, case.passages, reading=reading(case)),
        "replies": replies,
    }


def report(
    name: str, cases: Sequence[Case], model: Entailment, embed: Embed, *, by_kind: bool
) -> None:
    print(
        f"\n{name}\n{'':<12}{'true':>6}{'supported':>11}{'false':>7}{'supported':>11}"
        f"{'contradicted':>14}{'true so called':>16}{'places':>8}{'ms':>7}"
    )
    for language in ("en", "zh"):
        of = [case for case in cases if language_of(case.text) == language]
        told: dict[str, list[Sentence]] = {}
        for way, judge in ways(model, embed).items():
            began = time.perf_counter()
            told[way] = [judge(case) for case in of]
            spent = 1000 * (time.perf_counter() - began) / max(1, len(of))
            pairs = list(zip(of, told[way], strict=True))
            true = [one for case, one in pairs if case.label == "supported"]
            false = [one for case, one in pairs if case.label != "supported"]
            against = [one for case, one in pairs if case.label == "contradicted"]
            cited = [len(one.citations) for one in true if one.support in FOUND]
            print(
                f"{language} {way:<9}{len(true):>6}{share(true, FOUND):>11.3f}"
                f"{len(false):>7}{share(false, FOUND):>11.3f}"
                f"{share(against, AGAINST):>14.3f}{share(true, AGAINST):>16.3f}"
                f"{sum(cited) / max(1, len(cited)):>8.2f}{spent:>7.0f}",
                flush=True,
            )
        if by_kind:
            kinds(of, told)
            calibration(of, told)


def kinds(cases: Sequence[Case], told: dict[str, list[Sentence]]) -> None:
    """The share of each kind that is supported, by way."""
    print(f"  {'supported':<34}{'n':>5}" + "".join(f"{way:>9}" for way in told))
    rows = defaultdict(list)
    for at, case in enumerate(cases):
        rows[f"{case.label}, {case.kind}"].append(at)
    for kind, places in sorted(rows.items()):
        shares = (share([told[way][at] for at in places], FOUND) for way in told)
        print(f"  {kind:<34}{len(places):>5}" + "".join(f"{one:>9.2f}" for one in shares))


def calibration(cases: Sequence[Case], told: dict[str, list[Sentence]]) -> None:
    """How often what has a probability of being supported is true, in stretches of it."""
    for way in ("both", "replies"):
        said = [
            (one.probability, case.label == "supported")
            for case, one in zip(cases, told[way], strict=True)
            if one.probability is not None and one.support in {"supported", "partly", "unsupported"}
        ]
        print(f"  {way}: said, true, n")
        for low in np.arange(0, 1, WIDTH):
            of = [pair for pair in said if low <= pair[0] < low + WIDTH]
            if of:
                means = np.mean(of, axis=0)
                print(f"    {means[0]:.2f} {means[1]:.2f} {len(of):>5}")


def share(told: Sequence[Sentence], verdicts: frozenset[str]) -> float:
    return sum(one.support in verdicts for one in told) / max(1, len(told))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, help="statements of each set, drawn by chance")
    parser.add_argument("--kinds", action="store_true", help="by kind, and the calibration")
    parser.add_argument("--development", action="store_true", help="the documents to look at")
    options = parser.parse_args()
    settings = load_settings()
    model, embedder = opening.entailment(settings), opening.embedder(settings)
    if model is None:
        sys.exit("There is no entailment model: make starter")
    split = "development" if options.development else "test"
    embed = RecentVectors(embedder).embed_passages  # the same for all statements of a document
    for name, found in ((f"{split} documents", of_documents(split)), ("by hand", by_hand())):
        cases = list(found)
        if options.limit:
            cases = random.Random(0).sample(cases, min(len(cases), options.limit))
        report(name, cases, model, embed, by_kind=options.kinds)


if __name__ == "__main__":
    main()
