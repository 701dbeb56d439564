"""What several test files share: a home away from the user's, and an ingested knowledge base."""

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

import quire
from parser_here import ParserHere
from quire.models.engine.openmp import wait_passively

wait_passively()  # before any test imports torch or llama_cpp

# A shell that runs a command in the background has it ignore Ctrl-C, and all that it starts too;
# the tests that press it want it heard.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that is busy with something else must not fail a test.
hypothesis.settings.register_profile("quire", deadline=None, max_examples=50)
hypothesis.settings.load_profile("quire")

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where all tests, and all processes that they start, have settings, models and cache.

    Nothing of the user's is read or written. What is measured once, such as whether a model runs
    on this machine, holds for the session.
    """
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in quire.Settings.model_fields:
            patch.delenv(f"QUIRE_{name.upper()}", raising=False)
        patch.setenv("QUIRE_CONFIG", str(folder / "config.toml"))
        patch.setenv("QUIRE_KB", str(folder / "default"))
        patch.setenv("QUIRE_MODELS", str(folder / "models"))
        patch.setenv("QUIRE_PROMPTS", str(folder / "prompts"))
        patch.setenv("QUIRE_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture
def parser_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are parsed in this process, for tests of something else than the parser's isolation."""
    monkeypatch.setattr("quire.ingest.pipeline.ParserPool", ParserHere)


@pytest.fixture
def settings(tmp_path: Path) -> quire.Settings:
    """Settings with the starter models and a knowledge base of this test's own, not yet made."""
    return quire.load_settings(kb=tmp_path / "kb")


@pytest.fixture(scope="session")
def sample_kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[quire.KnowledgeBase]:
    """An open knowledge base of the sample documents, with the starter models.

    All tests share it: search and ask, but copy its folder before changing documents.
    """
    with quire.KnowledgeBase.open(tmp_path_factory.mktemp("samples") / "kb") as kb:
        report = kb.add(EXAMPLES / "documents")
        assert (report.added, report.skipped, report.failed) == (4, (), ())
        yield kb
