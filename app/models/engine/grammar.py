"""Turns the form of a reply into a grammar that llama.cpp is known to take.

llama.cpp's parser writes its complaints to standard error, recurses as deep as a grammar is nested,
and a schema of one line can ask for a grammar of gigabytes. So both are tried in a child process
(quire.models.engine.grammar_worker), once for each form, before anything is generated.
"""

import functools
import json
import subprocess
import sys

from quire.errors import UsageError
from quire.models.forms import Form, Grammar

# The child's own limit is one of processor time; the clock would blame a form for a busy machine.
# Windows knows no other limit.
_WALL_SECONDS = 30.0 if sys.platform == "win32" else 300.0


def compiled(form: Form) -> str:
    """The grammar of a form. Raises UsageError, with llama.cpp's reason, for one that is none."""
    return _compiled("grammar" if isinstance(form, Grammar) else "schema", form.text)


@functools.lru_cache(maxsize=64)
def _compiled(kind: str, text: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "quire.models.engine.grammar_worker"],
            input=json.dumps({kind: text}).encode(),
            capture_output=True,
            timeout=_WALL_SECONDS,
            check=False,
        )
        answer: dict[str, str] = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        answer = {"reason": "it takes too long or too much memory to read"}
        done = None
    if "grammar" in answer:
        return answer["grammar"]
    said = done.stderr.decode("utf-8", errors="replace") if done else ""
    reason = answer.get("reason") or _complaint(said) or "llama.cpp gives no reason"
    what = "JSON schema" if kind == "schema" else "grammar"
    raise UsageError(
        f"The {what} of the reply cannot be used: {reason}.",
        hint="Nothing was generated. Correct it, or ask for something simpler.",
    )


def _complaint(said: str) -> str:
    """The parser's reason, which it writes as `parse: error parsing grammar: …`."""
    for line in said.splitlines():
        if "error parsing grammar:" in line:
            return line.split("error parsing grammar:", 1)[1].strip()[:200]
    return ""
