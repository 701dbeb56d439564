"""How well true sentences are told from false ones, on texts of your own.

    python benchmarks/verification.py              the tests' generated and handwritten sentences
    python benchmarks/verification.py SET…         sentences of sets as `quire eval` takes them

From each question's evidence the sentence that holds the answer is taken, and held against its own
paragraph and another one: as it is; with its numbers written otherwise; and made false in five
ways. The entity swapped is the answer, and what takes its place is an answer of the same document.
"""

import argparse
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

import corruptions
from corruptions import FALSE, TRUE, Pair
from handmade_pairs import judged
from made_passages import passage
from quire.text import languages
from quire.verification import quantities, quantity_fit, verify

DIGITS_ZH = "零一二三四五六七八九十"


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


def report(name: str, found: Iterator[Pair]) -> None:
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    shown = unfounded = 0
    for pair in found:
        passages = [passage(text) for text in pair.passages]
        sentence = verify(pair.text, passages)
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


def by_hand(language: str) -> None:
    """The sentences written by hand: how many true and false ones are called what."""
    verdicts: dict[bool, Counter[str]] = defaultdict(Counter)
    for one in judged(language):
        verdicts[one.true][verify(one.text, [passage(one.source)]).support] += 1
    print(f"\nwritten by hand, {language}")
    for true, counts in sorted(verdicts.items()):
        shares = [counts[support] / counts.total() for support in ("supported", "partly")]
        name = "true" if true else "false"
        print(f"{name:<6} {counts.total():>4}  supported {shares[0]:.3f}  partly {shares[1]:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("sets", type=Path, nargs="*", metavar="SET")
    parser.add_argument("--each", type=int, default=250, help="generated pairs of each kind")
    arguments = parser.parse_args()
    for folder in arguments.sets:
        report(folder.name, of_set(folder))
    if not arguments.sets:
        for language in ("en", "zh"):
            name = f"generated, {language}"
            report(name, corruptions.pairs(language, each=arguments.each))
        for language in ("en", "zh"):
            by_hand(language)


if __name__ == "__main__":
    main()
