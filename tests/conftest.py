"""What several test files share: a home away from the user's, and an ingested knowledge base."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

import quire
from parser_here import ParserHere
from quire.models import machine, opening
from quire.models.engine.openmp import wait_passively
from quire.models.store.starter import CHAT

if TYPE_CHECKING:
    from quire.models.engine.llama import LlamaEngine
    from quire.models.protocols import Embedder, Entailment
    from quire.ui.shared import Shared

wait_passively()  # before any test imports torch or llama_cpp

# Where several processes share the tests out among them, they share the cores out too.
SHARERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
THREADS = max(1, machine.usable_cores() // SHARERS)
if SHARERS > 1:
    os.environ["OMP_NUM_THREADS"] = str(THREADS)

# A shell that runs a command in the background has it ignore Ctrl-C, and all that it starts too;
# the tests that press it want it heard.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A machine that is busy with something else must not fail a test.
hypothesis.settings.register_profile("quire", deadline=None, max_examples=50)
hypothesis.settings.load_profile("quire")

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Path]:
    """Where all tests, and all processes that they start, have settings, models and cache.

    Nothing of the user's is read or written. No chat model is set, so that answers are quotes: a
    test that wants the starter model says so, and does not depend on what it happens to write.
    What is measured once, such as whether a model runs on this machine, holds for the session. The
    exports of embedding models, half a minute of work, are those of the last session.
    """
    folder = tmp_path_factory.mktemp("home")
    if pytestconfig.cache is not None:
        (folder / "cache").mkdir()
        (folder / "cache" / "embedders").symlink_to(pytestconfig.cache.mkdir("embedders"))
    (folder / "config.toml").write_text(f'model = "none"\nthreads = {THREADS}\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name in quire.Settings.model_fields:
            patch.delenv(f"QUIRE_{name.upper()}", raising=False)
        patch.setenv("QUIRE_CONFIG", str(folder / "config.toml"))
        patch.setenv("QUIRE_KB", str(folder / "default"))
        patch.setenv("QUIRE_MODELS", str(folder / "models"))
        patch.setenv("QUIRE_PROMPTS", str(folder / "prompts"))
        patch.setenv("QUIRE_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def entailment(home: Path) -> "Entailment | None":
    """The entailment model, held so that knowledge bases that are opened one after another find it
    in use: once one of them has loaded it, it is loaded for all."""
    return opening.entailment(quire.load_settings())


@pytest.fixture(scope="session", autouse=True)
def embedding_model(home: Path) -> "Embedder":
    """The embedding model, held as the entailment model is."""
    return opening.embedder(quire.load_settings())


@pytest.fixture
def parser_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are parsed in this process, for tests of something else than the parser's isolation."""
    monkeypatch.setattr("quire.ingest.pipeline.ParserPool", ParserHere)


@pytest.fixture
def settings(tmp_path: Path) -> quire.Settings:
    """Settings with a knowledge base of this test's own, not yet made."""
    return quire.load_settings(kb=tmp_path / "kb")


@pytest.fixture(scope="session")
def engine(home: Path) -> Iterator["LlamaEngine"]:
    """The starter chat model, loaded once for all tests that talk to it."""
    from quire.models.engine.llama import LlamaEngine  # noqa: PLC0415  loads llama.cpp

    assert CHAT.path is not None, CHAT.install
    with LlamaEngine(CHAT.path, name="starter", threads=THREADS) as engine:
        yield engine


@pytest.fixture
def never_ending(engine: "LlamaEngine", monkeypatch: pytest.MonkeyPatch) -> "LlamaEngine":
    """The starter chat model, whose replies do not end by themselves."""
    monkeypatch.setattr(engine._runtime, "ends_reply", lambda _: False)
    return engine


@pytest.fixture(scope="session")
def sample_kb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[quire.KnowledgeBase]:
    """An open knowledge base of the sample documents, with the starter's embedding model.

    All tests share it: search and ask, but copy its folder before changing documents.
    """
    with quire.KnowledgeBase.open(tmp_path_factory.mktemp("samples") / "kb") as kb:
        report = kb.add(EXAMPLES / "documents")
        assert (report.added, report.skipped, report.failed) == (4, (), ())
        yield kb


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The knowledge base with one PDF that the pages of this process show; see `ui_driver`."""
    from ui_driver import lease  # noqa: PLC0415  loads Streamlit

    with lease(tmp_path_factory.mktemp("ui") / "kb") as folder:
        yield folder


@pytest.fixture
def opened(folder: Path) -> "Shared":
    """What the pages of this process share."""
    from quire.ui.shared import shared  # noqa: PLC0415  loads Streamlit

    found = shared()
    assert found.ready.wait(60)
    return found
