"""How many computed numbers are worked out again, and how many other ones in their place.

    python benchmarks/arithmetic.py               the tests' phrasings, ten numbers for each
    python benchmarks/arithmetic.py --draws 3 --show

`derived` is the share of the true numbers that are found to follow; `denied` of these are said to
be wrong. `false` is the share of other numbers found to follow: with one `digit` changed, one from
the `sources`, or what another `operation` gives on the same operands. Each is held against its own
sources among 30 others: after the statements that tell its operands, and alone.
"""

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from computed_statements import Case, draw, wrong
from quire.verification import arithmetic
from quire.verification.arithmetic import Computation

KINDS = ("digit", "sources", "operation")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=10, help="numbers for each phrasing")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", action="store_true", help="print what was missed or false")
    chosen = parser.parse_args()
    for said in (True, False):
        measure(chosen.draws, chosen.seed, said=said, show=chosen.show)


def measure(draws: int, seed: int, *, said: bool, show: bool) -> None:
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    took = []
    for case in (case for _ in range(draws) for case in draw(rng, said=said)):
        began = time.process_time()
        right = outcome(case, case.right)
        took.append(time.process_time() - began)
        counts["cases"] += 1
        counts["derived"] += right is not None and right.holds
        counts["denied"] += right is not None and not right.holds
        if show and not (right and right.holds):
            print(f"  missed  {case.with_number(case.right)}")
        for kind in KINDS:
            if number := wrong(case, rng, kind=kind):
                step = outcome(case, number)
                counts[f"{kind} tried"] += 1
                counts[kind] += step is not None and step.holds
                if show and step and step.holds:
                    print(f"  {kind}  {case.with_number(number)}  {step.formula}")
    false = " ".join(f"{kind} {counts[kind] / counts[f'{kind} tried']:.2%}" for kind in KINDS)
    print(
        f"{'after its operands' if said else 'alone'}: {counts['cases']} numbers,"
        f" derived {counts['derived'] / counts['cases']:.1%}, denied {counts['denied']},"
        f" false {false}, {1000 * statistics.median(took):.1f} ms"
    )


def outcome(case: Case, number: str) -> Computation | None:
    """What is found of a case's number, another one in its place."""
    sources = [(source, None) for source in case.sources]
    derived = arithmetic.derive(case.with_number(number), sources, said=case.said)
    for step in derived.steps if derived else ():
        if step.result.written.replace(",", "").startswith(number.replace(",", "")):
            return step
    return None


if __name__ == "__main__":
    main()
