"""Replies held to a grammar or a JSON schema, with the real starter model, and loud failures."""

import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from quire.errors import ModelError, ReplyUnusable, UsageError
from quire.models.engine import grammar
from quire.models.engine.llama import LlamaEngine
from quire.models.engine.turns import Job
from quire.models.forms import Form, Grammar, JsonSchema
from quire.models.protocols import Message

JOKE = {
    "type": "object",
    "properties": {
        "setup": {"type": "string", "maxLength": 60},
        "punchline": {"type": "string", "maxLength": 60},
        "stars": {"type": ["integer", "null"]},
    },
    "required": ["setup", "punchline", "stars"],
    "additionalProperties": False,
}
MOST = 1000  # tokens: whatever is written in the forms here comes to its end before


def reply(engine: LlamaEngine, question: str, form: Form, **options: Any) -> str:
    messages = [Message("user", question)]
    return "".join(engine.stream(messages, **{"max_tokens": MOST, "form": form, **options}))


def test_a_grammar_leaves_only_what_it_names(engine: LlamaEngine) -> None:
    for rules, possible in (
        ('root ::= "yes" | "no"', {"yes", "no"}),
        ('root ::= "租约" | "合同"', {"租约", "合同"}),
    ):
        assert reply(engine, "Is Paris in France?", Grammar(rules)) in possible


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_schema_gives_json_that_fits_it(engine: LlamaEngine, temperature: float) -> None:
    found = json.loads(
        reply(engine, "A joke about cats.", JsonSchema(JOKE), temperature=temperature)
    )
    assert set(found) == {"setup", "punchline", "stars"}


def test_chinese_names_and_values_come_back_as_they_are(engine: LlamaEngine) -> None:
    schema = {
        "$ref": "#/$defs/租约",
        "$defs": {
            "租约": {
                "type": "object",
                "properties": {"期限": {"enum": ["一年", "两年"]}},
                "required": ["期限"],
            }
        },
    }
    assert json.loads(reply(engine, "How long?", JsonSchema(schema)))["期限"] in {"一年", "两年"}


def test_a_form_holds_for_one_reply_only(engine: LlamaEngine) -> None:
    said = "zebras quarrel"
    assert reply(engine, "Is Paris in France?", Grammar(f'root ::= "{said}"')) == said
    free = "".join(engine.stream([Message("user", "Is Paris in France?")], max_tokens=5))
    assert not free.startswith(said)


def test_a_thought_comes_before_the_form_and_not_within(never_ending: LlamaEngine) -> None:
    """As with a template that opens a thought: it is free, and what follows it is not."""
    engine = never_ending
    tokens = engine._tokenize(engine._template.segments([Message("user", "Is it?")]))
    job = Job(
        prompt=tokens,
        max_tokens=40,
        stop=(),
        temperature=0.0,
        thinking=True,
        cancel_event=None,
        deadline=time.monotonic() + 60,
        form=Grammar('root ::= "yes"'),
        grammar='root ::= "yes"',
    )
    # Written in this thread, while nothing else is asked of the engine.
    with pytest.raises(ReplyUnusable, match="all tokens of its reply for thinking") as caught:
        engine._write(job)  # this model never closes a thought
    assert "answer_tokens" in caught.value.hint
    assert job.text == ""
    assert job.completion_tokens == 40


# Loud failures


@pytest.mark.parametrize("form", [JsonSchema(JOKE), Grammar('root ::= "one two three four five"')])
def test_a_reply_that_is_cut_short_is_an_error_and_never_half_a_form(
    engine: LlamaEngine, form: Form
) -> None:
    with pytest.raises(ModelError, match="cut short at its limit of tokens") as caught:
        reply(engine, "Tell me a joke.", form, max_tokens=3)
    assert "more tokens" in caught.value.hint
    assert reply(engine, "Is it?", Grammar('root ::= "yes"')) == "yes", "the next one is written"


def test_what_a_grammar_cannot_say_is_checked_at_the_end(engine: LlamaEngine) -> None:
    impossible = JsonSchema({"type": "integer", "minimum": 10**40})
    with pytest.raises(ModelError, match=r"does not fit the schema at \$ \(minimum\)"):
        reply(engine, "A number?", impossible)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ('root ::= "yes', "unexpected end of input"),
        ('other ::= "a"', "does not contain a 'root' symbol"),
        ("root ::= other", "Undefined rule identifier 'other'"),
        ('root ::= root "a" | "b"', "left recursion"),
        ("Answer with yes or no.", "expecting ::="),
        ('root ::= ((("a"{1,1000}){1,1000}){1,1000})', "repetition"),
        ("", "1 to 262,144"),
        ("root ::= " + "(" * 5000 + '"a"' + ")" * 5000, "brackets"),
    ],
)
def test_a_grammar_that_is_none_is_an_error_before_anything_is_generated(
    engine: LlamaEngine, rules: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    written = engine._runtime.tokens[:]
    with pytest.raises(UsageError, match=reason) as caught:
        engine.stream([Message("user", "Is it?")], max_tokens=5, form=Grammar(rules))
    assert "\n" not in caught.value.message
    assert engine._runtime.tokens == written
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "wat"}, "is not valid"),
        ({"properties": 5}, "is not of type 'object'"),
        ({"$ref": "https://example.org/schema.json"}, "does not lead inside"),
        ({"properties": {"a": {"$ref": "other.json#/a"}}}, "does not lead inside"),
        ({"enum": [object()]}, "not JSON serializable"),
        ({"$ref": "#/nowhere"}, "'#/nowhere' leads nowhere"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "leads to itself"),
        ({"type": "array", "items": False}, "converter does not know a part of it"),
        ({"properties": {"a": True}}, "converter does not know a part of it"),
        ({"type": "string", "pattern": "a(?=b)"}, "Pattern must start"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 10**9}, "MemoryError|memory"),
    ],
)
def test_a_schema_that_cannot_be_is_an_error_before_anything_is_generated(
    schema: Mapping[str, Any], reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        grammar.compiled(JsonSchema(schema))


def test_a_schema_nested_without_end_is_an_error() -> None:
    schema: dict[str, Any] = {}
    for _ in range(5000):
        schema = {"properties": {"a": schema}}
    with pytest.raises(UsageError):
        grammar.compiled(JsonSchema(schema))


def test_a_schema_may_refer_to_itself_and_leave_items_open() -> None:
    part: dict[str, Any] = {
        "type": "object",
        "properties": {
            "name": {"enum": ["wheel"]},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/part"}},
            "notes": {"type": "array", "items": {}},
        },
    }
    for schema in (
        {"$ref": "#/$defs/part", "$defs": {"part": part}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/part"}}, "$defs": {"part": part}},
    ):
        rules = dict(
            line.split(" ::= ", 1) for line in grammar.compiled(JsonSchema(schema)).splitlines()
        )
        assert rules["part-parts-item"] == "part"
        assert rules["part-notes-kv"].endswith(" array")


def test_no_control_character_stands_in_a_string() -> None:
    rules = grammar.compiled(JsonSchema({"type": "string"}))
    assert r'char ::= [^"\\\x7F\x00-\x1F] |' in rules


def test_a_form_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    form = Grammar('root ::= "looked at once"')
    grammar.compiled(form)
    monkeypatch.setattr(grammar, "subprocess", None)  # with which it starts the child that looks
    assert grammar.compiled(form) == form.text
