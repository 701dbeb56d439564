"""What the rules, the entailment model and both say of statements in other words.

    python benchmarks/entailment.py [--limit N]

Over the test documents of `training/`, each statement held against its whole document, and over the
tests' handwritten sentences. `supported` of the true ones and of the false ones (contradicted and
not told), and of the contradicted and the true ones how many are called contradicted; the places
that a supported one cites, and the time that a statement takes.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

for folder in ("training", "tests"):
    sys.path.insert(0, str(Path(__file__).parent.parent / folder))

from examples import read
from handmade_pairs import judged
from made_passages import passage
from quire import load_settings, verification
from quire.models import opening
from quire.models.entailment.calibration import language_of
from quire.models.protocols import Embedder, Entailment
from quire.records import Passage, Sentence
from quire.verification import Reading


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, what it is held against, and what it should be called."""

    text: str
    passages: tuple[Passage, ...]
    label: str


def of_documents() -> Iterator[Case]:
    for example in read("pairs"):
        if example.split == "test":
            yield Case(example.text, example.passages, example.label)


def by_hand() -> Iterator[Case]:
    for language in ("en", "zh"):
        for half in ("first", "second"):
            for one in judged(language, half=half):
                yield Case(one.text, (passage(one.source),), "supported" if one.true else "false")


def report(name: str, cases: Sequence[Case], model: Entailment, embedder: Embedder) -> None:
    def rules(case: Case) -> Sentence:
        return verification.verify(case.text, case.passages)

    def alone(case: Case) -> Sentence:
        return reading(case).settle(Sentence(case.text, "unsupported"))

    def both(case: Case) -> Sentence:
        return verification.verify(case.text, case.passages, reading=reading(case))

    def reading(case: Case) -> Reading:
        return Reading(model, case.passages, embed=embedder.embed_passages)

    ways: dict[str, Callable[[Case], Sentence]] = {"rules": rules, "model": alone, "both": both}
    print(
        f"\n{name}\n{'':<10}{'true':>6}{'supported':>11}{'false':>7}{'supported':>11}"
        f"{'contradicted':>14}{'true so called':>16}{'places':>8}{'ms':>7}"
    )
    for language in ("en", "zh"):
        of = [case for case in cases if language_of(case.text) == language]
        for way, judge in ways.items():
            began = time.perf_counter()
            told = [judge(case) for case in of]
            spent = 1000 * (time.perf_counter() - began) / max(1, len(of))
            pairs = list(zip(of, told, strict=True))
            true = [one for case, one in pairs if case.label == "supported"]
            false = [one for case, one in pairs if case.label != "supported"]
            against = [one for case, one in pairs if case.label == "contradicted"]
            cited = [len(one.citations) for one in true if one.support == "supported"]
            print(
                f"{language} {way:<7}{len(true):>6}{share(true, 'supported'):>11.3f}"
                f"{len(false):>7}{share(false, 'supported'):>11.3f}"
                f"{share(against, 'contradicted'):>14.3f}{share(true, 'contradicted'):>16.3f}"
                f"{sum(cited) / max(1, len(cited)):>8.2f}{spent:>7.0f}"
            )


def share(told: Sequence[Sentence], support: str) -> float:
    return sum(one.support == support for one in told) / max(1, len(told))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, help="statements of each set, drawn by chance")
    options = parser.parse_args()
    settings = load_settings()
    model, embedder = opening.entailment(settings), opening.embedder(settings)
    if model is None:
        sys.exit("There is no entailment model: make starter")
    for name, found in (("test documents", of_documents()), ("by hand", by_hand())):
        cases = list(found)
        random.Random(0).shuffle(cases)
        report(name, cases[: options.limit], model, embedder)


if __name__ == "__main__":
    main()
