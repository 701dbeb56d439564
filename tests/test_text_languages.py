"""Which language a text is in, by its script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.text import languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When does the lease end?", "en"),
        ("年假有几天？", "zh"),
        ("資料庫如何備份", "zh"),
        ("Kubernetes 集群如何扩容", "zh"),
        ("The word 茶 means tea in Chinese and many other languages.", "en"),
        ("契約はいつ終わりますか", "ja"),
        ("Что такое договор?", "ru"),
        ("계약은 언제 끝납니까", "ko"),
        ("متى ينتهي العقد", "ar"),
        ("", "en"),
        ("1234 !?", "en"),
    ],
)
def test_the_prevailing_script_names_the_language(text: str, language: str) -> None:
    assert languages.detect(text) == language


@given(st.text(max_size=100))
def test_every_text_has_a_language(text: str) -> None:
    assert languages.detect(text)
