"""The wheel, installed and used beside a host application; and how little an import costs.

An editable install hides what a wheel lacks, so the wheel is built, installed into a folder of its
own and used from there, in processes in which the repository cannot be found.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import quire

ROOT = Path(__file__).parent.parent
FOLDERS = {"app": "quire", "ingest": "quire/ingest", "indexes": "quire/indexes"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# Python reads `sitecustomize` from the path at each start. This one takes the repository's editable
# install away again, so that only the installed wheel can be `quire`, in parser processes too.
FORGET_THE_REPOSITORY = """
import sys
sys.meta_path[:] = [f for f in sys.meta_path
                    if not getattr(f, "__module__", type(f).__module__).startswith("__editable__")]
"""

# The host has packages with the very names that Quire's folders have in its repository.
HOST = """
import json, sys
import app, ingest, indexes
import quire
from quire.models.fakes import FakeChatModel

note, kb_folder, *questions = sys.argv[1:]
model = FakeChatModel("I do not know.")
with quire.KnowledgeBase.open(kb_folder, model=model) as kb:
    report = kb.add(note)
    hits = {question: [hit.to_dict() for hit in kb.search(question)] for question in questions}
    answers = {question: kb.ask(question).to_dict() for question in questions}
print(json.dumps({
    "hosts": [app.OF, ingest.OF, indexes.OF],
    "report": report.to_dict(),
    "hits": hits,
    "answers": answers,
    "prompts": [messages[0].content for messages in model.asked],
    "files": sorted(module.__file__ or "" for name, module in sys.modules.items()
                    if name.partition(".")[0] == "quire"),
}))
"""
NOTE = "The garden gate is painted green every April.\n\n花园的大门每年四月漆成绿色。\n"
ENGLISH, CHINESE = "When is the garden gate painted?", "花園的大門每年幾月漆成綠色？"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a wheel is built from, because a build leaves files behind."""
    folder = tmp_path_factory.mktemp("tree")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Without isolation: that would ask the network for setuptools.
    run("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(tree))
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    run("-m", "pip", "install", *options, "--target", str(folder), str(wheel))
    (folder / "sitecustomize.py").write_text(FORGET_THE_REPOSITORY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host")
    for name in FOLDERS:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text('OF = "the host"\n', encoding="utf-8")
    (folder / "main.py").write_text(HOST, encoding="utf-8")
    (folder / "note.txt").write_text(NOTE, encoding="utf-8")
    return folder


def run(*arguments: str, path: Path | None = None, cwd: Path | None = None) -> str:
    """What Python prints when started with these arguments, `path` being first on its path."""
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("PYTHONPATH", None)
    if path:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_mapping_lists_no_packages() -> None:
    """A list would drop the sub-packages that the mapping finds by itself."""
    setuptools = PYPROJECT["tool"]["setuptools"]
    assert "packages" not in setuptools
    assert setuptools["package-dir"] == {
        target.replace("/", "."): source for source, target in FOLDERS.items()
    }


def test_the_wheel_holds_every_file_of_the_folders_and_nothing_else(
    tree: Path, wheel: Path
) -> None:
    expected = {
        f"{target}/{path.relative_to(tree / source).as_posix()}"
        for source, target in FOLDERS.items()
        for path in (tree / source).rglob("*")
        if path.is_file()
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == expected
    assert {"quire/py.typed", "quire/text/traditional_to_simplified.txt"} < held
    assert {"quire/answering/prompts/answer.en.txt", "quire/answering/prompts/answer.zh.txt"} < held


def test_the_wheel_has_the_version_that_the_package_tells(wheel: Path) -> None:
    assert wheel.name == f"quire-{quire.__version__}-py3-none-any.whl"


def test_the_wheel_works_beside_a_host_that_has_an_app_of_its_own(
    installed: Path, host: Path
) -> None:
    arguments = ("main.py", "note.txt", "kb", ENGLISH, CHINESE)
    told = json.loads(run(*arguments, path=installed, cwd=host))
    assert told["hosts"] == ["the host"] * 3
    assert [file for file in told["files"] if not file.startswith(str(installed))] == []
    assert told["report"]["added"] == 1
    assert told["report"]["failed"] == []
    for question, words in ((ENGLISH, "painted green every April"), (CHINESE, "每年四月漆成绿色")):
        assert words in told["hits"][question][0]["text"]
        assert words in told["answers"][question]["text"]
        assert told["answers"][question]["status"] == "extractive"
    assert len(set(told["prompts"])) == 2, "each language has its own prompt"

    # `python -m` puts the current folder, with the host's `ingest` in it, first on the path.
    listed = run("-m", "quire", "list", "--kb", "kb", "--json", path=installed, cwd=host)
    assert [document["name"] for document in json.loads(listed)["documents"]] == ["note.txt"]


def test_the_repository_cannot_be_found_in_these_processes(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FORGET_THE_REPOSITORY, encoding="utf-8")
    found = run("-c", "import importlib.util as u; print(u.find_spec('quire'))", path=tmp_path)
    assert found.strip() == "None"


def test_the_console_script_starts_the_command_line() -> None:
    assert PYPROJECT["project"]["scripts"] == {"quire": "quire.cli:main"}
    assert run("-m", "quire", "--version").strip() == f"quire {quire.__version__}"


def test_importing_quire_loads_nothing_but_the_standard_library() -> None:
    loaded = run(
        "-c",
        "import sys; before = {*sys.modules}; import quire; print(*(sys.modules.keys() - before))",
    )
    tops = {name.partition(".")[0] for name in loaded.split()}
    assert tops - sys.stdlib_module_names == {"quire"}


def test_importing_quire_takes_less_than_150_ms() -> None:
    """Of the processor, for the import alone: the start of the interpreter is not counted."""
    timed = "import time; t = time.process_time(); import quire; print(time.process_time() - t)"
    assert min(float(run("-c", timed)) for _ in range(3)) < 0.15


def test_help_loads_no_heavy_library() -> None:
    loaded = run(
        "-c",
        "import sys; sys.argv = ['quire', '--help']\n"
        "from quire.cli import main\n"
        "try: main()\n"
        "except SystemExit: print('LOADED', *sys.modules)",
    )
    tops = {name.partition(".")[0] for name in loaded.partition("LOADED")[2].split()}
    heavy = {"apsw", "faiss", "langchain_core", "llama_cpp", "numpy", "pydantic", "streamlit"}
    assert "typer" in tops
    assert not tops & (heavy | {"sentence_transformers", "torch", "transformers"})


def test_help_takes_less_than_half_a_second() -> None:
    """Of the processor, the start of the interpreter included: what it takes where nothing else
    runs."""

    def seconds() -> float:
        before = os.times()
        run("-m", "quire", "--help")
        after = os.times()
        return (after.children_user + after.children_system) - (
            before.children_user + before.children_system
        )

    assert min(seconds() for _ in range(3)) < 0.5
