"""The documentation site: it builds without a warning, in both languages, tells all that there is,
and asks nothing of other hosts, neither while it is built nor when it is read."""

import html.parser
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

import quire
from quire import cli
from quire.server.application import routes
from quire.server.served import Served
from test_no_egress import GUARD

pytest.importorskip("mkdocs", reason="the extra `docs` is not installed")

ROOT = Path(__file__).parent.parent
CHINESE = ("index", "quickstart", "answers", "ingest", "models", "troubleshooting")
LOADED = {
    *(("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src")),
    *(("audio", "src"), ("embed", "src"), ("object", "data"), ("link", "href"), ("use", "href")),
}
"""What a browser asks for by itself. What only a click leads to may be anywhere."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "guard").mkdir()
    (folder / "guard" / "sitecustomize.py").write_text(GUARD)
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(folder / "site")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(folder / "guard"), "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (folder / "guard" / "attempts.txt").exists()
    return folder / "site"


class Page(html.parser.HTMLParser):
    """What a page loads, and its ids."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.classes: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if (tag, name) in LOADED and value:
                self.loaded.append(value)
            if name == "id" and value:
                self.ids.add(value)
            if name == "class" and value:
                self.classes |= set(value.split())


def addresses(site: Path) -> Iterator[tuple[str, str]]:
    """Each page or style sheet with each address that it has a browser load."""
    for path in site.rglob("*.html"):
        for address in Page(path).loaded:
            yield path.name, address
    for path in [*site.rglob("*.css"), *site.rglob("*.html")]:
        text = path.read_text(encoding="utf-8")
        for address in re.findall(r"(?:url\(|@import )\s*[\"']?([^\"')\s]+)", text):
            yield path.name, address


def test_a_reader_of_the_site_asks_nothing_of_other_hosts(site: Path) -> None:
    found = list(addresses(site))
    assert len(found) > 100
    elsewhere = [
        each for each in found if re.match(r"(?:[a-z][a-z0-9+.-]*:)?//", each[1], re.IGNORECASE)
    ]
    assert not elsewhere
    # The theme's script gets a library from elsewhere for one thing, which no page has.
    assert not [path for path in site.rglob("*.html") if "mermaid" in Page(path).classes]


@pytest.mark.parametrize("page", CHINESE)
def test_what_users_need_first_is_there_in_chinese(site: Path, page: str) -> None:
    chinese, english = (
        (folder / f"{page}.html").read_text(encoding="utf-8") for folder in (site / "zh", site)
    )
    assert "本页还没有中文版" not in chinese
    (heading,) = re.findall(r"<h1[^>]*>([^<]+)", chinese)
    assert re.search(r"[\u4e00-\u9fff]", heading) or heading == "Quire"
    assert heading == "Quire" or heading not in english


def test_a_page_that_is_not_translated_says_so(site: Path) -> None:
    assert "本页还没有中文版" in (site / "zh" / "server.html").read_text(encoding="utf-8")
    assert "本页还没有中文版" not in (site / "server.html").read_text(encoding="utf-8")


def test_the_references_tell_all_that_there_is(site: Path) -> None:
    commands = (site / "commands.html").read_text(encoding="utf-8")
    assert all(f"quire {name}<" in commands for name in vars(get_command(cli.app))["commands"])
    served = Served([])
    try:
        paths = routes(served).openapi()["paths"]
    finally:
        served.close()
    told = (site / "routes.html").read_text(encoding="utf-8")
    assert all(f"{method.upper()} {path}<" in told for path in paths for method in paths[path])
    ids = Page(site / "python.html").ids
    missing = [name for name in quire.__all__ if not any(id_.endswith(f".{name}") for id_ in ids)]
    assert not missing


def test_what_belongs_to_the_repository_stands_on_the_site(site: Path) -> None:
    security = (site / "security.html").read_text(encoding="utf-8")
    assert "What is promised" in security
    assert "What holds it" in security
    assert "0.1.0" in (site / "changelog.html").read_text(encoding="utf-8")
