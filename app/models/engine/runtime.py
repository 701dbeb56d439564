"""The front door of llama.cpp: a GGUF model, loaded, and the tokens that it has read.

It calls llama.cpp's own C functions. The class `Llama` of llama-cpp-python is not used: it
redirects the standard output of the whole process while it loads, compiles the file's chat template
without bounds, and cannot stop while it reads a prompt.
"""

import ctypes
import hashlib
import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import llama_cpp
import llama_cpp.llama_cpp as api
from llama_cpp.llama_grammar import json_schema_to_gbnf

from quire.errors import ModelError, ModelUnusable
from quire.models import machine
from quire.models.engine.gguf import GgufFacts
from quire.models.engine.kept_contexts import KeptContext, common_prefix
from quire.models.engine.sampler import Sampler

BATCH = 512  # tokens of a prompt that are read in one step
_ABORTED = 2  # what llama_decode returns when the interrupt was set
_LEVEL_ERROR = 4

_log: deque[tuple[int, str]] = deque(maxlen=400)


@api.llama_log_callback  # type: ignore[untyped-decorator]
def _keep_log(level: int, text: bytes, _data: ctypes.c_void_p) -> None:
    _log.append((level, text.decode("utf-8", errors="replace")))


# llama.cpp has one log for the whole process, which would go to standard error.
api.llama_log_set(_keep_log, ctypes.c_void_p(0))
api.llama_backend_init()
_HAS_GPU = bool(api.llama_supports_gpu_offload())  # looks for devices, the first time it is asked


def trouble(log: Iterable[tuple[int, str]]) -> str:
    """What llama.cpp complains of in its log: its first error without the function's name.

    >>> trouble([(2, "found 0 devices"), (4, "ggml_cuda_init: failed to initialize CUDA: why")])
    'failed to initialize CUDA: why'
    """
    errors = (text.strip() for level, text in log if level == _LEVEL_ERROR)
    return re.sub(r"^\w+: ", "", next(errors, "")).rstrip(".")


TROUBLE = trouble(_log)
"""Why llama.cpp found no GPU, in its own words, when it looked for one; empty where it said
nothing."""


@dataclass(frozen=True, slots=True)
class Offload:
    """Layers of the model that run on a GPU, of `total`, all of which are wanted there.

    `why` says why not all of them do. `card` names the GPU, of which `free` bytes were free before
    the model came; both are empty where llama.cpp can use none.
    """

    got: int
    total: int
    why: str = ""
    card: str = ""
    free: int = 0


class Interrupt:
    """Makes llama.cpp drop the step that it is computing, within milliseconds on a CPU.

    llama.cpp asks a C function whether to go on before each operation. A Python function there
    would wait for the interpreter a thousand times a token. subtle: the C library's `strlen` is
    such a function: on an empty string it returns 0, which is false, and on one character 1.
    """

    def __init__(self) -> None:
        self._text = ctypes.create_string_buffer(2)
        library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
        self.function = ctypes.cast(library.strlen, api.ggml_abort_callback)

    @property
    def address(self) -> int:
        return ctypes.addressof(self._text)

    def set(self) -> None:
        self._text[0] = b"x"

    def clear(self) -> None:
        self._text[0] = b"\0"


def build() -> str:
    """Identifies the very build of llama.cpp: its version, its libraries, what it was built for."""
    libraries = sorted((Path(llama_cpp.__file__).parent / "lib").glob("*"))
    stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in libraries]
    digest = hashlib.sha256(repr(stamps).encode()).hexdigest()[:12]
    return f"{llama_cpp.__version__} {_text(api.llama_version())} {system_info()} {digest}"


def system_info() -> str:
    """The instruction sets and backends that llama.cpp uses here, in its own words."""
    return _text(api.llama_print_system_info()).strip(" |")


def supports_gpu() -> bool:
    """Whether there is a GPU that this build can use. What it was compiled for is another matter:
    see quire.models.engine.devices."""
    return _HAS_GPU


def attends_in_one() -> bool:
    """Whether flash attention pays on this processor. With AVX-512 prompts were read a tenth to a
    quarter faster with it; with AVX2 alone plain attention was as fast or faster at every length.
    """
    return "avx512f" in machine.describe().features


def schema_to_grammar(schema: str) -> str:
    """The grammar that llama-cpp-python makes of a JSON schema; raises whatever Python does."""
    grammar: str = json_schema_to_gbnf(schema)
    # It lets line ends and other control characters stand in a string, which JSON does not.
    return grammar.replace(r'char ::= [^"\\] |', r'char ::= [^"\\\x7F\x00-\x1F] |')


