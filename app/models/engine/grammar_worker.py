"""The child process that tries a grammar: `python -m quire.models.engine.grammar_worker`.

One JSON object comes on standard input, `{"grammar": …}` or `{"schema": …}` with a JSON schema as
text. One goes out on standard output: `{"grammar": …}` where llama.cpp takes it, else `{"reason":
…}`, which is empty where llama.cpp's parser wrote its reason to standard error.
"""

import json
import sys
from typing import Any

_CPU_SECONDS = 5.0
_MEMORY = 2**30


def _limit_this_process() -> None:
    if sys.platform == "win32":
        return  # there the parent's timeout has to do
    import resource  # noqa: PLC0415  exists on POSIX only
    import signal  # noqa: PLC0415

    signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _convertible(schema: Any) -> Any:
    """The same schema as llama-cpp-python's converter takes it: it loses definitions beside a
    reference at the top, and knows no items of any kind. Raises ValueError for a circle."""
    seen = set()
    while isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
        if reference in seen:
            raise ValueError(f"the reference {reference!r} leads to itself")
        seen.add(reference)
        found: Any = schema
        for name in reference.split("/")[1:]:
            if not isinstance(found, dict) or name not in found:
                raise ValueError(f"the reference {reference!r} leads nowhere")
            found = found[name]
        if not isinstance(found, dict):
            break
        schema = {**{k: v for k, v in schema.items() if k != "$ref"}, **found}
    return _with_items(schema)


def _with_items(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_with_items(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "array" and schema.get("items") in ({}, True):
        schema = {name: inner for name, inner in schema.items() if name != "items"}
    return {name: _with_items(inner) for name, inner in schema.items()}


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    from quire.models.engine import runtime  # noqa: PLC0415  loads llama.cpp

    _limit_this_process()
    # A converter written for well-meant schemas raises whatever Python does.
    try:
        text = request.get("grammar")
        if text is None:
            schema = json.dumps(_convertible(json.loads(request["schema"])))
            text = runtime.schema_to_grammar(schema)
        reason = runtime.grammar_problem(text)
        answer = {"grammar": text} if reason is None else {"reason": reason}
    except (AttributeError, KeyError, TypeError) as exc:
        answer = {"reason": f"llama.cpp's converter does not know a part of it ({exc})"}
    except Exception as exc:
        answer = {"reason": " ".join(str(exc).split())[:200].rstrip(".") or type(exc).__name__}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
