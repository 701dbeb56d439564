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

# Records and errors, and what is known of text: any module may use these.
BASE = ("quire.errors", "quire.records", "quire.text")
PROTOCOLS = ("quire.models.protocols", "quire.models.forms", "quire.models.reading")
# The only modules that print, parse arguments or render. Nothing else may import them.
INTERFACES = (
    "quire.__main__",
    "quire.cli",
    "quire.commands",
    "quire.output",
    "quire.ingest.__main__",
    "quire.ingest.cli",
    "quire.server",
    "quire.ui",
)
EVERYTHING = ("quire",)

# What of Quire a module may import; the entry with the longest name that fits it counts. Names
# stand for the modules below them too.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "quire.errors": (),
    "quire.records": (),
    "quire.text": ("quire.text",),
    "quire.config": ("quire.errors",),
    "quire.config_file": ("quire.errors",),
    "quire.indexes": (*BASE, "quire.indexes"),
    "quire.models": (*BASE, "quire.config", "quire.config_file", "quire.models"),
    "quire.ingest.loaders": (*BASE, "quire.ingest.loaders", "quire.ingest.limits"),
    "quire.ingest.chunking": BASE,
    # A report shows paths the way the catalog writes them, so that the two can be compared.
    "quire.ingest.report": (*BASE, "quire.indexes.documents"),
    "quire.ingest.pipeline": (*BASE, "quire.ingest", "quire.indexes", "quire.models.protocols"),
    "quire.ingest.embedded_texts": (
        *BASE,
        "quire.indexes",
        "quire.ingest.chunking",
        "quire.models.protocols",
    ),
    "quire.ingest.reindexing": (*BASE, "quire.ingest", "quire.indexes", *PROTOCOLS),
    "quire.ingest.repair": (*BASE, "quire.ingest", "quire.indexes", "quire.models.protocols"),
    "quire.ingest": (*BASE, "quire.ingest"),
    # Any other module stands between storage and the knowledge base: it takes values and Protocols.
    "quire": (*BASE, "quire.indexes", "quire.evidence", *PROTOCOLS),
    "quire.retrieval": (
        *BASE,
        "quire.indexes",
        "quire.duplicates",
        "quire.evidence",
        "quire.explanation",
        "quire.fusion",
        "quire.passages",
        "quire.scanning",
        "quire.surveys",
        *PROTOCOLS,
    ),
    "quire.replies": (
        *BASE,
        "quire.evidence",
        "quire.models.repetition",
        "quire.verification",
        *PROTOCOLS,
    ),
    "quire.receipts": (
        *BASE,
        "quire.evidence",
        "quire.indexes.scope",
        "quire.prompting",
        *PROTOCOLS,
    ),
    "quire.summaries": (
        *BASE,
        "quire.models.repetition",
        "quire.models.watching",
        "quire.passages",
        "quire.prompting",
        "quire.verification",
        *PROTOCOLS,
    ),
    "quire.marked_words": BASE,
    "quire.crossing": (*BASE, "quire.marked_words"),
    "quire.roles": (*BASE, "quire.crossing", "quire.marked_words"),
    "quire.agreement": (*BASE, "quire.roles", "quire.marked_words"),
    "quire.verification": (*BASE, "quire.agreement"),
    "quire.transcripts": (*BASE, "quire.conversations"),
    "quire.scanning": (
        *BASE,
        "quire.indexes",
        "quire.mentions",
        "quire.passages",
        "quire.surveys",
    ),
    "quire.survey_answers": (*BASE, "quire.indexes", "quire.scanning", "quire.surveys"),
    "quire.langchain_parts": (
        *BASE,
        "quire.models.watching",
        "quire.retrieval",
        *PROTOCOLS,
    ),
    # Chooses the embedding model, for the knowledge base.
    "quire.made_with": (
        *BASE,
        "quire.config",
        "quire.indexes",
        "quire.ingest.chunking",
        "quire.models",
    ),
    # Where things are put together.
    "quire.__init__": EVERYTHING,
    "quire.diagnosis": EVERYTHING,
    "quire.knowledge_base": EVERYTHING,
    "quire.asking": EVERYTHING,
    "quire.chain": EVERYTHING,
    "quire.evaluation": EVERYTHING,
    **dict.fromkeys(INTERFACES, EVERYTHING),
}

