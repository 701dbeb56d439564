"""How well true sentences are told from false ones, on texts of your own.

    python benchmarks/verification.py              the tests' generated and handwritten sentences
    python benchmarks/verification.py SET…         sentences of sets as `quire eval` takes them
    python benchmarks/verification.py --without PART …   the same with a part switched off; several
                                                   may be: --without modals --without qualifiers
    python benchmarks/verification.py --parts [SET…]     a table of all parts

From each question's evidence the sentence that holds the answer is taken, and held against its own
paragraph and another one: as it is; with its numbers written otherwise; and made false in five
ways. The entity swapped is the answer, and what takes its place is an answer of the same document.

A part is one of the checks in `quire.verification.agreement`. The table tells for each of them, on
the generated and the handwritten sentences and on the sets, what it alone catches and what it alone
wrongly stops: how many false sentences become supported when it is switched off, how many true ones
do, and, of parts that veto, how many false ones that were unsupported become partly supported. What
two parts catch, neither catches alone. It takes as long as that many runs: some minutes.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import corruptions
from corruptions import FALSE, TRUE, Pair
from handmade_pairs import HALVES, judged
from made_passages import passage
from quire.text import languages
from quire.verification import quantities, quantity_fit
from quire.verification.agreement import CHECKS, Check
from quire.verification.judging import judge

DIGITS_ZH = "零一二三四五六七八九十"
LANGUAGES = ("en", "zh")


def of_set(folder: Path) -> Iterator[Pair]:
    """Pairs from the evidence of a set's questions."""
    draw = random.Random(1)
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [row for row in map(json.loads, lines) if row["answers"] and row["evidence"]]
    answers: dict[str, list[str]] = defaultdict(list)
    for row in questions:
        answers[row["document"]].append(row["answers"][0])
    for row in questions:
        told = corruptions.sentences_of(row["evidence"])
        answer = row["answers"][0]
        text = next((one for one in told if answer in one), None)
        if text is None or len(told) < 2:
            continue
        elsewhere = draw.choice([q["evidence"] for q in questions if q["id"] != row["id"]])
        there = (row["evidence"], elsewhere)
        yield Pair("verbatim", text, there)
        otherwise = rewritten(text)
        if otherwise != text:
            yield Pair("paraphrased", otherwise, there)
        if text not in elsewhere:
            yield Pair("other passage", text, (elsewhere,))
        everyone = [a for rows in answers.values() for a in rows]
        same = [a for a in answers[row["document"]] if _like(a, answer) and a not in text]
        instead = same or [a for a in everyone if _like(a, answer) and a not in text]
        others = [one for one in told if one != text]
        name = not re.search(r"\d", answer) and 3 * len(answer) <= len(text)
        swapped = {answer: instead} if name else {}
        for kind, false in corruptions.corrupted(
            text, others, draw, names=[answer], instead=swapped
        ):
            yield Pair(kind, false, there)


def _like(one: str, other: str) -> bool:
    """Whether two answers are of a kind: both names or neither, and about as long."""
    return (
        one != other
        and not re.search(r"\d", one)
        and one[:1].isupper() == other[:1].isupper()
        and max(len(one), len(other)) <= 2 * min(len(one), len(other)) + 2
    )


def rewritten(text: str) -> str:
    """The same with its numbers written otherwise."""
    chinese = languages.detect(text) == "zh"

    def otherwise(match: re.Match[str]) -> str:
        number = match[0].replace(",", "")
        if number != match[0]:
            return number
        if chinese and len(number) == 1:
            return DIGITS_ZH[int(number)] if match.string[match.end() :][:1] != "月" else number
        if not chinese and len(number) < 3:
            return corruptions.in_words(int(number))
        if len(number) > 4:
            return f"{int(number):,}"
        return number

    if re.search(r"\b\d{1,2}(?:st|nd|rd|th)? [A-Z]", text):
        return text  # a date, most likely
    apart = r"[A-Za-z\d.,/:-]"
    return re.sub(rf"(?<!{apart})\d+(?:,\d{{3}})*(?!{apart}|\s?[a-zA-Z]*\d)", otherwise, text)


