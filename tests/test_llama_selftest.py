"""The child process that tries a model first: no crash reaches this process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from quire.errors import ModelUnusable
from quire.models.engine import gguf, selftest
from quire.models.store.starter import CHAT


@pytest.fixture(scope="module")
def facts() -> gguf.GgufFacts:
    assert CHAT.path is not None
    return gguf.read_facts(CHAT.path)


def child(program: str) -> list[str]:
    """A child that behaves as `program` says; argv[2] is "1" with repacked weights."""
    return [sys.executable, "-c", "import os, sys, json, time, signal\n" + program]


def decide(
    facts: gguf.GgufFacts,
    verdicts: Path,
    command: list[str] | tuple[str, ...] = selftest.COMMAND,
    *,
    build: str = "build",
    cpu: str = "cpu",
    timeout: float | None = None,
) -> bool:
    return selftest.passes_with_extra_buffers(
        facts,
        build=build,
        cpu=cpu,
        gpu_layers=0,
        verdicts=verdicts,
        command=command,
        timeout=timeout,
    )


DIES = "os.kill(os.getpid(), signal.SIGSEGV)"
WORKS = "print(json.dumps({'ok': True}))"


def test_the_starter_model_writes_its_token_in_a_child(
    facts: gguf.GgufFacts, tmp_path: Path
) -> None:
    assert decide(facts, tmp_path / "cache" / "verdicts.json")


@pytest.mark.parametrize(("repacked", "beside"), [("0", ""), ("1", ""), ("1", "faiss,torch")])
def test_the_starter_model_works_with_and_without_repacked_weights(
    repacked: str, beside: str
) -> None:
    done = subprocess.run(
        [*selftest.COMMAND, str(CHAT.path), repacked, "0", "256", beside],
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"ok": True}
    assert done.stderr == b""


def test_a_child_that_dies_with_repacked_weights_is_tried_without(
    facts: gguf.GgufFacts, tmp_path: Path
) -> None:
    command = child(f"if sys.argv[2] == '1': {DIES}\n{WORKS}")
    assert not decide(facts, tmp_path / "v.json", command)


def test_the_verdict_is_remembered_for_this_build_processor_and_model(
    facts: gguf.GgufFacts, tmp_path: Path
) -> None:
    verdicts, log = tmp_path / "v.json", tmp_path / "log"
    command = child(
        f"open({str(log)!r}, 'a').write(sys.argv[2])\nif sys.argv[2] == '1': {DIES}\n{WORKS}"
    )
    assert [decide(facts, verdicts, command) for _ in range(3)] == [False] * 3
    assert log.read_text() == "10"
    decide(facts, verdicts, command, build="another build")
    decide(facts, verdicts, command, cpu="another processor")
    assert log.read_text() == "101010"
    assert list(json.loads(verdicts.read_text()).values()) == [False] * 3


@pytest.mark.parametrize(
    ("program", "how"),
    [
        (DIES, "SIGSEGV"),
        ("os.abort()", "SIGABRT"),
        ("sys.exit(3)", "code 3"),
        ("print('no JSON')", "code 0"),
    ],
)
def test_a_model_that_dies_both_times_is_unusable_and_the_error_says_how(
    facts: gguf.GgufFacts, tmp_path: Path, program: str, how: str
) -> None:
    with pytest.raises(ModelUnusable, match=how) as caught:
        decide(facts, tmp_path / "v.json", child(program))
    assert caught.value.hint
    assert not (tmp_path / "v.json").exists()


def test_a_child_that_hangs_is_ended(facts: gguf.GgufFacts, tmp_path: Path) -> None:
    command = child("time.sleep(60)")
    with pytest.raises(ModelUnusable, match="took more than"):
        decide(facts, tmp_path / "v.json", command, timeout=0.5)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x": 1}', '"text"'])
def test_a_damaged_memory_is_forgotten(facts: gguf.GgufFacts, tmp_path: Path, damage: str) -> None:
    verdicts = tmp_path / "v.json"
    verdicts.write_text(damage)
    assert decide(facts, verdicts, child(WORKS))
    assert decide(facts, verdicts, child(DIES)), "remembered"


def test_a_memory_that_cannot_be_written_is_done_without(
    facts: gguf.GgufFacts, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    assert decide(facts, tmp_path / "file" / "v.json", child(WORKS))
