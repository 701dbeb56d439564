"""What the documentation site has beside the pages in this folder: the reference of commands, from
the parser; the reference of routes, from the server's schema; pages from the repository's root; and
a word above each page that is not there in the reader's language.
"""

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, get_args

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
OF_THE_ROOT = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
UNTRANSLATED = '!!! note ""\n    本页还没有中文版，以下是英文。\n\n'

_tree = tempfile.TemporaryDirectory(prefix="quire-docs-")  # as long as this process
_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\(([^()\s#]*)(#[^()\s]*)?\)")


@event_priority(100)  # before mkdocstrings looks
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Show mkdocstrings the package as it is installed: the three folders as one."""
    package = Path(_tree.name) / "quire"
    if not package.exists():
        package.mkdir()
        for path in (*(ROOT / "app").iterdir(), ROOT / "ingest", ROOT / "indexes"):
            (package / path.name).symlink_to(path)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [_tree.name]
    return config


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """The page's text: made, where it is one of those; with links that hold on the site, and a word
    where it is not translated."""
    source = page.file.src_uri
    here = PurePosixPath("docs", source).parent
    if source in MADE:
        markdown = MADE[source]()
    elif source in OF_THE_ROOT.values():
        here = PurePosixPath()
        name = next(name for name, uri in OF_THE_ROOT.items() if uri == source)
        markdown = (ROOT / name).read_text("utf-8")
    text = _LINK.sub(lambda found: _relinked(found, here), markdown)
    language = str(config.theme["language"] or "en")
    return text if language in {"en", getattr(page.file, "locale", "en")} else UNTRANSLATED + text


def _relinked(found: re.Match[str], here: PurePosixPath) -> str:
    """A link as it is on the site: of what is only in the repository, the words alone."""
    words, target, anchor = found[1], found[2], found[3] or ""
    if not target or "://" in target or target.startswith("mailto:"):
        return found[0]
    parts: list[str] = []
    for part in (here / target).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    path = "/".join(parts)
    if path in OF_THE_ROOT:
        inside = OF_THE_ROOT[path]
    elif parts[0] == "docs":
        inside = "/".join(parts[1:])
    else:
        return words
    up = "../" * (len(here.parts) - (1 if here.parts[:1] == ("docs",) else 0))
    return f"[{words}]({up}{inside}{anchor})"


# -- commands --------------------------------------------------------------------------------------


def commands_page() -> str:
    """The commands as the parser knows them."""
    from typer.main import get_command  # noqa: PLC0415

    from quire import cli  # noqa: PLC0415

    commands: Mapping[str, Any] = vars(get_command(cli.app))["commands"]
    intro = "What each command's `--help` says, in one page. [The command line](command-line.md) "
    intro += "explains it, with the JSON that each prints."
    parts = ["# Commands", intro]
    for name, command in sorted(commands.items()):
        parts += _command(f"quire {name}", command, level=2)
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: Any, *, level: int) -> Iterator[str]:
    yield f"{'#' * level} {name}"
    yield _prose(command.help or "")
    below: Mapping[str, Any] = getattr(command, "commands", {})
    for inner, each in below.items():
        yield from _command(f"{name} {inner}", each, level=level + 1)
    if below:
        return
    rows = [_parameter(each) for each in command.params if not getattr(each, "hidden", False)]
    yield _table(("argument or option", "default", "meaning"), rows)
    if command.epilog:
        yield f"```sh\n{command.epilog.removeprefix('Example: ')}\n```"


def _parameter(parameter: Any) -> tuple[str, str, str]:
    if parameter.param_type_name != "option":
        return f"`{parameter.metavar or parameter.name.upper()}`", "", parameter.help or ""
    spelt = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
    if parameter.is_flag:
        return spelt, "", parameter.help or ""
    default = "" if parameter.default is None else f"`{parameter.default}`"
    return f"{spelt} `{_taken(parameter)}`", default, parameter.help or ""


def _taken(parameter: Any) -> str:
    """What an option takes: the name that it gives it, or the choices that there are."""
    choices = get_args(parameter.type_descriptor.annotation)
    return parameter.metavar or "|".join(map(str, choices)) or "N"


# -- routes ----------------------------------------------------------------------------------------


def routes_page() -> str:
    """The routes of `quire serve` as its schema tells them."""
    from quire.server.application import routes  # noqa: PLC0415
    from quire.server.served import Served  # noqa: PLC0415

    served = Served([])
    try:
        schema = routes(served).openapi()
    finally:
        served.close()
    intro = "The routes of `quire serve`, from the schema that it serves at `/openapi.json`. "
    intro += "[The server](server.md) explains them."
    parts = ["# Routes", intro]
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            parts += _route(f"{method.upper()} {path}", told, schema)
    told = json.dumps(schema["components"]["schemas"])
    inner = set(re.findall(r'"#/components/schemas/(\w+)"', told))
    for name in sorted(inner - {"ValidationError"}):
        parts += [f"## {name}", _fields(schema["components"]["schemas"][name])]
    return "\n\n".join(parts) + "\n"


def _route(name: str, told: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"## `{name}`"
    yield told.get("summary", "") + "."
    if told.get("description"):
        yield _prose(told["description"])
    rows = [
        (f"`{each['name']}`", each["in"], _kind(each["schema"]), each.get("description", ""))
        for each in told.get("parameters", ())
    ]
    if rows:
        yield _table(("parameter", "in", "type", "meaning"), rows)
    for media, body in told.get("requestBody", {}).get("content", {}).items():
        shape = _resolved(body["schema"], schema)
        yield f"Body, as `{media}`:"
        yield _fields(shape)
        for example in _examples(body, shape):
            yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```"


def _fields(shape: Mapping[str, Any]) -> str:
    required = set(shape.get("required", ()))
    rows = [
        (
            f"`{field}`" + (", required" if field in required else ""),
            _kind(each),
            each.get("description", ""),
        )
        for field, each in shape.get("properties", {}).items()
    ]
    return _table(("field", "type", "meaning"), rows)


def _resolved(shape: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = shape.get("$ref", "").rpartition("/")[2]
    return dict(schema["components"]["schemas"][reference]) if reference else shape


def _examples(body: Mapping[str, Any], shape: Mapping[str, Any]) -> Iterator[Any]:
    if "example" in body:
        yield body["example"]
    for each in body.get("examples", {}).values():
        yield each["value"]
    yield from shape.get("examples", ())


def _kind(shape: Mapping[str, Any]) -> str:
    """What a value has to be, in a few words."""
    if "$ref" in shape:
        return f"`{shape['$ref'].rpartition('/')[2]}`"
    if "anyOf" in shape:
        return " or ".join(_kind(each) for each in shape["anyOf"] if each.get("type") != "null")
    if "enum" in shape or "const" in shape:
        return ", ".join(f"`{each}`" for each in shape.get("enum", [shape.get("const")]))
    kind = str(shape.get("type", "any"))
    if kind == "array":
        kind = f"list of {_kind(shape.get('items', {}))}"
    bounds = [
        f"{word} {shape[key]:,g}"
        for key, word in {
            "minimum": "from",
            "maximum": "to",
            "minLength": "from",
            "maxLength": "up to",
            "maxItems": "up to",
        }.items()
        if key in shape
    ]
    return f"{kind} ({', '.join(bounds)})" if bounds else kind


MADE = {"commands.md": commands_page, "routes.md": routes_page}
"""The pages whose text is made; the files in this folder hold their places."""


# -- Markdown --------------------------------------------------------------------------------------


def _prose(text: str) -> str:
    """Paragraphs of running text, without the breaks of its lines."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\b", "").replace("\f", "").strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    cells = [[*head], *([*row] for row in rows)]
    lines = ["| " + " | ".join(_cell(each) for each in row) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "---|" * len(cells[0]), *lines[1:]])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
