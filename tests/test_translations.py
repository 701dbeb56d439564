"""Every reason and warning of an ingest has a Chinese translation."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from quire import KnowledgeBase, load_settings
from quire.messages.translations import translated
from quire.models.fakes import FakeEmbedder

ROOT = Path(__file__).parent.parent
INGEST = ROOT / "ingest"
SHOWN = [  # what a reader of the browser interface may meet
    *sorted((ROOT / "indexes").rglob("*.py")),
    *sorted((ROOT / "app" / "ui").rglob("*.py")),
    *sorted((ROOT / "app" / "conversations").glob("*.py")),
    *sorted((ROOT / "app" / "search").glob("*.py")),
    *sorted((ROOT / "app" / "models" / "store").glob("*.py")),
    *(ROOT / "app/models/entailment" / f"{name}.py" for name in ("cross_encoder", "classes")),
    *(ROOT / "app/models" / f"{name}.py" for name in ("runtimes/cross_encoding", "engine/fitting")),
    *(ROOT / "app" / "models" / f"{name}.py" for name in ("catalog", "library", "recommending")),
    *(ROOT / "app" / "models" / "remote" / f"{name}.py" for name in ("access", "failures")),
    *(ROOT / "app" / f"{name}.py" for name in ("collection", "config", "knowledge_base")),
]
TOLD = {"KnowledgeBaseDamaged", "notice"}  # what these say is shown without being raised
SAYING = {"Unreadable", "Skipped", "SkippedPath", "warn"}


def said(node: ast.expr) -> str | None:
    """What a literal or an f-string may say, with 7 for each value."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else "7"  # type: ignore[misc]
            for part in node.values
        )
    return None


def messages() -> Iterator[str]:
    for path in sorted(INGEST.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            called = node.func.id if isinstance(node.func, ast.Name) else called
            if called in SAYING or (called == "append" and ast.unparse(node).startswith("warn")):
                hints = [keyword.value for keyword in node.keywords if keyword.arg == "hint"]
                for argument in [*node.args, *hints]:
                    text = said(argument)
                    if text and " " in text.replace("7 ", ""):
                        yield text


@pytest.mark.parametrize("message", sorted(set(messages())))
def test_a_message_of_ingest_has_a_translation(message: str) -> None:
    chinese = translated(message, "zh")
    assert re.search(r"[\u4e00-\u9fff]", chinese), message
    assert translated(message, "en") == message


def errors() -> Iterator[str]:
    """What errors say that are made where the interface may meet them."""
    for path in SHOWN:
        if path.name == "launch.py":  # speaks to the terminal
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            made = node.exc if isinstance(node, ast.Raise) else node
            told = getattr(getattr(made, "func", None), "id", "") in TOLD
            if isinstance(made, ast.Call) and (isinstance(node, ast.Raise) or told):
                hints = [keyword.value for keyword in made.keywords if keyword.arg == "hint"]
                for argument in [*made.args, *hints]:
                    text = said(argument)
                    if text and re.match(r"[A-Z]|7 [a-z]", text):  # a sentence
                        yield text


@pytest.mark.parametrize("message", sorted(set(errors())))
def test_an_error_that_the_interface_shows_has_a_translation(message: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", translated(message, "zh")), message


def literals() -> Iterator[str]:
    """Every text in the code that reads like a sentence."""
    for folder in ("app", "indexes", "ingest"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                text = said(node) if isinstance(node, ast.expr) else None
                if text and " " in text:
                    yield text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_the_page_says_in_place_of_a_sentence_names_no_command(language: str) -> None:
    table = tomllib.loads((ROOT / "app/messages/on_page.toml").read_text("utf-8"))[language]
    texts = "\n".join(literals())
    for sentence, on_page in table.items():
        parts = map(re.escape, re.split(r"\{\w+\}", sentence))
        assert re.search(".+?".join(parts), texts), f"nothing says: {sentence}"
        assert not re.search(r"quire (?!verify)[a-z]|--(?!repair)|remote_(?!timeout)", on_page)


@pytest.mark.parametrize(
    ("says", "command"),
    [
        ("Get it with: {}", "quire models pull bge-m3"),
        ("Have the files read again: {}", "quire reindex --read"),
    ],
)
def test_a_hint_names_its_command_on_the_command_line_alone(says: str, command: str) -> None:
    hint = says.format(command)
    assert translated(hint, "en") == hint
    assert command in translated(hint, "zh")
    for language in ("en", "zh"):
        assert command not in translated(hint, language, on_page=True)


@pytest.mark.parametrize(
    ("message", "english", "chinese"),
    [
        (
            "Qwen3-8B is not on this machine. Get it with: quire models pull Qwen3-8B",
            "Qwen3-8B is not on this machine. Download it in the settings, or choose another one "
            "there.",
            "本机没有 Qwen3-8B。请在设置中下载它，或选择其他模型。",
        ),
        (
            "This conversation is not kept: Nobody knows why. Add documents: quire ingest",
            "This conversation is not kept: Nobody knows why. Add documents first.",
            None,
        ),
        ("Nobody knows why. Nobody asks.", "Nobody knows why. Nobody asks.", None),
    ],
)
def test_a_sentence_with_its_hint_names_no_command_on_the_page(
    message: str, english: str, chinese: str | None
) -> None:
    assert translated(message, "en", on_page=True) == english
    if chinese is not None:
        assert translated(message, "zh", on_page=True) == chinese


def test_a_message_without_translation_stays_as_it_is() -> None:
    assert translated("Nobody has written this.", "zh") == "Nobody has written this."


def test_a_report_is_in_the_language_that_is_set(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    settings = load_settings(language="zh")
    with KnowledgeBase.open(tmp_path / "kb", settings=settings, embedder=FakeEmbedder()) as kb:
        (refusal,) = kb.add(tmp_path / "empty.txt").skipped
    assert refusal.reason == "空文件"
