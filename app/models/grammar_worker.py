"""The child process that tries a grammar: `python -m quire.models.grammar_worker`.

One JSON object comes on standard input, `{"grammar": …}` or `{"schema": …}` with a JSON schema as
text. One goes out on standard output: `{"grammar": …}` where llama.cpp takes it, else `{"reason":
…}`, which is empty where llama.cpp's parser wrote its reason to standard error.
"""

import json
import sys

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


def main() -> None:
    request = json.loads(sys.stdin.buffer.read())
    from quire.models import llama_runtime  # noqa: PLC0415  loads llama.cpp

    _limit_this_process()
    # A converter written for well-meant schemas raises whatever Python does.
    try:
        text = request.get("grammar") or llama_runtime.schema_to_grammar(request["schema"])
        reason = llama_runtime.grammar_problem(text)
        answer = {"grammar": text} if reason is None else {"reason": reason}
    except Exception as exc:
        answer = {"reason": " ".join(str(exc).split())[:200].rstrip(".") or type(exc).__name__}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
