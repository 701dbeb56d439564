"""The form that a reply is asked to have, and the check that it has it.

A grammar keeps a model from writing anything else, as long as it may write on: a reply that is cut
short has no form. And a grammar made from a JSON schema says less than the schema (no smallest
number, for instance). So every reply is checked once more when it is complete, and one without its
form is an error, never something to be parsed and hoped for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quire.errors import ReplyUnusable, UsageError

_LONGEST = 256 * 1024  # characters of a grammar or schema
_DEEPEST = 100  # brackets within each other: llama.cpp's parser calls itself for each
_CUT = {
    "length": "was cut short at its limit of tokens",
    "repetition": "began to repeat itself and was ended",
}


@dataclass(frozen=True, slots=True)
class Grammar:
    """A grammar in llama.cpp's notation, GBNF; the reply is its rule `root`.

    The notation: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md
    """

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip() or "\0" in self.text or len(self.text) > _LONGEST:
            raise UsageError("A grammar is a text of 1 to 262,144 characters without NUL.")
        if _depth(self.text) > _DEEPEST:
            raise UsageError(f"A grammar with more than {_DEEPEST} brackets in each other.")


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A JSON schema, draft 2020-12, that the reply fits. References lead inside it only.

    Raises UsageError for what is no schema.
    """

    schema: Mapping[str, Any]
    text: str = field(init=False)

    def __post_init__(self) -> None:
        from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415  a tenth of a second

        try:
            text = json.dumps(self.schema, ensure_ascii=False)
            _check_references(self.schema)
            Draft202012Validator.check_schema(json.loads(text))
        except SchemaError as error:
            raise _no_schema(f"{error.message[:200]} (at {error.json_path})") from error
        except (TypeError, ValueError, RecursionError) as error:
            raise _no_schema(str(error)) from error
        if len(text) > _LONGEST:
            raise _no_schema(f"it has more than {_LONGEST:,} characters")
        object.__setattr__(self, "text", text)

    def problem(self, reply: str) -> str:
        """What keeps a reply from fitting, or an empty string."""
        from jsonschema import Draft202012Validator  # noqa: PLC0415
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        try:
            found = json.loads(reply)
        except (ValueError, RecursionError):
            return "is no JSON"
        error = best_match(Draft202012Validator(json.loads(self.text)).iter_errors(found))
        return f"does not fit the schema at {error.json_path} ({error.validator})" if error else ""


Form = Grammar | JsonSchema


def require_form(form: Form | None, reply: str, *, finish: str, complete: bool = True) -> None:
    """Raise ReplyUnusable for a complete reply that lacks its form.

    `complete` says whether a grammar may end where the reply did. A caller who left gets no error.
    """
    if form is None or finish in ("cancelled", "failed"):
        return
    problem = form.problem(reply) if isinstance(form, JsonSchema) else ""
    if not problem and not complete:
        problem = "does not fit its grammar to the end"
    if problem:
        how = _CUT.get(finish, "")
        raise ReplyUnusable(
            f"The model's reply {how} and {problem}." if how else f"The model's reply {problem}.",
            hint="Allow it more tokens, or ask for less." if how else "Ask again, or for less.",
        )


def _check_references(schema: object) -> None:
    """A reference elsewhere would be fetched from there by some libraries."""
    if isinstance(schema, Mapping):
        for name, inner in schema.items():
            if not isinstance(name, str):
                raise TypeError(f"the key {name!r} is no text")
            if name in ("$ref", "$dynamicRef") and isinstance(inner, str):
                if not inner.startswith("#/"):
                    raise ValueError(f"the reference {inner[:80]!r} does not lead inside it")
            elif name in ("$id", "$schema"):
                continue
            _check_references(inner)
    elif isinstance(schema, list | tuple):
        for inner in schema:
            _check_references(inner)


def _no_schema(why: str) -> UsageError:
    return UsageError(
        f"That is no JSON schema a reply can be held to: {why}.",
        hint="See https://json-schema.org/draft/2020-12.",
    )


def _depth(text: str) -> int:
    depth = deepest = 0
    for char in text:
        if char == "(":
            depth += 1
            deepest = max(deepest, depth)
        elif char == ")":
            depth -= 1
    return deepest
