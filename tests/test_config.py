"""Settings: where they come from, and what is said of wrong ones."""

import os
from pathlib import Path

import pytest

from quire import load_settings
from quire.config import config_path
from quire.errors import SettingsError


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, not yet there."""
    path = tmp_path / "config.toml"
    monkeypatch.setenv("QUIRE_CONFIG", str(path))
    return path


def test_arguments_win_over_the_environment_and_that_over_the_file(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings().passages is None
    config.write_text("passages = 7\nthreads = 3\n")
    assert load_settings().passages == 7
    monkeypatch.setenv("QUIRE_PASSAGES", "8")
    assert load_settings().passages == 8
    assert load_settings(passages=9, threads=None).passages == 9
    assert load_settings(passages=9, threads=None).threads == 3


def test_the_tilde_is_the_user_s_folder_wherever_it_is_written(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUIRE_CACHE")
    monkeypatch.setenv("QUIRE_KB", "~/notes")
    config.write_text('cache = "~/cache"\n')
    settings = load_settings(models=Path("~/models"))
    for folder, name in (
        (settings.kb, "notes"),
        (settings.cache, "cache"),
        (settings.models, "models"),
    ):
        assert folder == Path.home() / name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("passages = 0", "passages"),
        ("passages = 'many'", "passages"),
        ("pasages = 3", "pasages"),
        ("language = 'fr'", "language"),
        ("passages = ", "not a valid TOML file"),
        ("a = '\udcff'", "not a valid TOML file"),
    ],
)
def test_a_wrong_value_in_the_file_is_named_with_its_place(
    config: Path, content: str, said: str
) -> None:
    config.write_bytes(os.fsencode(content))
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert said in caught.value.message
    assert str(config) in caught.value.message + caught.value.hint


def test_a_wrong_value_in_the_environment_is_named_with_its_variable(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUIRE_LOCK_WAIT", "-1")
    with pytest.raises(SettingsError, match="'lock_wait' cannot be '-1'") as caught:
        load_settings()
    assert "QUIRE_LOCK_WAIT" in caught.value.hint


def test_a_settings_file_that_cannot_be_read_is_an_error_and_none_is_not(config: Path) -> None:
    assert config_path() == config
    load_settings()
    config.mkdir()
    load_settings()  # a folder is no settings file


def test_making_settings_touches_nothing(config: Path, tmp_path: Path) -> None:
    load_settings(kb=tmp_path / "kb", cache=tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []
