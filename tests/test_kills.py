"""`kill -9` at any point leaves a working knowledge base: nothing committed is lost, nothing is
half there, and running the same again ends where an uninterrupted run ends."""

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults import files_with
from kill_driver import STEP, opened
from killing import Driver
from made_documents import assert_near, state
from quire import KnowledgeBase
from quire.indexes import migrations

pytestmark = pytest.mark.usefixtures("parser_here")

_SEED = int(os.environ.get("QUIRE_TEST_SEED", "1"))
_FILES = 7
_REMOVED = ["upload0.txt", "upload2.txt", "3.md"]  # before a restore, and a compaction


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, driver: Driver) -> Path:
    """Some files, and a knowledge base of them with a chat, from which each round starts: a copy,
    which is put back to where it was made."""
    folder = tmp_path_factory.mktemp("kills") / "round"
    files = folder / "files"
    files.mkdir(parents=True)
    for number in range(_FILES):
        text = f"# File {number}\n\nThis is file {number}.\n\n# 第二节\n\n文件{number}的内容。"
        (files / f"{number}.md").write_text(text)
    for scenario in ("ingest", "chat", "upload"):
        killed, _ = driver.run(folder / "kb", scenario)
        assert not killed
    return folder.rename(folder.with_name("before"))


class Round:
    """One kill: the folder it happens in, and what is true before and after the whole run."""

    def __init__(self, before: Path, scenario: str) -> None:
        place = before.with_name("round")
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(before, place)
        self.kb = place / "kb"
        self.scenario = scenario
        self.kb.with_suffix(".done").unlink()
        if scenario == "ingest":
            shutil.rmtree(self.kb)
        if scenario in {"restore", "compact"}:
            with opened(self.kb) as base:
                base.tag(_REMOVED, add="kept")
                base.move(_REMOVED, "Kept")
                self.removed = [document.id for document in base.remove(_REMOVED)]
        if scenario == "repair":
            with opened(self.kb) as base, base._catalog.writing() as connection:
                connection.execute("DELETE FROM lexical WHERE rowid < 5")
                connection.execute("DELETE FROM vectors WHERE chunk_id = 3")
                connection.execute("UPDATE chunks SET text = 'x' WHERE id = 5")
                connection.execute(
                    "UPDATE pages SET text = 'y' WHERE document_id IN (SELECT document_id FROM "
                    "locations WHERE CAST(path AS TEXT) LIKE '%6.md' "
                    "OR CAST(path AS TEXT) LIKE '%upload1.txt')"
                )

    @property
    def done(self) -> list[str]:
        """What the child had finished."""
        path = self.kb.with_suffix(".done")
        return path.read_text().split() if path.exists() else []


def _of(found: dict[str, Any]) -> dict[str, Any]:
    """A state's documents by name, whatever folder they lie in."""
    return {Path(uri).name: value for uri, value in found.items() if "/" in uri}


def check(
    round_: Round, old: dict[str, Any], new: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must hold after a kill, given the documents before and after a whole run."""
    kb, scenario, done = round_.kb, round_.scenario, round_.done
    if scenario == "upgrade":
        monkeypatch.setattr(migrations, "_STEPS", (*migrations._STEPS, STEP))
    with opened(kb) as base:
        if scenario == "repair":  # it may still be damaged
            gone = [each.name for each in base.removed() if each.restoring]
            assert len(base.documents()) + len(gone) == len(old)
            if gone:
                base.compact()
                assert [each.name for each in base.removed()] == gone
            return
        found = _of(state(base._catalog))
        for name, document in found.items():
            assert document in (old.get(name), new.get(name)), f"{name} is half there"
        if scenario in {"ingest", "change", "upload"}:
            for name in done:
                assert found[name] == new[name], f"{name} was committed and is not there"
            assert found.keys() >= old.keys() & new.keys()
        elif scenario == "remove":
            assert found == (new if done else found)
            assert found in (old, new), "some were removed and others were not"
        elif scenario == "restore":
            assert found.keys() >= {*old, *done}
        else:
            assert found == old
        assert base.verify() == []
        check_originals(base, of={**old, **new}, scenario=scenario)
        if scenario == "reindex":  # all of the old model, or all of the new one
            assert len({vector.size for vector in state(base._catalog)["vectors"].values()}) == 1
            assert base.embedder.name == ("other" if done else base.embedder.name)
            assert base.search("What does file three say?")
        if scenario == "chat":
            stored = [
                turn.id
                for chat in base.conversations.all()
                for turn in base.conversations.turns(chat.id)
            ]
            assert set(done) <= set(stored)


def check_originals(base: KnowledgeBase, *, of: dict[str, Any], scenario: str) -> None:
    """Every upload, in the catalog or removed, has its bytes, and what is gone can come back."""
    names = {document.name for document in base.documents()}
    for name in sorted(names):
        if name.startswith("upload"):
            assert base.original(base.document(name)) is not None, f"{name} has lost its file"
    gone = {each.name: each.document_id for each in base.removed()}
    if scenario in {"remove", "restore"}:
        assert names | gone.keys() == {*of}, "one can be neither found nor brought back"
    if scenario == "restore":  # compacting takes none of those that were being brought back
        copy = shutil.copytree(base.folder, base.folder.with_name("copy"))
        with opened(copy) as other:
            began = {each.document_id for each in other.removed() if each.restoring}
            other.compact()
            assert {other.restore(each).id for each in began} == began
        shutil.rmtree(copy)
    for name, document_id in gone.items():
        document = base.restore(document_id)
        assert (document.name, base.original(document) is None) == (name, False)
        base.remove(document_id)


_EXPECTED: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {}


def expected(
    scenario: str, driver: Driver, before: Path
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The state before, the state after a whole run, and the number of its changes of the disk."""
    if scenario not in _EXPECTED:
        whole = Round(before, scenario)
        old: dict[str, Any] = {}
        if scenario == "repair":  # as it was before it was damaged
            with opened(before / "kb") as base:
                old = state(base._catalog)
        elif scenario != "ingest":
            with opened(whole.kb) as base:
                old = state(base._catalog)
        killed, changes = driver.run(whole.kb, scenario)
        assert not killed
        assert changes > 3
        with pytest.MonkeyPatch.context() as patch:
            if scenario == "upgrade":
                patch.setattr(migrations, "_STEPS", (*migrations._STEPS, STEP))
            with opened(whole.kb) as base:
                _EXPECTED[scenario] = old, state(base._catalog), changes
                assert base.verify() == []
    return _EXPECTED[scenario]


def kill_and_check(
    scenario: str,
    driver: Driver,
    before: Path,
    monkeypatch: pytest.MonkeyPatch,
    **kill: Any,
) -> bool:
    """One round; returns whether the child was still running when it was to be killed."""
    old, new, _ = expected(scenario, driver, before)
    round_ = Round(before, scenario)
    killed, _ = driver.run(round_.kb, scenario, **kill)
    with monkeypatch.context() as patch:
        check(round_, _of(old), _of(new), patch)
    again, _ = driver.run(round_.kb, scenario)
    if scenario == "restore":
        with opened(round_.kb) as base:  # what is there already is given as it is
            assert [base.restore(each).tags for each in round_.removed] == [("kept",)] * 3
    if scenario == "compact":
        assert files_with(round_.kb, "upload0", "Upload 0 has words") == []
    assert not again
    with monkeypatch.context() as patch:
        if scenario == "upgrade":
            patch.setattr(migrations, "_STEPS", (*migrations._STEPS, STEP))
        with opened(round_.kb) as base:
            after = state(base._catalog)
            assert base.verify() == []
    if scenario != "remove":  # run again, it removes every second one of the rest
        assert _of(after) == _of(new)
        assert after["terms"] == new["terms"]
        assert_near(after["vectors"], new["vectors"])
    return killed


_POINTS = {"ingest": 5, "change": 5, "remove": 2, "compact": 2, "repair": 2, "chat": 3, "upload": 2}
_POINTS["reindex"] = 4
_POINTS["restore"] = 8


@pytest.mark.parametrize("scenario", [*_POINTS, "upgrade"])
def test_a_kill_at_any_change_of_the_disk(
    scenario: str,
    driver: Driver,
    before: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, changes = expected(scenario, driver, before)
    choose = random.Random(f"{_SEED} {scenario}")
    for point in choose.sample(range(1, changes + 1), _POINTS.get(scenario, 1)):
        assert kill_and_check(scenario, driver, before, monkeypatch, kill_at=point)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scenario", [*_POINTS, "upgrade"])
def test_a_kill_at_every_change_of_the_disk(
    scenario: str,
    driver: Driver,
    before: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, changes = expected(scenario, driver, before)
    for point in range(1, changes + 1):
        assert kill_and_check(scenario, driver, before, monkeypatch, kill_at=point)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rounds", [4, pytest.param(200, marks=pytest.mark.soak)])
def test_a_kill_at_any_moment(
    rounds: int,
    driver: Driver,
    before: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With parsers in processes of their own, whatever the machine happens to be doing."""
    choose = random.Random(_SEED)
    for _ in range(rounds):
        kill_and_check(
            choose.choice(["ingest", "change"]),
            driver,
            before,
            monkeypatch,
            kill_after=choose.uniform(0.02, 0.7),
            real_parsers=True,
        )
