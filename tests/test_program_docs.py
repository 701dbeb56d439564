"""The pages for other programs: every example runs."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import serving

ROOT = Path(__file__).parent.parent


def blocks(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_examples_for_langchain_run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    parser_here: None,
) -> None:
    shutil.copytree(ROOT / "examples" / "documents", tmp_path / "examples" / "documents")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks("langchain.md"):
        exec(compile(block, "langchain.md", "exec"), names)
    kb = names["kb"]
    assert "lease-and-handbook.pdf 1 " in capsys.readouterr().out
    assert names["store"].get_by_ids(["log-1"]) == []
    for block in blocks("agent.md"):  # without a model it says why not
        exec(compile(block, "agent.md", "exec"), names)
    assert "no chat model that could look things up" in names["answer"].notes[-1]
    kb.close()


def test_the_examples_for_openais_client_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], parser_here: None
) -> None:
    with (
        serving.served(tmp_path, name="default") as served,
        serving.listening_server(served) as address,
    ):
        names: dict[str, Any] = {"BASE": f"{address}/v1", "KEY": serving.KEY}
        for block in blocks("other-programs.md"):
            exec(compile(block, "other-programs.md", "exec"), names)
        names["client"].close()
    printed = capsys.readouterr().out
    assert "31 March 2029" in printed
    assert "lease.md" in printed  # the list of sources
    assert printed.splitlines()[-1] == "32"
