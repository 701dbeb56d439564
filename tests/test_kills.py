"""`kill -9` at any point leaves a working knowledge base: nothing committed is lost, nothing is
half there, and running the same again ends where an uninterrupted run ends."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kill_driver
from kill_driver import STEP, opened
from made_documents import assert_near, state
from quire.indexes import migrations

pytestmark = pytest.mark.usefixtures("parser_here")

_SEED = int(os.environ.get("QUIRE_TEST_SEED", "1"))
_FILES = 7


class Driver:
    """The process that forks the children to be killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, kill_driver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        kb: Path,
        scenario: str,
        *,
        kill_at: int | None = None,
        kill_after: float | None = None,
        real_parsers: bool = False,
    ) -> tuple[bool, int]:
        """(whether the child was killed, how many changes of the disk it made if not)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {
            "kb": str(kb),
            "scenario": scenario,
            "kill_at": kill_at,
            "kill_after": kill_after,
            "real_parsers": real_parsers,
        }
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["status"] in (0, 9), "the child failed by itself"
        return answer["status"] == 9, answer["changes"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory, driver: Driver) -> Path:
    """Some files, and a knowledge base of them with a chat, from which each round starts."""
    folder = tmp_path_factory.mktemp("before")
    files = folder / "files"
    files.mkdir()
    for number in range(_FILES):
        text = f"# File {number}\n\nThis is file {number}.\n\n# 第二节\n\n文件{number}的内容。"
        (files / f"{number}.md").write_text(text)
    for scenario in ("ingest", "chat", "upload"):
        killed, _ = driver.run(folder / "kb", scenario)
        assert not killed
    return folder


class Round:
    """One kill: the folder it happens in, and what is true before and after the whole run."""

    def __init__(self, place: Path, before: Path, scenario: str) -> None:
        shutil.copytree(before, place)
        self.kb = place / "kb"
        self.scenario = scenario
        self.kb.with_suffix(".done").unlink()
        if scenario == "ingest":
            shutil.rmtree(self.kb)
        if scenario == "repair":
            with opened(self.kb) as base, base._catalog.writing() as connection:
                connection.execute("DELETE FROM lexical WHERE rowid < 5")
                connection.execute("DELETE FROM vectors WHERE chunk_id = 3")
                connection.execute("UPDATE chunks SET text = 'x' WHERE id = 5")

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
            assert len(base.documents()) == len(old)
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
        else:
            assert found == old
        assert base.verify() == []
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


_EXPECTED: dict[str, tuple[dict[str, Any], dict[str, Any], int]] = {}


def expected(
    scenario: str, driver: Driver, before: Path, folder: Path
) -> tuple[dict[str, Any], dict[str, Any], int]:
    """The state before, the state after a whole run, and the number of its changes of the disk."""
    if scenario not in _EXPECTED:
        whole = Round(folder / "whole" / scenario, before, scenario)
        old: dict[str, Any] = {}
        if scenario != "ingest":
            with opened(before / "kb") as base:
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
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    **kill: Any,
) -> bool:
    """One round; returns whether the child was still running when it was to be killed."""
    old, new, _ = expected(scenario, driver, before, folder)
    round_ = Round(folder / "round", before, scenario)
    killed, _ = driver.run(round_.kb, scenario, **kill)
    with monkeypatch.context() as patch:
        check(round_, _of(old), _of(new), patch)
    again, _ = driver.run(round_.kb, scenario)
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
    shutil.rmtree(folder / "round")
    return killed


_POINTS = {"ingest": 5, "change": 5, "remove": 2, "compact": 2, "repair": 2, "chat": 3, "upload": 2}
_POINTS["reindex"] = 4


@pytest.mark.parametrize("scenario", [*_POINTS, "upgrade"])
def test_a_kill_at_any_change_of_the_disk(
    scenario: str,
    driver: Driver,
    before: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, changes = expected(scenario, driver, before, tmp_path)
    choose = random.Random(f"{_SEED} {scenario}")
    for point in choose.sample(range(1, changes + 1), _POINTS.get(scenario, 1)):
        assert kill_and_check(scenario, driver, before, tmp_path, monkeypatch, kill_at=point)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scenario", [*_POINTS, "upgrade"])
def test_a_kill_at_every_change_of_the_disk(
    scenario: str,
    driver: Driver,
    before: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    *_, changes = expected(scenario, driver, before, tmp_path)
    for point in range(1, changes + 1):
        assert kill_and_check(scenario, driver, before, tmp_path, monkeypatch, kill_at=point)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("rounds", [4, pytest.param(200, marks=pytest.mark.soak)])
def test_a_kill_at_any_moment(
    rounds: int,
    driver: Driver,
    before: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With parsers in processes of their own, whatever the machine happens to be doing."""
    choose = random.Random(_SEED)
    for _ in range(rounds):
        kill_and_check(
            choose.choice(["ingest", "change"]),
            driver,
            before,
            tmp_path,
            monkeypatch,
            kill_after=choose.uniform(0.02, 0.7),
            real_parsers=True,
        )
