"""How the chat-model engine does on this machine, as a small table.

    python benchmarks/engine.py                  the starter model
    python benchmarks/engine.py path/to/model.gguf --tokens 64

Absolute figures hold for one machine on one day; the ratios are what to compare.
"""

import argparse
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from quire.models.engine.openmp import wait_passively

wait_passively()

import llama_cpp.llama_cpp as api

from quire.models import machine
from quire.models.engine import gguf, selftest
from quire.models.engine.llama import LlamaEngine
from quire.models.engine.runtime import build, supports_gpu, system_info
from quire.models.engine.turns import Reply
from quire.models.forms import Grammar
from quire.models.protocols import Message
from quire.models.store.starter import CHAT

STORY = [Message("user", "Tell a long story about a lighthouse.")]
SPIN = "import os\nwhile os.getppid() == {parent}: pass"


def row(what: str, figure: str, ratio: str = "") -> None:
    print(f"{what:<58}{figure:>18}{ratio:>12}", flush=True)


def passage(subject: str, tokens: int, engine: LlamaEngine) -> str:
    sentence = f"The committee for {subject} met on Tuesday and put its decision off. "
    return sentence * (tokens // engine.count_tokens(sentence))


def write(reply: Reply) -> float:
    """Read the reply to its end; tokens per second after the first piece."""
    next(reply)
    begin, first = time.perf_counter(), reply.usage.completion_tokens
    for _ in reply:
        pass
    return (reply.usage.completion_tokens - first) / (time.perf_counter() - begin)


def read(engine: LlamaEngine, text: str) -> tuple[float, int]:
    """Seconds to the first piece of the reply to a text, and the tokens that were read for it."""
    reply = engine.stream([Message("user", text)], max_tokens=4)
    list(reply)
    return reply.seconds_to_first_piece or 0.0, reply.usage.prompt_tokens - reply.reused_tokens


@contextmanager
def busy_core() -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-c", SPIN.format(parent=os.getpid())]) as other:
        try:
            time.sleep(0.3)
            yield
        finally:
            other.kill()


def bare(engine: LlamaEngine, tokens: int) -> tuple[float, float]:
    """Tokens per second read and written by llama.cpp itself, as its own llama-bench measures: the
    same file, build, threads and buffers, tokens drawn at random, no text, no sampling."""
    model_params = api.llama_model_default_params()
    model_params.n_gpu_layers = -1 if supports_gpu() else 0
    path = engine._path  # noqa: SLF001  for no user
    model_params.use_extra_bufts = selftest.passes_with_extra_buffers(
        gguf.read_facts(path),
        build=build(),
        cpu=machine.describe().cpu,
        gpu_layers=model_params.n_gpu_layers,
        verdicts=None,
    )
    model = api.llama_model_load_from_file(os.fsencode(path), model_params)
    params = api.llama_context_default_params()
    params.n_ctx, params.n_batch, params.n_ubatch = 2048, 2048, 512
    params.n_threads = params.n_threads_batch = engine.threads
    context = api.llama_init_from_model(model, params)
    words = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))

    def decode(count: int) -> None:
        drawn = (api.llama_token * count)(*(random.randrange(words) for _ in range(count)))
        if api.llama_decode(context, api.llama_batch_get_one(drawn, count)):
            raise SystemExit("llama.cpp refused a batch")
        api.llama_synchronize(context)

    reading, writing = [], []
    for _ in range(4):  # the first is not counted
        api.llama_memory_clear(api.llama_get_memory(context), True)
        begin = time.perf_counter()
        decode(512)
        reading.append(512 / (time.perf_counter() - begin))
        api.llama_memory_clear(api.llama_get_memory(context), True)
        begin = time.perf_counter()
        for _ in range(tokens):
            decode(1)
        writing.append(tokens / (time.perf_counter() - begin))
    api.llama_free(context)
    api.llama_model_free(model)
    return statistics.median(reading[1:]), statistics.median(writing[1:])


def bench_against_bare(engine: LlamaEngine, tokens: int) -> None:
    """Both take turns, so that what else the machine does hits both."""
    ratios = []
    for n in range(3):
        read_bare, write_bare = bare(engine, tokens)
        seconds, count = read(engine, passage(f"islands {n}", 480, engine))
        writing = write(engine.stream(STORY, max_tokens=tokens))
        ratios.append((count / seconds / read_bare, writing / write_bare))
    row(
        "reading 512 tokens against llama.cpp itself",
        f"{read_bare:.1f} tokens/s",
        median(ratios, 0),
    )
    row("writing against llama.cpp itself", f"{write_bare:.1f} tokens/s", median(ratios, 1))