def grammar_problem(grammar: str) -> str | None:
    """Why llama.cpp refuses a grammar; empty where its parser said so on standard error, None where
    it takes it. A grammar nested deeply ends the process: see quire.models.engine.grammar."""
    _log.clear()
    sampler = api.llama_sampler_init_grammar(None, grammar.encode(), b"root")
    if sampler:
        api.llama_sampler_free(sampler)
        return None
    said = [text.strip() for level, text in _log if level == _LEVEL_ERROR]
    return next((text.rstrip(".") for text in said if text != "failed to parse grammar"), "")


class LlamaRuntime:
    """A loaded model and one context. Not for several threads, except for the vocabulary.

    `tokens` is what the context holds. Raises ModelUnusable when llama.cpp refuses the file.
    """

    def __init__(
        self,
        facts: GgufFacts,
        *,
        context_tokens: int,
        threads: int,
        gpu_layers: int,
        extra_buffers: bool,
        interrupt: Interrupt,
    ) -> None:
        self.path = facts.path
        self.interrupt = interrupt
        self.tokens: list[int] = []
        self._reading_threads = self._writing_threads = threads
        self._model: Any = None
        self._context: Any = None
        _log.clear()
        model_params = api.llama_model_default_params()
        model_params.n_gpu_layers = gpu_layers
        if not gpu_layers:
            # No device at all. subtle: with split_mode none and main_gpu -1, llama.cpp drops all
            # devices, but asks each for its free memory before, which makes a context of some
            # 550 MB on it, or ends the process where the card is full. An empty list spares that.
            none = (ctypes.c_void_p * 1)(None)
            model_params.devices = ctypes.addressof(none)
            model_params.split_mode = api.LLAMA_SPLIT_MODE_NONE
            model_params.main_gpu = -1
        # Weights repacked for the processor; some builds crash on them (see llama_selftest).
        model_params.use_extra_bufts = extra_buffers
        self._model = api.llama_model_load_from_file(os.fsencode(facts.path), model_params)
        if not self._model:
            raise self._refused()
        self.offload = self._offload()
        params = api.llama_context_default_params()
        params.n_ctx = context_tokens
        params.n_batch = params.n_ubatch = min(BATCH, context_tokens)
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        params.abort_callback = interrupt.function
        params.abort_callback_data = interrupt.address
        if not self.offload.got and not attends_in_one():
            params.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = api.llama_init_from_model(self._model, params)
        if not self._context:
            raise self._refused()
        self._memory = api.llama_get_memory(self._context)
        self._vocab = api.llama_model_get_vocab(self._model)
        self._recurrent = bool(
            api.llama_model_is_recurrent(self._model) or api.llama_model_is_hybrid(self._model)
        )
        # What each token written asks of llama.cpp is asked once, and its memory made once.
        self._tokens_given = (api.llama_token * BATCH)()
        self._batch = api.llama_batch_get_one(self._tokens_given, 0)
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}
        self._look_alikes = self._find_look_alikes()
        self._thought_tags = {
            tokens[0]: tag.encode()
            for tag in ("<think>", "</think>")
            if len(tokens := self.tokenize(tag, special=True)) == 1
        }

    def close(self) -> None:
        """Free the memory; nothing else may be called after."""
        if self._context:
            api.llama_free(self._context)
        if self._model:
            api.llama_model_free(self._model)
        self._context = self._model = None

    # The vocabulary

    @property
    def bos(self) -> int:
        """The token that every prompt begins with, or -1."""
        token: int = api.llama_vocab_bos(self._vocab)
        return token if api.llama_vocab_get_add_bos(self._vocab) else -1

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text; only with `special` do the names of control tokens become tokens."""
        if not special and self._look_alikes is not None:
            # Cut each of them after its first character, and the vocabulary cannot know it.
            pieces = self._look_alikes.split(text)
            return [token for piece in pieces for token in self._tokenize(piece, special=False)]
        return self._tokenize(text, special=special)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", errors="replace")
        size = len(data) + 16
        tokens = (api.llama_token * size)()
        count = api.llama_tokenize(self._vocab, data, len(data), tokens, size, False, special)
        if count < 0:
            raise ModelError(f"A text of {len(data):,} bytes is more than a model can read.")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes that a token adds to a reply; control tokens add none, but for `<think>`."""
        if (known := self._pieces.get(token)) is None:
            known = self._pieces[token] = self._thought_tags.get(token) or self._spell(token)
        return known

    def _spell(self, token: int) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = api.llama_token_to_piece(self._vocab, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def ends_reply(self, token: int) -> bool:
        if (known := self._ends.get(token)) is None:
            known = self._ends[token] = bool(api.llama_vocab_is_eog(self._vocab, token))
        return known

    # Reading and writing

    def read(self, prompt: Sequence[int], *, cancelled: Callable[[], bool]) -> int | None:
        """Bring the context to hold exactly `prompt`; how many tokens it held already.

        None when it was cancelled on the way; what was read until then is kept. The last token is
        always read anew, because the next one is chosen from what reading it leaves behind.
        """
        common = self._truncate(common_prefix(self.tokens, prompt[:-1]))
        for start in range(common, len(prompt), BATCH):
            if cancelled() or not self.append(prompt[start : start + BATCH]):
                return None
        self.wait()
        return common

    def append(self, tokens: Sequence[int]) -> bool:
        """Read tokens after those that the context holds; False when interrupted."""
        self._tokens_given[: len(tokens)] = tokens
        self._batch.n_tokens = len(tokens)
        code = api.llama_decode(self._context, self._batch)
        if code == 0:
            self.tokens.extend(tokens)
            return True
        # An aborted step leaves a recurrent state half changed; attention has only to forget it.
        self._truncate(0 if self._recurrent else len(self.tokens))
        if code == _ABORTED:
            return False
        raise ModelError(
            f"The model {self.path.name} failed while reading (llama.cpp's code {code})."
        )

    def wait(self) -> None:
        """Until a GPU has computed what it was given, for those who time it: on a processor that
        is done already."""
        api.llama_synchronize(self._context)

    @property
    def state_size(self) -> int:
        """Bytes that `save` would copy; 0 for an architecture that cannot forget a part."""
        # Such a state is of use only to a prompt that goes on exactly where it ends.
        return 0 if self._recurrent else int(api.llama_state_seq_get_size(self._context, 0))

    def save(self) -> KeptContext:
        """Copy what the context holds."""
        state = bytearray(self.state_size)
        view = (ctypes.c_uint8 * len(state)).from_buffer(state)
        api.llama_state_seq_get_data(self._context, view, len(state), 0)
        return KeptContext(tuple(self.tokens), state)

    def restore(self, kept: KeptContext) -> None:
        """Put a copy in the place of what the context holds."""
        self._truncate(0)
        view = (ctypes.c_uint8 * len(kept.state)).from_buffer(kept.state)
        if api.llama_state_seq_set_data(self._context, view, len(kept.state), 0):
            self.tokens = list(kept.tokens)

    def use_threads(self, threads: int) -> None:
        """How many threads write from now on; a prompt is still read by all."""
        if threads != self._writing_threads:
            api.llama_set_n_threads(self._context, threads, self._reading_threads)
            self._writing_threads = threads

    def sampler(self, *, temperature: float, grammar: str = "") -> Sampler:
        return Sampler(self._context, self._vocab, temperature=temperature, grammar=grammar)

    def _truncate(self, count: int) -> int:
        # Some architectures cannot forget a part: then everything has to be read again.
        if not count or not api.llama_memory_seq_rm(self._memory, 0, count, -1):
            count = 0
            api.llama_memory_clear(self._memory, False)
        del self.tokens[count:]
        return count

    def _find_look_alikes(self) -> re.Pattern[str] | None:
        """Matches the place after the `<` of each `<tool_call>` that the vocabulary has as a token.

        Unlike control tokens, llama.cpp knows these in every text.
        """
        names = [
            name
            for token in range(api.llama_vocab_n_tokens(self._vocab))
            if api.llama_vocab_get_attr(self._vocab, token) & api.LLAMA_TOKEN_ATTR_USER_DEFINED
            and re.fullmatch(
                r"<[^\s<>]+>", name := _text(api.llama_vocab_get_text(self._vocab, token))
            )
        ]
        if not names:
            return None
        return re.compile("(?<=<)(?=" + "|".join(re.escape(name[1:]) for name in names) + ")")

    def _offload(self) -> Offload:
        found = re.findall(r"offloaded (\d+)/(\d+) layers to GPU", "".join(t for _, t in _log))
        total = int(found[-1][1]) if found else api.llama_model_n_layer(self._model) + 1
        return Offload(int(found[-1][0]) if found else 0, total)

    def _refused(self) -> ModelUnusable:
        reason = trouble(_log) or "it gave no reason"
        self.close()
        return ModelUnusable(
            f"llama.cpp cannot load {self.path}: {reason}.",
            hint="Get the file again, or choose another model.",
        )


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", errors="replace")
