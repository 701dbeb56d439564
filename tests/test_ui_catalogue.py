"""The interface's texts are complete in both languages."""

import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args

from quire import errors, ui
from quire.answering.agent.aptitude import Standing
from quire.answering.agent.tools import NAMES
from quire.checked import ORDER
from quire.conversations.schema import Verdict
from quire.errors import QuireError
from quire.messages.texts import tables
from quire.models.store.downloads import Stage
from quire.records import Support
from quire.reports.forms import ENDINGS
from quire.ui.catalogue import LANGUAGES, joined
from quire.ui.library import listing

UNITS = ("page", "sheet", "slide", "message")
BY_MODEL = ("chat.model", "settings.better_than")


def _entries(language: str) -> Iterator[tuple[str, Any]]:
    for section, entries in tables(language).items():
        for name, text in entries.items():
            yield f"{section}.{name}", text


def _fields(text: Any) -> set[str]:
    longest = text["other"] if isinstance(text, dict) else text
    return {field for _, field, _, _ in Formatter().parse(longest) if field}


def test_every_text_stands_in_every_language_with_the_same_values() -> None:
    english = {key: _fields(text) for key, text in _entries("en")}
    for language in LANGUAGES:
        assert {key: _fields(text) for key, text in _entries(language)} == english


def test_every_text_that_the_interface_names_exists_and_every_one_is_used() -> None:
    folder = Path(ui.__file__).parent
    source = "\n".join(path.read_text("utf-8") for path in folder.rglob("*.py"))
    keys = {key for key, _ in _entries("en")}
    named = set(re.findall(r"""["']([a-z]+\.[a-z_]+)["']""", source))
    sections = set(tables("en"))
    assert {key for key in named if key.split(".")[0] in sections} <= {*keys, "answer.js"}
    put_together = {
        *(key for key in keys if key.startswith(("error.", "widgets."))),
        *(f"door.{about}{kind}" for about in ("", "about_") for kind in ("key", "password")),
        *(
            f"app.{page}"
            for page in ("chat", "documents", "check", "overview", "answer", "settings")
        ),
        *(f"intake.{stage}" for stage in ("waiting", "stopped", "failed", "skipped")),
        *(f"intake.n_{kind}" for kind in ("taken", "unchanged", "skipped", "failed", "stopped")),
        *(f"source.{why}_missing" for why in ("document", "original", "image")),
        *(f"scope.{kind}" for kind in ("folders", "files", "tags")),
        *(f"library.by_{column}" for column in listing.ORDERS),
        *(f"library.state_{state}" for state in ("all", "whole", "remarks")),
        *(f"answer.{support}" for support in ("computed", "partly")),
        *(f"check.{support}" for support in ORDER),
        *(f"conversations.as_{form}" for form in ENDINGS.values()),
        *(f"{key}_{model}" for model in ("starter", "none") for key in BY_MODEL),
        *(f"{key}{unit}" for unit in UNITS for key in ("answer.", "source.", "summary.at_")),
        *(f"{key}{unit}s" for unit in UNITS for key in ("answer.", "answer.on_", "documents.")),
        *(f"scope.{date}_{end}" for date in ("modified", "added") for end in ("since", "until")),
        *(key for key in keys if key.startswith(("made.", "overview.")) and _quoted(key, source)),
        *(f"made.{support}" for support in get_args(Support)),
        *(f"made.judged_{verdict}" for verdict in get_args(Verdict)),
        "scope.n_languages",
        *(f"models.{stage}" for stage in get_args(Stage)),
        "chat.model_other",
        "chat.step_look",
        *(f"chat.step_{tool}" for tool in NAMES),
        *(f"settings.agent_{standing}" for standing in get_args(Standing)),
        *(f"settings.{state}" for state in ("loading", "none", "problem", "ready")),
    }
    assert keys - named - put_together == set()


def _quoted(key: str, source: str) -> bool:
    """Whether the name of a text stands there as one of a list."""
    return re.search(rf"""["']{key.partition(".")[2]}["']""", source) is not None


def test_every_kind_of_error_that_a_reader_meets_has_a_heading() -> None:
    headed = set(tables("en")["error"])
    codes = {
        kind.code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, QuireError)
    }
    general = {"error", "usage", "knowledge_base", "document", "model", "skipped"}
    assert codes - general <= headed


def test_sentences_are_joined_as_each_language_does() -> None:
    assert joined("a.md does not exist", "Check it.", "") == "a.md does not exist. Check it."
    assert joined("It is full.", "Free some space.") == "It is full. Free some space."
    assert joined("a.md 不存在", "请检查。", "再试。") == "a.md 不存在。请检查。再试。"
