"""Write the cases on which a chat model is tried as a judge, `app/answering/judge_cases.jsonl`.

    python training/judge_cases.py

Statements over the test documents, which trained nothing and chose nothing, that the check of
replies calls partly supported: as many true as false ones in each language, at most a few of a
document, with the quotes that the check found. Of the true ones only those are taken whose quotes
are the places that decide.
"""

import itertools
import json
import random
from collections import Counter
from pathlib import Path

from examples import Example, read
from quire import load_settings
from quire.models import opening
from quire.models.entailment.calibration import language_of
from quire.records import Sentence
from quire.verification import Claim, ReplyCheck

OUT = Path(__file__).parent.parent / "app" / "answering" / "judge_cases.jsonl"
EACH = 40  # true ones, and false ones, of a language
A_DOCUMENT = 4


def main() -> None:
    settings = load_settings()
    model, embedder = opening.entailment(settings), opening.embedder(settings)
    examples = [example for example in read("pairs") if example.split == "test"]
    random.Random(0).shuffle(examples)
    examples.sort(key=lambda example: example.document)
    examples = _in_turn(examples)
    wanted = {(language, true): EACH for language in ("en", "zh") for true in (True, False)}
    of: Counter[tuple[str, bool]] = Counter()
    rows = []
    for example in examples:
        kind = language_of(example.text), example.label == "supported"
        if not wanted.get(kind) or of[example.document, kind[1]] >= A_DOCUMENT:
            continue
        check = ReplyCheck(example.passages, model=model, embed=embedder.embed_passages)
        told = check.verdict(Claim(example.text, example.text, "sentence"))
        if told.support != "partly" or not told.citations:
            continue
        if kind[1] and not _decided(example, told):
            continue
        wanted[kind] -= 1
        of[example.document, kind[1]] += 1
        quotes = list(dict.fromkeys(cited.quote for cited in told.citations))
        rows.append(
            {"language": kind[0], "true": kind[1], "statement": example.text, "quotes": quotes}
        )
    random.Random(1).shuffle(rows)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    OUT.write_text(text, encoding="utf-8")
    print(f"{len(rows)} cases; missing: {[kind for kind, left in wanted.items() if left]}")


def _decided(example: Example, told: Sentence) -> bool:
    """Whether the places that decide are among those that are cited."""
    said = "\n".join(cited.quote for cited in told.citations)
    return bool(example.gold) and all(gold.statement.text in said for gold in example.gold)


def _in_turn(examples: list[Example]) -> list[Example]:
    """One of each document after the other."""
    lots = [list(of) for _, of in itertools.groupby(examples, key=lambda one: one.document)]
    turns = itertools.zip_longest(*lots)
    return [example for turn in turns for example in turn if example is not None]


if __name__ == "__main__":
    main()
