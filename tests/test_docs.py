"""What the documents say is so: code runs, commands and options exist, links lead somewhere."""

import ast
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from typer.main import get_command

import quire
from quire import cli

ROOT = Path(__file__).parent.parent
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
COMMAND_LINE = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = dict(vars(get_command(cli.app))["commands"])
EVERYWHERE = {"--help", "--kb", "--json"}


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def options(command: str) -> set[str]:
    """The options that a command has, or that one of its subcommands has."""
    subcommands = getattr(COMMANDS[command], "commands", {}).values()
    return {
        name
        for each in (COMMANDS[command], *subcommands)
        for parameter in each.params
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("-")
    } | {"--help"}


def commands_in(text: str) -> Iterator[list[str]]:
    """The `quire` command lines in the shell blocks and in the running text, in words."""
    for block in blocks(text, "sh") + blocks(text, "console"):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words[:1] == ["quire"]:
                yield words
    for span in re.findall(r"`(quire [^`]+)`", text):
        yield span.split()


def shape(value: object) -> object:
    """A JSON value with its keys, and without its contents; of a list, its first row."""
    match value:
        case dict():
            return {key: shape(inner) for key, inner in value.items()}
        case list():
            return [shape(value[0])] if value else []
        case _:
            return "value"


def section(heading: str) -> str:
    """The part of docs/command-line.md about a command."""
    found = re.search(
        rf"^## quire {heading}\b.*?(?=^## |\Z)", COMMAND_LINE, re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/command-line.md says nothing about quire {heading}"
    return found[0]


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder that has the sample documents where the READMEs look for them."""
    shutil.copytree(ROOT / "examples" / "documents", tmp_path / "examples" / "documents")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_python_of_the_readmes_runs(
    readme: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = blocks(readme.read_text(encoding="utf-8"), "python")
    exec(compile(block, readme.name, "exec"), {})
    assert (elsewhere / "notes" / "catalog.sqlite3").exists()
    expected = {"README.md": ("31 March 2029", "p.1"), "README.zh-CN.md": ("40学时", "第 2 页")}
    printed = capsys.readouterr().out
    assert all(words in printed for words in expected[readme.name])


PAGES = ("quickstart", "answers", "ingest")
"""Those for users whose commands need no network: each is in both languages, and run."""


RUN_ELSEWHERE = {"server.md", "mcp.md", "agent.md", "langchain.md", "other-programs.md"}
"""Pages for other programs, whose examples are run by test_server_running, test_mcp and
test_program_docs."""


def with_python() -> list[Path]:
    """The other pages with examples in Python."""
    pages = sorted((ROOT / "docs").glob("*.md"))
    return [
        page
        for page in pages
        if page.name not in RUN_ELSEWHERE and blocks(page.read_text(encoding="utf-8"), "python")
    ]


@pytest.mark.parametrize("page", with_python(), ids=lambda path: path.name)
def test_the_python_of_a_page_runs(
    page: Path, elsewhere: Path, sample_kb: quire.KnowledgeBase
) -> None:
    """Where the knowledge base `notes` has the samples; `text` is any text."""
    shutil.copytree(sample_kb.folder, elsewhere / "notes")
    given = {"KnowledgeBase": quire.KnowledgeBase, "text": "The lease ends on 31 March 2029."}
    for block in blocks(page.read_text(encoding="utf-8"), "python"):
        exec(compile(block, page.name, "exec"), given)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run(
    page: str,
    elsewhere: Path,
    sample_kb: quire.KnowledgeBase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(sample_kb.folder, elsewhere / "kb")
    monkeypatch.setenv("QUIRE_KB", str(elsewhere / "kb"))
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    ran = 0
    for block in blocks(text, "sh"):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["quire"]:
                monkeypatch.setattr("sys.argv", words)
                with pytest.raises(SystemExit) as ended:
                    cli.main()
                assert ended.value.code == 0, capsys.readouterr().err
                ran += 1
    assert ran > 2


@pytest.mark.parametrize(
    ("page", "quoted"),
    [("troubleshooting.md", r'"([^"]+)"'), ("troubleshooting.zh.md", "“([^”]+)”")],
)
def test_the_messages_that_symptoms_quote_are_said(page: str, quoted: str) -> None:
    """Word for word, but for what stands at a "…"."""
    said = (
        "".join(
            "".join(path.read_text(encoding="utf-8").split())
            for folder in ("app", "ingest", "indexes")
            for path in (ROOT / folder).rglob("*.[pt][yo]*")
            if path.suffix in {".py", ".toml"}
        )
        .replace('""', "")
        .replace('"f"', "")
    )
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    symptoms = re.findall(r"^\*\*(.+?)\*\*", text, re.MULTILINE)
    parts = [
        part for each in symptoms for one in re.findall(quoted, each) for part in one.split("…")
    ]
    found = ["".join(part.split()).rstrip(".,。，") for part in parts if part.strip(" :：")]
    assert len(found) >= 7
    assert not [part for part in found if part not in said]


@pytest.mark.parametrize("page", [*PAGES, "troubleshooting"])
def test_both_languages_of_a_page_name_the_same_commands(page: str) -> None:
    """But for what is asked, and the file that it is about."""

    def named(name: str) -> list[list[str]]:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        found = [
            words for block in blocks(text, "sh") for words in commands_in(f"```sh\n{block}```")
        ]
        return sorted(
            [words[1], *(each for each in words if each.startswith("--"))] for words in found
        )

    assert named(f"{page}.md") == named(f"{page}.zh.md")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_named_exists_with_its_options(document: Path) -> None:
    for words in commands_in(document.read_text(encoding="utf-8")):
        if words[1].startswith("-"):
            continue
        assert words[1] in COMMANDS, " ".join(words)
        given = {word.partition("=")[0] for word in words[2:] if word.startswith("-")}
        assert given <= options(words[1]), " ".join(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.MULTILINE))
    text = document.read_text(encoding="utf-8")
    shell = "\n".join(blocks(text, "sh") + re.findall(r"`(make [^`]+)`", text))
    assert set(re.findall(r"\bmake ([a-z0-9-]+)", shell)) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    gone = [
        link
        for link in links
        if not link.startswith("https://") and not (document.parent / unquote(link)).exists()
    ]
    assert not gone


def test_the_engines_page_has_the_rows_that_its_measurement_prints() -> None:
    page = (ROOT / "docs" / "engine.md").read_text(encoding="utf-8")
    script = (ROOT / "benchmarks" / "engine.py").read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)]
    labels = [call.args[0] for call in calls if ast.unparse(call.func) == "row"]
    assert len(labels) > 10
    for label in labels:
        parts = label.values if isinstance(label, ast.JoinedStr) else [label]
        text = "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in parts
        )
        assert re.search(rf"^\| {text.lstrip(chr(92) + ' ')} \|", page, re.MULTILINE), text


def test_both_readmes_show_the_same() -> None:
    """The languages say it in their own way, but name the same commands, settings and files."""
    english, chinese = (path.read_text(encoding="utf-8") for path in READMES)
    for pattern in (r"\bquire [a-z]+", r"QUIRE_[A-Z]+", r"make [a-z]+", r"[\w./-]+\.gguf\b"):
        assert set(re.findall(pattern, english)) == set(re.findall(pattern, chinese))
    assert len(re.findall(r"^## ", english, re.M)) == len(re.findall(r"^## ", chinese, re.M))
    assert len(blocks(english, "mermaid")) == len(blocks(chinese, "mermaid")) == 1


def test_the_reference_describes_every_command_and_no_other() -> None:
    assert set(re.findall(r"^## quire ([\w-]+)", COMMAND_LINE, re.MULTILINE)) == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_reference_describes_every_option_and_no_other(command: str) -> None:
    described = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section(command)))
    assert described - EVERYWHERE == options(command) - EVERYWHERE


def test_the_reference_lists_every_setting() -> None:
    rows = []
    for name, field in quire.Settings.model_fields.items():
        default = f"`{field.default}`" if field.default_factory is None else "on Linux `~/…`"
        rows.append(f"| `{name}` | `QUIRE_{name.upper()}` | {default} | {field.description} |")
    table = re.sub(r"on Linux `~/[^`]+`", "on Linux `~/…`", SETTINGS)
    found = [line for line in table.splitlines() if line.startswith("| `")]
    assert found == rows, "docs/settings.md should have:\n" + "\n".join(rows)


def test_the_settings_file_that_is_shown_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = blocks(SETTINGS, "toml")
    (tmp_path / "config.toml").write_text(shown, encoding="utf-8")
    monkeypatch.setenv("QUIRE_CONFIG", str(tmp_path / "config.toml"))
    for name in tomllib.loads(shown):
        monkeypatch.delenv(f"QUIRE_{name.upper()}", raising=False)
    settings = quire.load_settings().model_dump(mode="json")
    written = tomllib.loads(shown)
    # Folders are expanded with the settings, a model's path when the model is opened.
    home = str(Path.home())
    assert {name: str(settings[name]).replace("~", home) for name in written} == {
        name: str(value).replace("~", home) for name, value in written.items()
    }


def defined(tree: ast.Module) -> set[str]:
    """The functions and classes at the top of a module, and the methods as `Class.method`."""
    found = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (each for each in node.body if isinstance(each, ast.FunctionDef))
            found |= {f"{node.name}.{method.name}" for method in methods}
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_files_of_the_code_that_are_named_are_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    folders = "app|ingest|indexes|benchmarks|examples|tests"
    named = set(re.findall(rf"\b((?:{folders})/[\w/.-]+\.\w+)", text))
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_walks_name_functions_that_there_are() -> None:
    text = (ROOT / "docs" / "walks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|.*?`([\w/]+\.py)` \| (.*?) \|", text, re.MULTILINE)
    assert len(rows) == text.count(".py`")
    for path, functions in rows:
        there = defined(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        assert set(re.findall(r"`([\w.]+)`", functions)) <= there, path


def test_the_module_map_of_contributing_is_the_code() -> None:
    """Each folder with modules has a row: what it is for, and the modules in it."""
    rows = []
    for init in sorted(
        init
        for folder in ("app", "ingest", "indexes")
        for init in (ROOT / folder).rglob("__init__.py")
    ):
        about = (ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or "").split(
            "\n\n"
        )[0]
        names = sorted(p.stem for p in init.parent.glob("*.py") if p.stem[:2] != "__")
        folder = init.parent.relative_to(ROOT).as_posix()
        rows.append(f"| `{folder}/` | {' '.join(about.split())} | {' '.join(names)} |")
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith("| `") and "/` | " in line]
    assert found == rows, "CONTRIBUTING.md should have:\n" + "\n".join(rows)


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("list", []),
        ("search", ["last bus", "-k", "1"]),
        ("ask", ["When does the lease of the East Dome end?", "--model", "none"]),
        ("verify", []),
    ],
)
def test_the_json_that_is_shown_has_the_keys_that_are_printed(
    command: str,
    arguments: list[str],
    sample_kb: quire.KnowledgeBase,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kb = ["--kb", str(sample_kb.folder)]
    monkeypatch.setattr("sys.argv", ["quire", command, *arguments, *kb, "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    shown = json.loads(blocks(section(command), "json")[0])
    assert shape(json.loads(capsys.readouterr().out)) == shape(shown)


def test_the_json_of_a_check_has_the_keys_that_are_shown(
    sample_kb: quire.KnowledgeBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = json.loads(blocks(section("check"), "json")[0])
    (tmp_path / "report.md").write_text(shown["text"], encoding="utf-8")
    kb = ["--kb", str(sample_kb.folder)]
    monkeypatch.setattr("sys.argv", ["quire", "check", str(tmp_path / "report.md"), *kb, "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 0
    printed = json.loads(capsys.readouterr().out)
    assert shape(printed) == shape(shown)
    assert printed["counts"] == shown["counts"]


def test_the_json_of_changes_has_the_keys_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.txt").touch()
    (tmp_path / "note.txt").write_text("The gate is green.", encoding="utf-8")
    for command, given in (
        ("ingest", [str(tmp_path)]),
        ("remove", ["note.txt"]),
        ("compact", []),
    ):
        kb = ["--kb", str(tmp_path / "kb")]
        monkeypatch.setattr("sys.argv", ["quire", command, *given, *kb, "--json"])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        shown = json.loads(blocks(section(command), "json")[0])
        assert json.loads(capsys.readouterr().out).keys() == shown.keys()
