"""`benchmarks/replies.py`: it asks, tells true from false, and makes the weights that ship."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

import replies  # noqa: E402  stands beside the tests
import written_replies  # noqa: E402
from made_passages import passage  # noqa: E402
from quire.verification import Claim, ReplyCheck, weighing  # noqa: E402

FIRST = ("AMT-CL-2022-07_amendment-2", "AMT-CL-2022-07_cleaning-agreement", "Quarrington-Staff")


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser_here: None) -> Path:
    """The documents that the first three English replies rest on."""
    folder = tmp_path / "en-first" / "documents"
    folder.mkdir(parents=True)
    for path in (replies.DOCUMENTS / "en-fitted" / "documents").iterdir():
        if path.name.startswith(FIRST):
            shutil.copy(path, folder)
    monkeypatch.setattr(replies, "DOCUMENTS", tmp_path)
    (tmp_path / "own" / "en").mkdir(parents=True)
    monkeypatch.setattr(replies, "OWN", tmp_path / "own")
    return folder


@pytest.mark.usefixtures("documents")
def test_it_prints_what_is_told_of_three_replies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kbs = str(tmp_path / "kbs")
    monkeypatch.setenv("QUIRE_ENTAILMENT", "none")
    monkeypatch.setattr("sys.argv", ["replies.py", "en", "--limit", "3", "--twist", "--kbs", kbs])
    replies.main()
    printed = capsys.readouterr().out
    row = re.search(r"(?m)^all +3 .* (\d+) +[\d.]+ +[\d.]+ +(\d+) +[\d.]+ +[\d.]+ +-$", printed)
    assert row, printed
    assert row.groups() == ("2", "4")  # true and false: one was false before, three were turned
    assert re.search(r"a statement: \d+ ms", printed)


def test_the_weights_that_ship_are_for_the_features_that_are_weighed() -> None:
    check = ReplyCheck([passage("The fee for a dog is 30 euros, to be paid on arrival.")])
    said = "Whoever brings an animal has to settle 30 euros."
    with replies.watched() as checked:
        check.verdict(Claim(said, said, "sentence"))
    features = checked[0].features
    assert features is not None
    told = json.loads(replies.OUT.read_text(encoding="utf-8"))
    assert told["features"] == len(features)
    assert max(node[0] for tree in told["trees"] for node in tree) < len(features)
    assert list(told["bounds"]) == ["supported", "unsupported", "doubted"]


def test_trees_score_as_the_models_they_are_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(replies.TREES, "n_estimators", 10)
    random = np.random.default_rng(0)
    x = random.normal(size=(80, 5))
    true = x[:, 0] + random.normal(size=80) > 0
    names = [f"q{at // 4}" for at in range(80)]
    data = replies.table_of(
        [
            replies.Weighed("documents" if at % 3 else "replies", *one)
            for at, one in enumerate(zip(names, true.tolist(), map(tuple, x.tolist()), strict=True))
        ]
    )
    content = replies.made(data, replies.held_out(data))
    assert content == replies.made(data, replies.held_out(data)), "the same twice"
    models = [replies.fitted(data, np.arange(80), seed) for seed in replies.SEEDS]
    expected = np.mean([model.decision_function(x) for model in models], axis=0)
    trees = weighing.Trees(
        content["start"],
        content["rate"],
        tuple(tuple(map(tuple, tree)) for tree in content["trees"]),
        content["bounds"],
    )
    np.testing.assert_allclose([trees.score(row) for row in x], expected, atol=1e-3)


def test_a_twist_changes_one_true_statement_and_is_well_formed() -> None:
    rows = [one for language in replies.LANGUAGES for one in written_replies.read(language)]
    pairs = [(one, turned) for one in rows if (turned := written_replies.twisted(one)) is not one]
    assert len(pairs) > 0.9 * len(rows)
    for one, turned in pairs:
        changed = [
            (before, after)
            for before, after in zip(one.claims, turned.claims, strict=True)
            if before != after
        ]
        assert len(changed) == 1
        assert changed[0][0].true
        assert not changed[0][1].true
        assert not re.search(r"\w(?<!can)not\b|\bnot not\b|不不|没没", changed[0][1].text)
        assert re.findall(r"\{\d+\}", turned.reply) == re.findall(r"\{\d+\}", one.reply)


def test_every_statement_of_a_reply_stands_in_it_and_every_mark_has_its_piece() -> None:
    for language in replies.LANGUAGES:
        rows = written_replies.read(language)
        assert len({one.id for one in rows}) == len(rows)
        for one in rows:
            text = written_replies.bare(one.reply)
            assert all(written_replies.bare(claim.text) in text for claim in one.claims), one.id
            marks = {int(mark) for mark in re.findall(r"\{(\d+)\}", one.reply)}
            assert one.kind == "unanswerable" or marks == {*range(1, len(one.needs) + 1)}, one.id


def test_the_readme_counts_the_statements_of_replies() -> None:
    readme = (replies.ROOT / "training" / "README.md").read_text(encoding="utf-8")
    told = [
        [claim.true for one in written_replies.read(language) for claim in one.claims]
        for language in replies.LANGUAGES
    ]
    for name, counts in (
        ("statements of replies", [len(of) for of in told]),
        ("of these false", [of.count(False) for of in told]),
    ):
        assert f"| {name} | {counts[0]} | {counts[1]} |" in readme
