"""The shape of the code, read from its syntax trees: who may import whom, and what none may do."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = {"app": "quire", "ingest": "quire.ingest", "indexes": "quire.indexes"}

FOUNDATION = ("quire.errors", "quire.records", "quire.config", "quire.messages", "quire.text")
PROTOCOLS = (
    "quire.models.protocols",
    "quire.models.forms",
    "quire.models.reading",
    "quire.models.centring",
)
# The only rooms that print, parse arguments or render. Nothing else may import them.
INTERFACES = (
    "quire.__main__",
    "quire.cli",
    "quire.commands",
    "quire.evaluation",
    "quire.ingest.__main__",
    "quire.langchain",
    "quire.server",
    "quire.ui",
)
EVERYTHING = ("quire",)

# The rooms in the order in which they are built on each other, with what of Quire each may import
# beside itself; the longest name that fits a module counts, and names stand for all below them.
ROOMS: dict[str, tuple[str, ...]] = {
    "quire.errors": (),
    "quire.records": (),
    "quire.config": ("quire.errors",),
    "quire.messages": (),
    "quire.text": ("quire.records",),
    "quire.checked": ("quire.records",),
    "quire.indexes": FOUNDATION,
    "quire.models": FOUNDATION,
    "quire.ingest.limits": (),
    "quire.ingest.loaders": (*FOUNDATION, "quire.ingest.limits"),
    "quire.ingest.chunking": FOUNDATION,
    "quire.ingest.parsing": (*FOUNDATION, "quire.ingest.limits", "quire.ingest.loaders"),
    "quire.ingest": (*FOUNDATION, "quire.indexes", *PROTOCOLS),
    "quire.search": (*FOUNDATION, "quire.indexes", *PROTOCOLS),
    "quire.verification": (*FOUNDATION, "quire.models.protocols"),
    "quire.surveys": (*FOUNDATION, "quire.indexes", "quire.search"),
    "quire.requests": FOUNDATION,
    "quire.conversations": (*FOUNDATION, "quire.indexes"),
    "quire.answering": (
        *FOUNDATION,
        "quire.checked",
        "quire.indexes",
        "quire.models",
        "quire.search",
        "quire.verification",
        "quire.surveys",
        "quire.requests",
        "quire.conversations",
    ),
    "quire.reports": (*FOUNDATION, "quire.checked", "quire.conversations"),
    # Chooses the embedding model, for the knowledge base.
    "quire.header": (*FOUNDATION, "quire.indexes", "quire.ingest.chunking", "quire.models"),
    "quire.diagnosis": (*FOUNDATION, "quire.indexes", "quire.models", "quire.__init__"),
    # Where things are put together.
    "quire.collection": (
        *FOUNDATION,
        "quire.header",
        "quire.indexes",
        "quire.ingest",
        "quire.models",
    ),
    "quire.knowledge_base": EVERYTHING,
    "quire.loopback": (),
    "quire.background": (
        "quire.errors",
        "quire.indexes",
        "quire.ingest",
        "quire.knowledge_base",
        "quire.models",
    ),
    "quire.__init__": EVERYTHING,
    **dict.fromkeys(INTERFACES, EVERYTHING),
}

# The libraries that the foundations may use; the standard library goes without saying.
FOUNDATIONS = {
    "quire.errors": set[str](),
    "quire.records": {"numpy"},
    "quire.config": {"pydantic", "pydantic_settings", "platformdirs"},
    "quire.messages": set[str](),
    "quire.text": {"Stemmer"},
}

# Each heavy or risky library has one front door: the modules that may name it.
FRONT_DOORS: dict[str, tuple[str, ...]] = {
    "torch": (
        "quire.models.runtimes.pytorch",
        "quire.models.runtimes.exporting",
        "quire.models.embedding_card",
        "quire.models.reranking",
        "quire.models.runtimes.cross_encoding",
        "quire.models.runtimes.classifying",
    ),
    "transformers": ("quire.models.runtimes.pytorch", "quire.models.runtimes.classifying"),
    "sentence_transformers": (
        "quire.models.runtimes.pytorch",
        "quire.models.runtimes.cross_encoding",
    ),
    "onnxruntime": ("quire.models.runtimes.onnx",),
    "tokenizers": ("quire.models.runtimes.tokens",),
    "onnx": ("quire.models.runtimes.rounding", "quire.models.runtimes.smoothing"),
    "llama_cpp": (
        "quire.models.engine.llama",
        "quire.models.engine.devices",
        "quire.models.engine.runtime",
        "quire.models.engine.sampler",
    ),
    "jinja2": ("quire.models.engine.template_worker",),
    "huggingface_hub": ("quire.models",),
    "httpx": ("quire.models",),
    "jsonschema": ("quire.models.forms",),
    "faiss": ("quire.indexes.vectors",),
    # All but the first two only name the type of the connection that the catalog hands them.
    "apsw": (
        "quire.indexes",
        "quire.conversations",
        "quire.search.snapshot",
        "quire.surveys.scan",
        "quire.ingest.embedded_texts",
        "quire.ingest.pipeline",
        "quire.ingest.reindexing",
        "quire.ingest.scans",
    ),
    "sqlite3": ("quire.diagnosis",),  # whose version it shows
    "pypdf": ("quire.ingest.loaders",),
    "pypdfium2": ("quire.ingest.loaders",),
    "docx": ("quire.reports.word", "quire.reports.chat_word"),
    "reportlab": ("quire.reports.chat_pdf",),
    "lxml": ("quire.ingest.loaders",),
    "olefile": ("quire.ingest.loaders.outlook",),
    "charset_normalizer": ("quire.ingest.loaders",),
    "xml": (),
    "PIL": ("quire.ingest.loaders", "quire.ingest.pictures", "quire.ui"),
    "rapidocr": ("quire.ingest.loaders.ocr.engine",),
    "cv2": (),
    "langchain": ("quire.answering.agent",),
    "langchain_core": (
        "quire.answering.agent",
        "quire.answering.chain",
        "quire.answering.langchain_model",
        "quire.langchain",
    ),
    "langchain_text_splitters": (),
    "langgraph": (),
    "langsmith": (
        "quire.answering.agent",
        "quire.answering.chain",
        "quire.answering.langchain_model",
    ),
    "streamlit": ("quire.ui", "streamlit_app"),
    "fastapi": ("quire.server",),
    "mcp": ("quire.server.tools",),
    "mcp_types": ("quire.server.tools",),
    "uvicorn": ("quire.server.running", "quire.ui.beside"),
    "typer": INTERFACES,
    "click": INTERFACES,
    "argparse": INTERFACES,
    "rich": INTERFACES,
}

# Unpickling and its like run code out of data; the rest are licences or libraries kept away from.
NEVER = {
    "pickle": "runs code out of data",
    "dill": "runs code out of data",
    "cloudpickle": "runs code out of data",
    "joblib": "unpickles",
    "marshal": "runs code out of data",
    "shelve": "unpickles",
    "diskcache": "unpickles",
    "multiprocessing": "unpickles, and re-runs the caller's script",
    "langchain_community": "sunset; pickles its FAISS store",
    "langchain_huggingface": "pins sentence-transformers below 6",
    "langchain_classic": "deprecated",
    "ragas": "not needed to measure answers",
    "fitz": "AGPL",
    "pymupdf": "AGPL",
    "ebooklib": "AGPL",
    "extract_msg": "GPL",
}

# Functions that run code out of data, and parameters that ask for it.
RUNS_DATA = {
    "__import__",
    "compile",
    "eval",
    "exec",
    "os.popen",
    "os.system",
    "torch.load",
    "yaml.load",
    "yaml.unsafe_load",
}
TRUSTS_DATA = {"allow_dangerous_deserialization", "allow_pickle", "trust_remote_code"}

# Modules of the standard library that not every system has.
NOT_EVERYWHERE = {"fcntl", "grp", "msvcrt", "pwd", "resource", "termios", "winreg"}


@dataclass(frozen=True)
class Import:
    """`target` is a module or a name in one; `line` is where; `guarded` says that the module can
    still be imported where the target is missing."""

    target: str
    line: int
    guarded: bool


@dataclass(frozen=True)
class Module:
    """A file of Python, with the name under which it is imported."""

    name: str
    path: Path

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.path.read_text(encoding="utf-8"), filename=str(self.path))

    @cached_property
    def imports(self) -> list[Import]:
        return list(imports_of(self.tree))

    def at(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


def imports_of(tree: ast.AST, *, guarded: bool = False) -> Iterator[Import]:
    """All imports below a node. Those in functions, under `try` with an `except ImportError`, and
    under `if` (a platform, TYPE_CHECKING) are guarded."""
    for node in ast.iter_child_nodes(tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    yield Import(name.name, node.lineno, guarded)
            case ast.ImportFrom(module=module, names=names, level=level):
                start = "." * level + (module or "")
                for name in names:
                    yield Import(f"{start}.{name.name}", node.lineno, guarded)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.If() | ast.Lambda():
                yield from imports_of(node, guarded=True)
            case ast.Try(handlers=handlers):
                caught = {n.id for h in handlers for n in ast.walk(h) if isinstance(n, ast.Name)}
                spared = bool(caught & {"ImportError", "ModuleNotFoundError"})
                yield from imports_of(node, guarded=guarded or spared)
            case _:
                yield from imports_of(node, guarded=guarded)


def module_name(path: Path) -> str:
    """The name under which a file of the mapped folders is imported; that of a package ends in
    `__init__`, to tell the file from the modules below."""
    folder, *rest = path.relative_to(ROOT).with_suffix("").parts
    return ".".join([FOLDERS[folder], *rest])


PACKAGE = [
    Module(module_name(path), path)
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
]
NAMES = {module.name for module in PACKAGE}
SCRIPTS = [
    Module(path.stem, path)
    for path in sorted(
        [
            *ROOT.glob("*.py"),
            *(ROOT / "examples").rglob("*.py"),
            *(ROOT / "benchmarks").rglob("*.py"),
        ]
    )
]
TESTS = [Module(path.stem, path) for path in sorted((ROOT / "tests").rglob("*.py"))]


@pytest.fixture(scope="module", autouse=True)
def trees_are_let_go() -> Iterator[None]:
    """They are millions of objects, which each collection of garbage in later tests would visit."""
    yield
    for module in (*PACKAGE, *SCRIPTS, *TESTS):
        vars(module).pop("tree", None)


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def resolved(target: str) -> str:
    """The module of Quire that an import loads: the longest beginning of `target` that is one."""
    parts = target.split(".")
    while parts:
        name = ".".join(parts)
        if name in NAMES:
            return name
        if f"{name}.__init__" in NAMES:
            return f"{name}.__init__"
        parts.pop()
    return target


def room_of(name: str) -> str:
    """The room that a module stands in."""
    return max((room for room in ROOMS if within(name, (room,))), key=len)


def ours(module: Module) -> Iterator[tuple[str, int]]:
    """The modules of Quire that a module imports, apart from its own package's `__init__`."""
    for found in module.imports:
        if within(found.target, ("quire",)):
            target = resolved(found.target)
            if target != module.name:
                yield target, found.line


def test_imports_point_one_way() -> None:
    wrong = []
    for module in PACKAGE:
        room = room_of(module.name)
        for target, line in ours(module):
            package = target if target == "quire.__init__" else target.removesuffix(".__init__")
            fits = within(package, (room, *ROOMS[room]))
            if not fits:
                wrong.append(f"{module.at(line)}: {module.name} may not import {target}")
    assert not wrong, "\n".join(wrong)


def test_no_rooms_form_a_cycle() -> None:
    graph = {
        room: {
            room_of(target)
            for module in PACKAGE
            if room_of(module.name) == room
            for target, _ in ours(module)
        }
        - {room}
        for room in ROOMS
    }
    del graph["quire.__init__"]  # the public door names what stands behind it, late
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_each_rule_is_about_a_module_that_there_is() -> None:
    named = {*ROOMS, *FOUNDATIONS, *(door for doors in FRONT_DOORS.values() for door in doors)}
    there = {module.name for module in [*PACKAGE, *SCRIPTS]}
    assert not [name for name in named if not any(within(each, (name,)) for each in there)]


def test_nothing_but_an_interface_imports_an_interface() -> None:
    wrong = [
        f"{module.at(line)}: imports {target}"
        for module in PACKAGE
        if not within(module.name, INTERFACES)
        for target, line in ours(module)
        if within(target, INTERFACES)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_imports_form_a_cycle() -> None:
    """Late imports count: one that dodges a cycle hides that the layers are wrong."""
    graph = {module.name: {target for target, _ in ours(module)} for module in PACKAGE}
    del graph["quire.__init__"]  # the public door names the modules that stand behind it, late
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("foundation", FOUNDATIONS)
def test_the_foundations_use_little_but_the_standard_library(foundation: str) -> None:
    allowed = FOUNDATIONS[foundation] | sys.stdlib_module_names | {"quire"}
    wrong = [
        f"{module.at(found.line)}: imports {found.target}"
        for module in PACKAGE
        if within(module.name, (foundation,))
        for found in module.imports
        if found.target.partition(".")[0] not in allowed
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("library", FRONT_DOORS)
def test_each_heavy_library_has_one_front_door(library: str) -> None:
    doors = FRONT_DOORS[library]
    wrong = [
        f"{module.at(found.line)}: imports {library}, whose door is {' and '.join(doors) or 'shut'}"
        for module in PACKAGE
        if not within(module.name, doors)
        for found in module.imports
        if within(found.target, (library,))
    ]
    assert not wrong, "\n".join(wrong)


def test_libraries_kept_away_from_are_not_imported() -> None:
    wrong = [
        f"{module.at(found.line)}: imports {found.target} ({NEVER[top]})"
        for module in [*PACKAGE, *SCRIPTS]
        for found in module.imports
        if (top := found.target.partition(".")[0]) in NEVER
    ]
    assert not wrong, "\n".join(wrong)


def distribution(name: str) -> str:
    """The name of a distribution as it is compared; of a requirement, that of what it requires."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", name, maxsplit=1)[0]).lower()


def test_every_library_that_is_imported_is_declared() -> None:
    """One that merely comes along with another is gone when that one stops needing it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *project["optional-dependencies"]["api"],
        *project["optional-dependencies"]["mcp"],
    ]
    declared = {distribution(requirement) for requirement in wanted}
    declared |= {"torch", "transformers"}  # what sentence-transformers is made of
    declared |= {distribution(each) for each in project["optional-dependencies"]["ocr"]}
    comes_from = packages_distributions()
    wrong = [
        f"{module.at(found.line)}: imports {top}, which pyproject.toml does not name"
        for module in PACKAGE
        for found in module.imports
        if (top := found.target.partition(".")[0]) not in {*sys.stdlib_module_names, "quire"}
        and declared.isdisjoint(map(distribution, comes_from.get(top, [top])))
    ]
    assert not wrong, "\n".join(wrong)


def test_only_interfaces_print() -> None:
    wrong = [
        f"{module.at(line)}: {what}"
        for module in PACKAGE
        if not within(module.name, INTERFACES)
        for line, what in calls(module.tree)
        if what in {"print", "input"}
    ]
    assert not wrong, "\n".join(wrong)


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name, with dots, of each function that is called by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.lineno, ast.unparse(node.func)


def dangers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and name of whatever runs code that came as data."""
    for line, name in calls(tree):
        if name in RUNS_DATA:
            yield line, name
    for node in ast.walk(tree):
        match node:
            case ast.Call(keywords=keywords):
                for keyword in keywords:
                    if keyword.arg in TRUSTS_DATA:
                        yield keyword.value.lineno, keyword.arg
            case ast.Constant(value=str(word)) if word in TRUSTS_DATA:
                yield node.lineno, word
            case ast.ImportFrom(module="langchain_core.load"):
                yield node.lineno, "langchain_core.load"


def test_no_data_becomes_code() -> None:
    wrong = [
        f"{module.at(line)}: {what}"
        for module in [*PACKAGE, *SCRIPTS]
        for line, what in dangers(module.tree)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "class A:\n    def f(self):\n        return exec(self.x)",
        "torch.load(path)",
        "model(path, trust_remote_code=True)",
        "model(path, **{'trust_remote_code': True})",
        "np.load(path, allow_pickle=True)",
        "from langchain_core.load import loads",
    ],
)
def test_the_search_for_dangers_finds(source: str) -> None:
    assert list(dangers(ast.parse(source)))


def test_imports_are_absolute_and_never_by_the_folders_name() -> None:
    wrong = [
        f"{module.at(found.line)}: imports {found.target}"
        for module in [*PACKAGE, *SCRIPTS, *TESTS]
        for found in module.imports
        if found.target.startswith(".") or found.target.partition(".")[0] in FOLDERS
    ]
    assert not wrong, "\n".join(wrong)


def test_modules_that_a_system_may_lack_are_imported_late_or_guarded() -> None:
    wrong = [
        f"{module.at(found.line)}: imports {found.target}"
        for module in PACKAGE
        for found in module.imports
        if found.target.partition(".")[0] in NOT_EVERYWHERE and not found.guarded
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("source", "target", "guarded"),
    [
        ("import fcntl", "fcntl", False),
        ("from quire import chain", "quire.chain", False),
        ("from . import chain", "..chain", False),
        ("class A:\n    import fcntl", "fcntl", False),
        ("try:\n    import fcntl\nexcept OSError:\n    pass", "fcntl", False),
        ("try:\n    import fcntl\nexcept ImportError:\n    fcntl = None", "fcntl", True),
        ("def f():\n    import fcntl", "fcntl", True),
        ("if sys.platform != 'win32':\n    import fcntl", "fcntl", True),
    ],
)
def test_the_search_for_imports_finds(source: str, target: str, guarded: bool) -> None:
    assert list(imports_of(ast.parse(source))) == [
        Import(target, source[: source.index("import")].count("\n") + 1, guarded)
    ]


def test_every_mapped_folder_with_modules_is_a_package() -> None:
    folders = {module.path.parent for module in PACKAGE}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_the_mapping_of_folders_is_not_undermined() -> None:
    assert not (ROOT / "quire").exists(), "it would hide the installed package"
    inside = [path.name for path in (ROOT / "app").iterdir()]
    assert not [name for name in inside if name.startswith(("ingest", "indexes"))]


def test_no_module_has_the_name_of_one_in_the_standard_library() -> None:
    """`streamlit run` puts the folder of the page first on the path."""
    names = {part for module in PACKAGE for part in module.name.split(".")[1:]}
    names |= {module.name for module in [*SCRIPTS, *TESTS]}
    assert not names & sys.stdlib_module_names


@pytest.mark.parametrize(
    "path", sorted((ROOT / "app" / "ui").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_what_runs_by_itself_on_a_page_is_guarded(path: Path) -> None:
    """A fragment or a dialog is run anew without its page, and so without what catches the page's
    errors; Streamlit would show its own words for them, in English."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            drawn = [ast.unparse(decorator) for decorator in node.decorator_list]
            if any(each.startswith("st.fragment") for each in drawn):
                assert drawn[-1] == "problems.guarded", node.name
            assert not any(each.startswith("st.dialog") for each in drawn), node.name
