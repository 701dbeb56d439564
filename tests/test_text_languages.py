"""Which language a text is in, by its script."""

import json
from pathlib import Path

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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie hoch ist die Miete?", "de"),
        ("Combien coûte un billet ?", "fr"),
        ("Combien coute un billet", "fr"),
        ("¿Dónde está el museo?", "es"),
        ("Quando termina o contrato?", "pt"),
        ("Dove si trova il museo?", "it"),
        ("Wanneer eindigt het huurcontract?", "nl"),
        ("Hur mycket kostar en biljett?", "sv"),
        ("Kto jest dyrektorem?", "pl"),
        ("Kdo je ředitelem?", "cs"),
        ("Kira sözleşmesi ne zaman sona eriyor?", "tr"),
        ("Giá vé là bao nhiêu?", "vi"),
        ("年假有几天？", "zh"),
        ("契約はいつ終わりますか", "ja"),
        ("Who directed La colpa di una madre?", "en"),
        ("Where is the Museo Nacional de las Artes y los Oficios?", "en"),
        ("Los Angeles de la Cruz", "en"),
        ("Que Sera Sera lyrics", "en"),
        ("Define coup d'état and déjà vu", "en"),
        ("lease end date", "en"),
        ("", "en"),
    ],
)
def test_frequent_words_name_a_language_in_latin_letters_and_names_do_not(
    text: str, language: str
) -> None:
    assert languages.identify(text) == language


def test_every_sample_question_is_in_the_language_that_it_is_said_to_be_in() -> None:
    path = Path(__file__).parent.parent / "examples" / "questions.jsonl"
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert all(languages.identify(row["question"]) == row["lang"] for row in rows)


def test_a_passage_of_names_and_numbers_is_in_some_language_in_latin_letters() -> None:
    assert languages.of_passage("The lease ends in May and begins in June.") == "en"
    assert languages.of_passage("Quand le bail est fini, il ne se renouvelle pas.") == "fr"
    assert languages.of_passage("Ada Holm, 25 March") == "latin"


@given(st.text(max_size=100))
def test_every_text_has_a_language(text: str) -> None:
    assert languages.detect(text)