def report(name: str, found: Iterable[Pair], checks: Sequence[Check]) -> None:
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    shown = unfounded = 0
    for pair in found:
        passages = [passage(text) for text in pair.passages]
        sentence = judge(pair.text, passages, checks=checks)
        verdicts[pair.kind][sentence.support] += 1
        if sentence.support == "supported":
            shown += 1
            there = quantities.quantities(sentence.quote)
            quoted = any(sentence.quote in one.text for one in passages)
            said = quantities.quantities(pair.text)
            unfounded += not (
                quoted and all(quantity_fit.fits(one, there) != "none" for one in said)
            )
    print(f"\n{name}\n{'':<16} {'pairs':>6} {'supported':>10} {'partly':>7} {'unsupported':>12}")
    for kind in (*TRUE, *FALSE):
        counts = verdicts[kind]
        if not counts:
            continue
        shares = [
            counts[support] / counts.total() for support in ("supported", "partly", "unsupported")
        ]
        print("{:<16} {:>6} {:>10.3f} {:>7.3f} {:>12.3f}".format(kind, counts.total(), *shares))
    true = sum(verdicts[kind]["supported"] for kind in TRUE)
    print(
        f"of those called supported {true / max(1, shown):.3f} are true; "
        f"{1 - unfounded / max(1, shown):.3f} have their quote in the passage and no other number"
    )


def by_hand(language: str, half: Literal["first", "second"], checks: Sequence[Check]) -> None:
    """The sentences written by hand: how many true and false ones are called what."""
    verdicts: dict[bool, Counter[str]] = defaultdict(Counter)
    for one in judged(language, half=half):
        sentence = judge(one.text, [passage(one.source)], checks=checks)
        verdicts[one.true][sentence.support] += 1
    print(f"\nwritten by hand, {language}, {half} half")
    for true, counts in sorted(verdicts.items()):
        shares = [counts[support] / counts.total() for support in ("supported", "partly")]
        name = "true" if true else "false"
        print(f"{name:<6} {counts.total():>4}  supported {shares[0]:.3f}  partly {shares[1]:.3f}")


@dataclass(frozen=True)
class Claim:
    """A sentence, the texts of the passages it is held against, and whether they make it true."""

    text: str
    passages: tuple[str, ...]
    true: bool

    def support(self, checks: Sequence[Check]) -> str:
        passages = [passage(text) for text in self.passages]
        return judge(self.text, passages, checks=checks).support


def claims(sets: Sequence[Path], *, each: int) -> Iterator[tuple[str, list[Claim]]]:
    """All that there is to judge, by the name of where it comes from."""
    for language in LANGUAGES:
        yield f"generated {language}", claims_of(corruptions.pairs(language, each=each))
    for language in LANGUAGES:
        yield (
            f"by hand {language}",
            [Claim(one.text, (one.source,), one.true) for one in judged(language)],
        )
    for folder in sets:
        yield folder.name, claims_of(of_set(folder))


def claims_of(pairs: Iterable[Pair]) -> list[Claim]:
    return [Claim(pair.text, pair.passages, pair.kind in TRUE) for pair in pairs]


def parts(sets: Sequence[Path], *, each: int) -> None:
    """The table of what each part catches and what it wrongly stops."""
    for name, found in claims(sets, each=each):
        # Without a part no less is supported: what is supported with all needs no second look.
        others = [(one, now) for one in found if (now := one.support(CHECKS)) != "supported"]
        true = sum(one.true for one in found)
        print(f"\n{name}: {len(found) - true} false, {true} true")
        print(
            f"{'without':<16} {'false supported':>16} {'true supported':>15} {'false partly':>13}"
        )
        for left_out in CHECKS:
            checks = [check for check in CHECKS if check is not left_out]
            become = Counter(
                (one.true, then) for one, now in others if (then := one.support(checks)) != now
            )
            caught, stopped = become[False, "supported"], become[True, "supported"]
            partly = f"{become[False, 'partly']:>+13}" if left_out.vetoes else ""
            print(f"{left_out.name:<16} {caught:>+16} {stopped:>+15} {partly}".rstrip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("sets", type=Path, nargs="*", metavar="SET")
    parser.add_argument("--each", type=int, default=250, help="generated pairs of each kind")
    names = [check.name for check in CHECKS]
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=names,
        metavar="PART",
        help=f"switch a part off, of {', '.join(names)}; may be given several times",
    )
    parser.add_argument(
        "--parts", action="store_true", help="what each part catches, and what it wrongly stops"
    )
    arguments = parser.parse_args()
    if arguments.parts:
        parts(arguments.sets, each=arguments.each)
        return
    checks = [check for check in CHECKS if check.name not in arguments.without]
    for folder in arguments.sets:
        report(folder.name, of_set(folder), checks)
    if not arguments.sets:
        for language in LANGUAGES:
            found = corruptions.pairs(language, each=arguments.each)
            report(f"generated, {language}", found, checks)
        for language in LANGUAGES:
            for half in HALVES:
                by_hand(language, half, checks)


if __name__ == "__main__":
    main()
