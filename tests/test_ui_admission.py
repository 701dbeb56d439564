"""The password page: nothing is shown before it, and guessing takes long."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from quire.ui import admission
from ui_driver import DEPOSIT, ask, browser, chat_of, lease, press, shown, write

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with lease(tmp_path_factory.mktemp("admission") / "kb") as folder:
        yield folder


def enter(tab: AppTest, password: str) -> None:
    write(tab, "Password", password)
    press(tab, "Enter")


def test_nothing_is_shown_before_the_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "_FIRST", 0.01)
    conversation = chat_of(ask(browser(), DEPOSIT))
    monkeypatch.setenv("QUIRE_PASSWORD", PASSWORD)
    tab = browser(chat=conversation)
    assert "CNY" not in shown(tab)
    assert not tab.sidebar.button
    assert not tab.chat_input
    enter(tab, "wrong")
    assert [error.value for error in tab.error] == ["The password is not right\\."]
    assert "CNY" not in shown(tab)
    enter(tab, PASSWORD)
    assert "The deposit is CNY 20,400" in shown(tab)
    assert "CNY" not in shown(browser(chat=conversation))  # each tab is asked


def test_each_wrong_password_costs_its_address_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("quire.ui.admission.time.sleep", slept.append)
    keeper = admission.Doorkeeper("密码 password")
    assert keeper.admits("密码 password", address="a")
    for _ in range(7):
        assert not keeper.admits("密码", address="a")
    assert not keeper.admits("", address="b")
    assert slept == [1, 2, 4, 8, 16, 30, 30, 1]