# The libraries that the foundations may use; the standard library goes without saying.
FOUNDATIONS = {
    "quire.errors": set[str](),
    "quire.records": {"numpy"},
    "quire.config": {"pydantic", "pydantic_settings", "platformdirs"},
    "quire.text": {"snowballstemmer"},
}

# Each heavy or risky library has one front door: the modules that may name it.
FRONT_DOORS: dict[str, tuple[str, ...]] = {
    "torch": ("quire.models.embedding", "quire.models.reranking"),
    "transformers": ("quire.models.embedding", "quire.models.reranking"),
    "sentence_transformers": ("quire.models.embedding", "quire.models.reranking"),
    "llama_cpp": (
        "quire.models.llama",
        "quire.models.llama_devices",
        "quire.models.llama_runtime",
    ),
    "jinja2": ("quire.models.template_worker",),
    "huggingface_hub": ("quire.models",),
    "httpx": ("quire.models",),
    "jsonschema": ("quire.models.forms",),
    "faiss": ("quire.indexes.vectors",),
    # All but the first two only name the type of the connection that the catalog hands them.
    "apsw": (
        "quire.indexes",
        "quire.conversations",
        "quire.retrieval",
        "quire.scanning",
        "quire.ingest.embedded_texts",
        "quire.ingest.reindexing",
    ),
    "sqlite3": ("quire.diagnosis",),  # whose version it shows
    "pypdf": ("quire.ingest.loaders",),
    "pypdfium2": ("quire.ingest.loaders",),
    "docx": ("quire.ingest.loaders",),
    "pptx": ("quire.ingest.loaders",),
    "openpyxl": ("quire.ingest.loaders",),
    "lxml": ("quire.ingest.loaders",),
    "charset_normalizer": ("quire.ingest.loaders",),
    "xml": (),
    "PIL": ("quire.ingest.loaders", "quire.ui"),
    "langchain": ("quire.chain", "quire.langchain_parts"),
    "langchain_core": ("quire.chain", "quire.langchain_parts"),
    "langchain_text_splitters": (),
    "langgraph": (),
    "langsmith": ("quire.chain", "quire.langchain_parts"),
    "streamlit": ("quire.ui", "streamlit_app"),
    "fastapi": ("quire.server",),
    "starlette": ("quire.server",),
    "uvicorn": ("quire.server",),
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


def rule_for(name: str) -> tuple[str, ...]:
    fitting = [key for key in MAY_IMPORT if within(name, (key,))]
    return MAY_IMPORT[max(fitting, key=len)]


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
        allowed = rule_for(module.name)
        for target, line in ours(module):
            fits = within(target.removesuffix(".__init__"), allowed)
            if not fits:
                wrong.append(f"{module.at(line)}: {module.name} may not import {target}")
    assert not wrong, "\n".join(wrong)


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
    declared = {distribution(requirement) for requirement in project["dependencies"]}
    declared |= {"torch", "transformers"}  # what sentence-transformers is made of
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


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "ui").glob("*.py")), ids=lambda p: p.stem)
def test_what_runs_by_itself_on_a_page_is_guarded(path: Path) -> None:
    """A fragment or a dialog is run anew without its page, and so without what catches the page's
    errors; Streamlit would show its own words for them, in English."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            drawn = [ast.unparse(decorator) for decorator in node.decorator_list]
            if any(each.startswith("st.fragment") for each in drawn):
                assert drawn[-1] == "problems.guarded", node.name
            assert not any(each.startswith("st.dialog") for each in drawn), node.name
