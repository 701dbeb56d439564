"""The statements and questions of `training/`: each names what it is, and lines that are there."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TRAINING = Path(__file__).parent.parent / "training"
LABELS = {
    "pairs": {"supported", "contradicted", "not told"},
    "questions": {"answered", "not answered"},
}
TEXT = {"pairs": "statement", "questions": "question"}


def rows(folder: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted((TRAINING / folder).rglob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path, json.loads(line)


@pytest.mark.parametrize("folder", LABELS)
def test_each_line_says_what_it_is_and_which_lines_decide_it(folder: str) -> None:
    lengths = {
        f"{path.parent.name}/{path.stem}": len(path.read_text(encoding="utf-8").splitlines())
        for path in (TRAINING / "documents").rglob("*.*")
    }
    for path, row in rows(folder):
        assert set(row) == {TEXT[folder], "label", "kind", "lines"}, path
        assert row["label"] in LABELS[folder], path
        assert row[TEXT[folder]].strip(), path
        length = lengths[f"{path.parent.name}/{path.stem}"]
        assert row["lines"], (path, row)
        assert all(1 <= line <= length for line in row["lines"]), (path, row)


def test_no_statement_stands_twice_and_the_readme_counts_them() -> None:
    said = Counter((path, row["statement"]) for path, row in rows("pairs"))
    assert max(said.values()) == 1
    languages = Counter(path.parent.name for path, _ in rows("pairs"))
    readme = (TRAINING / "README.md").read_text(encoding="utf-8")
    assert f"| statements | {languages['en']:,} | {languages['zh']:,} |" in readme
