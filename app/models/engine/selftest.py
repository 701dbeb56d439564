"""Tries a model in a child process first, because llama.cpp's crashes take the process with them.

Built by GCC 12 for a processor with AMX, llama.cpp dies at the first token when it repacks weights
for that processor (ggml issue 20824); other pairs of build and processor have had the like. So a
child loads the model, reads a few tokens and writes one, with repacked weights; should it die, a
second one tries without. What works is remembered for this build of llama.cpp, processor and
model. A damaged file that makes llama.cpp abort is found out in the same way.

Libraries can clash as well, and only then: faiss or torch may have brought another libstdc++ than
llama.cpp was built with. So the child imports first what this process has imported, in its order.
"""

import contextlib
import hashlib
import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs

from quire.errors import ModelUnusable
from quire.models import remembering
from quire.models.engine import gguf, openmp

# Bring C++ libraries of their own, which the child loads where this process has.
_BESIDE = ("torch", "sklearn", "faiss", "llama_cpp")
_CONTEXT = 256  # tokens: enough for a test
VERDICTS = "self-tests.json"  # in the cache
COMMAND = (sys.executable, "-P", "-m", "quire.models.engine.selftest")
_SECONDS = 120.0  # reading a large file from a slow disk takes minutes: more is added by size
_SECONDS_PER_GIGABYTE = 60.0


def passes_with_extra_buffers(
    facts: gguf.GgufFacts,
    *,
    build: str,
    cpu: str,
    gpu_layers: int,
    context_tokens: int = _CONTEXT,
    verdicts: Path | None = None,
    beside: Sequence[str] | None = None,
    command: Sequence[str] = COMMAND,
    timeout: float | None = None,
) -> bool:
    """Whether the model works with weights repacked for the processor, or only without.

    `verdicts` is the file in which answers are remembered; `beside` are the modules that the child
    imports first, by default those of this process that bring C++. `command` starts the child and
    gets five arguments more: the path, "1" or "0" for repacked weights, the layers for the GPU, the
    tokens of context, and those modules with commas between them. It may take `timeout` seconds, by
    default what a slow disk needs for a file of this size.

    With layers on a GPU the child takes the whole context, so that it needs as much there as this
    process will. Raises ModelUnusable when it works in neither way.
    """
    verdicts = verdicts or platformdirs.user_cache_path("quire") / VERDICTS
    beside = loaded_here() if beside is None else beside
    # What works where all is on a GPU may not where the processor has its share.
    share = 0 if not gpu_layers else 2 if gpu_layers > facts.layers else 1
    known_by = (build, cpu, facts.header_sha256, str(facts.size), str(share), ",".join(beside))
    key = hashlib.sha256("\n".join(known_by).encode()).hexdigest()
    if isinstance(verdict := remembering.remembered(verdicts).get(key), bool):
        return verdict
    timeout = timeout or _SECONDS + _SECONDS_PER_GIGABYTE * facts.size / 1e9
    deaths = []
    for extra_buffers in (True, False):
        arguments = (
            str(facts.path),
            str(int(extra_buffers)),
            str(gpu_layers),
            str(context_tokens if gpu_layers else _CONTEXT),
            ",".join(beside),
        )
        death = _try([*command, *arguments], timeout=timeout)
        if not death:
            remembering.remember(verdicts, key, extra_buffers)
            return extra_buffers
        deaths.append(death)
    raise ModelUnusable(
        f"The model {facts.path} cannot run here: the test {deaths[-1]}.",
        hint="Get the file again, choose another model, or install another build of "
        "llama-cpp-python.",
    )


def loaded_here() -> tuple[str, ...]:
    """Modules of this process that bring C++ libraries, in the order of their import."""
    return tuple(name for name in sys.modules if name in _BESIDE)


def _try(arguments: Sequence[str], *, timeout: float) -> str:
    """Run the child; how it died, or an empty string when it wrote its token."""
    try:
        done = subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took more than {timeout:.0f} seconds"
    except OSError as exc:
        return f"could not be started ({exc})"
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        if done.returncode < 0:
            return f"was ended by {_signal_name(-done.returncode)}"
        return f"ended with code {done.returncode}"
    if answer["ok"]:
        return ""
    raise ModelUnusable(answer["message"], hint=answer["hint"])


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def main() -> None:
    """The child: load, read 40 tokens, write one, say so."""
    path, extra_buffers, gpu_layers = Path(sys.argv[1]), sys.argv[2] == "1", int(sys.argv[3])
    context_tokens, beside = int(sys.argv[4]), sys.argv[5].split(",") if sys.argv[5] else []
    if sys.platform != "win32":
        import resource  # noqa: PLC0415  exists on POSIX only

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    openmp.wait_passively()
    for name in beside:
        with contextlib.suppress(ImportError):  # a module of that name that somebody put there
            importlib.import_module(name)
    try:
        # The front door of llama.cpp, which the parent's side of this module does not need.
        from quire.models.engine.runtime import Interrupt, LlamaRuntime  # noqa: PLC0415

        runtime = LlamaRuntime(
            gguf.read_facts(path),
            context_tokens=context_tokens,
            threads=2,
            gpu_layers=gpu_layers,
            extra_buffers=extra_buffers,
            interrupt=Interrupt(),
        )
        prompt = runtime.tokenize("Read this, and then go on. " * 8, special=False)[:40]
        runtime.read(prompt, cancelled=lambda: False)
        sampler = runtime.sampler(temperature=0.0)
        runtime.append([sampler.next_token()])
        answer: dict[str, object] = {"ok": True}
    except ModelUnusable as exc:
        answer = {"ok": False, **exc.to_dict()}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