def bench_attention(engine: LlamaEngine, tokens: int) -> None:
    """Reading 512 tokens after 388, and writing, with each kind of attention and of keys and values
    that llama.cpp has: the fastest of three rounds in turn."""
    model_params = api.llama_model_default_params()
    model_params.n_gpu_layers = -1 if supports_gpu() else 0
    path = engine._path  # noqa: SLF001  for no user
    model = api.llama_model_load_from_file(os.fsencode(path), model_params)
    words = api.llama_vocab_n_tokens(api.llama_model_get_vocab(model))
    on, off = api.LLAMA_FLASH_ATTN_TYPE_ENABLED, api.LLAMA_FLASH_ATTN_TYPE_DISABLED
    kinds = {
        "plain attention": (off, api.GGML_TYPE_F16),
        "flash attention": (on, api.GGML_TYPE_F16),
        "flash attention, q8_0": (on, api.GGML_TYPE_Q8_0),
    }
    contexts = {}
    for kind, (flash, cells) in kinds.items():
        params = api.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 2048, 512, 512
        params.n_threads = params.n_threads_batch = engine.threads
        params.flash_attn_type, params.type_k, params.type_v = flash, cells, cells
        contexts[kind] = api.llama_init_from_model(model, params)

    def decode(context: object, count: int) -> None:
        drawn = (api.llama_token * count)(*(random.randrange(words) for _ in range(count)))
        if api.llama_decode(context, api.llama_batch_get_one(drawn, count)):
            raise SystemExit("llama.cpp refused a batch")
        api.llama_synchronize(context)

    best: dict[str, tuple[float, float]] = {}
    for _ in range(3):
        for kind, context in contexts.items():
            api.llama_memory_clear(api.llama_get_memory(context), True)
            decode(context, 388)
            begin = time.perf_counter()
            decode(context, 512)
            middle = time.perf_counter()
            for _ in range(tokens):
                decode(context, 1)
            end = time.perf_counter()
            reading, writing = best.get(kind, (0.0, 0.0))
            best[kind] = (
                max(reading, 512 / (middle - begin)),
                max(writing, tokens / (end - middle)),
            )
    for kind, (reading, writing) in best.items():
        row(f"{kind}: reading, writing", f"{reading:.0f}, {writing:.0f} tokens/s")
        api.llama_free(contexts[kind])
    api.llama_model_free(model)


def bench_own_cost(engine: LlamaEngine, tokens: int) -> None:
    """Processor time of the engine's thread outside of `llama_decode`, for each token written: what
    a model waits for, however fast it computes. On a processor the caches are llama.cpp's then; as
    beside a GPU it is where `llama_decode` gives way to a wait of a millisecond."""
    spent: list[int] = []
    left = 0
    decode = api.llama_decode
    runtime = engine._runtime  # noqa: SLF001  for no user
    words = runtime.tokenize(" ".join(f"{n:x} lamp{n} sea" for n in range(99)), special=False)
    drawn = random.Random(7)

    def elsewhere(context: object, _batch: object) -> int:
        logits = api.llama_get_logits_ith(context, -1)
        logits[drawn.choice(words)] += 100.0  # the likeliest for once
        time.sleep(0.001)
        return 0

    def timed(compute: Callable[..., int], *arguments: object) -> int:
        nonlocal left
        spent.append(time.thread_time_ns() - left)
        code = compute(*arguments)
        left = time.thread_time_ns()
        return code

    for where, compute in (("", decode), (", as beside a GPU", elsewhere)):
        for what, temperature, form in (
            ("greedy", 0.0, None),
            ("temperature 0.7", 0.7, None),
            ("grammar", 0.0, Grammar("root ::= [^<]*")),
        ):
            list(engine.stream(STORY, max_tokens=2))
            spent.clear()
            api.llama_decode = partial(timed, compute)
            try:
                reply = engine.stream(STORY, max_tokens=tokens, temperature=temperature, form=form)
                list(reply)
            finally:
                api.llama_decode = decode
            own = statistics.median(spent[2:]) / 1000
            row(f"outside of llama_decode{where}, {what}", f"{own:.0f} \N{MICRO SIGN}s/token")
    runtime.tokens.clear()  # of which it has not read all


def median(ratios: list[tuple[float, float]], which: int) -> str:
    return f"{statistics.median(each[which] for each in ratios):.2f}"


def bench_speed(engine: LlamaEngine, tokens: int) -> None:
    reading, count = read(engine, passage("harbours", 1000, engine))
    row(f"reading a prompt of {count:,} tokens", f"{count / reading:.1f} tokens/s")
    quiet = max(write(engine.stream(STORY, max_tokens=tokens)) for _ in range(2))
    row("writing", f"{quiet:.1f} tokens/s", "1.00")
    with busy_core():
        write(engine.stream(STORY, max_tokens=tokens))
        busy = write(engine.stream(STORY, max_tokens=tokens))
    row("writing with another core busy", f"{busy:.1f} tokens/s", f"{busy / quiet:.2f}")


def bench_cancel(engine: LlamaEngine, rounds: int) -> None:
    """From the moment a caller leaves to the moment that the model is free for the next."""
    for when in ("reading 3,000 tokens", "writing"):
        waits = []
        for n in range(rounds):
            text = passage(f"cancelling {n} {when}", 3000, engine)
            messages = [Message("user", text)] if when.startswith("reading") else STORY
            reply = engine.stream(messages, max_tokens=500)
            reply.wait_for_turn(timeout=60)
            if when == "writing":
                next(reply)
            time.sleep(0.05 + 0.5 * n / rounds)
            following = engine.stream(STORY, max_tokens=1)
            begin = time.perf_counter()
            reply.cancel()
            following.wait_for_turn(timeout=60)
            waits.append(time.perf_counter() - begin)
            following.cancel()
        p95 = sorted(waits)[int(0.95 * (len(waits) - 1) + 0.5)]
        row(
            f"leaving while {when}: median, 95th percentile of {rounds}",
            f"{statistics.median(waits) * 1000:.0f}, {p95 * 1000:.0f} ms",
        )


def bench_clients(engine: LlamaEngine, tokens: int) -> None:
    """Four callers at once: the whole takes as long as four in a row."""
    prompts = [[Message("user", f"Tell a story about the number {n}.")] for n in range(8)]
    begin = time.perf_counter()
    written = 0
    for prompt in prompts[:4]:
        reply = engine.stream(prompt, max_tokens=tokens)
        list(reply)
        written += reply.usage.completion_tokens
    alone = written / (time.perf_counter() - begin)
    begin = time.perf_counter()
    replies = [engine.stream(prompt, max_tokens=tokens) for prompt in prompts[4:]]
    firsts, ends = [0.0] * 4, [0.0] * 4

    def hear(n: int) -> None:
        for at, _ in enumerate(replies[n]):
            if at == 0:
                firsts[n] = time.perf_counter() - begin
        ends[n] = time.perf_counter() - begin

    threads = [threading.Thread(target=hear, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = sum(r.usage.completion_tokens for r in replies) / (time.perf_counter() - begin)
    row("four callers, one after the other", f"{alone:.1f} tokens/s", "1.00")
    row("four callers at once", f"{together:.1f} tokens/s", f"{together / alone:.2f}")
    row(
        "  the longest wait for a first piece, of the whole",
        f"{max(firsts):.1f} s",
        f"{max(firsts) / max(ends):.2f}",
    )
    row("  served in the order in which they came", "yes" if ends == sorted(ends) else "no")


def bench_conversations(engine: LlamaEngine) -> None:
    """Two conversations of some 800 tokens in turn: seconds to the first piece of a later turn."""
    talks = [
        [Message("user", passage(subject, 800, engine))] for subject in ("bridges", "orchards")
    ]
    for reuse in (False, True):
        waits: list[float] = []
        for turn in range(3):
            for talk in talks:
                if not reuse:  # a beginning that nothing read before shares
                    talk = [Message("system", f"Round {turn} {time.monotonic()}"), *talk]  # noqa: PLW2901
                reply = engine.stream(talk, max_tokens=8)
                text = "".join(reply)
                if turn:
                    waits.append(reply.seconds_to_first_piece or 0.0)
                if reuse:
                    talk += [Message("assistant", text), Message("user", f"And {turn}?")]
        median = statistics.median(waits)
        if not reuse:
            without = median
        row(
            f"first piece, two conversations in turn, {'kept' if reuse else 'read anew'}",
            f"{median:.2f} s",
            f"{median / without:.2f}",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", type=Path, default=CHAT.path)
    parser.add_argument("--tokens", type=int, default=96, help="tokens of each reply")
    parser.add_argument("--rounds", type=int, default=20, help="replies that are cancelled")
    arguments = parser.parse_args()
    here = machine.describe()
    print(f"{here.cpu}, {here.cores} cores; llama.cpp: {system_info()}")
    begin = time.perf_counter()
    with LlamaEngine(arguments.model) as engine:
        row(f"loading {arguments.model.name}", f"{time.perf_counter() - begin:.1f} s")
        bench_speed(engine, arguments.tokens)
        bench_against_bare(engine, arguments.tokens)
        bench_attention(engine, arguments.tokens)
        bench_own_cost(engine, arguments.tokens)
        bench_cancel(engine, arguments.rounds)
        bench_clients(engine, arguments.tokens)
        bench_conversations(engine)


if __name__ == "__main__":
    main()
