"""A chat model in a GGUF file, run by llama.cpp inside this process."""

import atexit
import functools
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from quire.errors import ModelError, UsageError
from quire.models import known_hashes, machine
from quire.models.engine import gguf, grammar, loading, openmp, reading_speed, tool_calls
from quire.models.engine.chat_template import ChatTemplate
from quire.models.engine.kept_contexts import KeptContexts, common_prefix
from quire.models.engine.repetition import RepetitionGuard
from quire.models.engine.reply_text import ReplyText, require_answer
from quire.models.engine.runtime import Interrupt
from quire.models.engine.thread_choice import ThreadChoice
from quire.models.engine.turns import Job, Reply, Turns
from quire.models.forms import Form, require_form
from quire.models.protocols import Ability, Finish, Message, Segment, Tool

_MEMORY_SHARE_OF_KEPT_CONTEXTS = 8  # of what is free after loading: an eighth

_IF_IT_THINKS = "Allow it more tokens with answer_tokens, or choose a model that does not think."


class LlamaEngine:
    """A `ChatModel` of a GGUF file.

    One thread owns the model; up to 8 replies wait for it. A prompt that begins like the one before
    is read only from where they differ.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str = "",
        languages: frozenset[str] = frozenset({"en"}),
        context_tokens: int = 4096,
        threads: int | None = None,
        wait_seconds: float = 300.0,
        verdicts: Path | None = None,
        speeds: Path | None = None,
    ) -> None:
        """Check and load the file, which takes seconds.

        `context_tokens` is cut to what the model was trained for and the free memory holds; 4096
        hold a question with its passages. `threads` is the number of usable cores unless given.
        A reply waits at most `wait_seconds` for its turn. `verdicts` is the file that remembers
        self-tests, in the user's cache folder unless given, and `speeds` the one that remembers how
        fast models read here, if any.

        Raises ModelNotFound and ModelUnusable.
        """
        facts = gguf.read_facts(path)
        self.name = name or facts.name
        self.languages = languages
        self._parameters = facts.parameters
        self.threads = threads or _threads()
        self._path = path
        self._speeds = speeds
        self._template = ChatTemplate(
            facts.chat_template, bos=facts.bos, eos=facts.eos, model=path.name
        )
        loaded = loading.load(
            facts,
            wanted=context_tokens,
            threads=self.threads,
            interrupt=Interrupt(),
            verdicts=verdicts,
        )
        self._runtime = loaded.runtime
        self.context_tokens = loaded.context_tokens
        self.offload = loaded.offload
        """How many layers were wanted on a GPU, how many are there, and why not all."""
        self._kept = KeptContexts(
            budget=machine.describe().memory_available // _MEMORY_SHARE_OF_KEPT_CONTEXTS
        )
        self._thread_choice = ThreadChoice(most=self.threads)
        # The vocabulary is read from any thread, and must not be freed under it.
        self._vocabulary = threading.Lock()
        self._closed = False
        self._turns = Turns(
            self._write,
            interrupt=self._runtime.interrupt,
            name=f"The model {self.name}",
            wait_seconds=wait_seconds,
        )
        # A process that ends while llama.cpp computes may crash on its way out.
        atexit.register(_close_if_alive, weakref.ref(self))

    @property
    def ability(self) -> Ability:
        accelerated = 0 < self.offload.total <= self.offload.got
        speed = self._kept.pace.reading.tokens_per_second
        if speed is None and self._speeds:
            speed = reading_speed.recall(self._speeds, self._path)
        return Ability(self._parameters, accelerated, speed)

    @functools.cached_property
    def fingerprint(self) -> str:
        """The SHA-256 of the file; reading it takes about a second per gigabyte, once."""
        kept = self._speeds.with_name(known_hashes.FILE) if self._speeds else None
        return gguf.sha256(self._path, kept=kept)

    def count_tokens(self, text: str) -> int:
        return len(self._tokenize([Segment(text)]))

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        return len(self._prompt(messages)[0])

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
        form: Form | None = None,
    ) -> Reply:
        """Begin a reply; see `ChatModel.stream`.

        Near the end of the context a reply is cut short, with `finish` "length".
        """
        return self._begin(
            messages,
            max_tokens=max_tokens,
            stop=stop,
            temperature=temperature,
            cancel=cancel,
            form=form,
        )

    @property
    def tools_problem(self) -> str:
        if self._template.knows_tools:
            return ""
        return f"The chat template of the model {self.name} knows no tools."

    def call(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool],
        choice: str = "auto",
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        cancel: threading.Event | None = None,
    ) -> tool_calls.CallingReply:
        """Begin a reply that may call tools; see `CallsTools.call`. A call that is demanded is held
        to its tool's schema by a grammar."""
        if self.tools_problem:
            raise UsageError(
                self.tools_problem, hint="Choose a model that was trained to call tools."
            )
        reply = self._begin(
            messages,
            tools=tools,
            max_tokens=max_tokens,
            stop=stop,
            temperature=temperature,
            cancel=cancel,
            form=tool_calls.demanded(tools, choice),
        )
        return tool_calls.CallingReply(reply, {tool.name for tool in tools})

    def read_ahead(self, messages: Sequence[Message]) -> None:
        """Read what prompts will begin with, in the background, so that the first one is quicker.

        Give the messages of a prompt with its fixed part only, the last message empty.
        """
        prompt, thinking = self._prompt(messages)
        self._ahead = self._turns.submit(
            prompt[: self.context_tokens - 1],
            max_tokens=0,
            stop=(),
            temperature=0.0,
            thinking=thinking,
            cancel=None,
        )

    def close(self) -> None:
        """Stop writing and free the memory. May be called twice."""
        self._turns.close()
        with self._vocabulary:
            if not self._closed:
                self._closed = True
                self._runtime.close()
                speed = self._kept.pace.reading.tokens_per_second
                if speed and self._speeds:
                    reading_speed.keep(self._speeds, self._path, speed)

    def __enter__(self) -> "LlamaEngine":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _begin(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool] = (),
        max_tokens: int,
        stop: Sequence[str],
        temperature: float,
        cancel: threading.Event | None,
        form: Form | None,
    ) -> Reply:
        if max_tokens < 1:
            raise UsageError(f"A reply needs at least one token, and max_tokens is {max_tokens}.")
        rules = grammar.compiled(form) if form else ""
        prompt, thinking = self._prompt(messages, tools)
        room = self.context_tokens - len(prompt)
        if room < 1:
            raise ModelError(
                f"The prompt has {len(prompt):,} tokens, and the model {self.name} is loaded for "
                f"{self.context_tokens:,}, its reply included.",
                hint="Ask with fewer or shorter passages, or load the model with a longer context.",
            )
        return self._turns.submit(
            prompt,
            max_tokens=min(max_tokens, room),
            stop=tuple(stop),
            temperature=temperature,
            thinking=thinking,
            cancel=cancel,
            form=form,
            grammar=rules,
        )

    def _prompt(
        self, messages: Sequence[Message], tools: Sequence[Tool] = ()
    ) -> tuple[list[int], bool]:
        """The tokens of a prompt, and whether the reply to it begins inside a thought."""
        if not messages:
            raise UsageError("A prompt needs at least one message.")
        segments = self._template.segments(messages, tools)
        tokens = self._tokenize(segments)
        if (bos := self._runtime.bos) >= 0 and tokens[:1] != [bos]:
            tokens.insert(0, bos)
        return tokens, self._template.opens_thought(segments)

    def _tokenize(self, segments: Sequence[Segment]) -> list[int]:
        with self._vocabulary:
            if self._closed:
                raise ModelError(f"The model {self.name} was closed.")
            return [
                token
                for segment in segments
                for token in self._runtime.tokenize(segment.text, special=segment.scaffold)
            ]

    def _write(self, job: Job) -> Finish:
        """Write one reply; runs in the thread that owns the model."""
        runtime = self._runtime
        self._recall(job.prompt)
        begin = time.perf_counter()
        reused = runtime.read(job.prompt, cancelled=job.cancelled)
        if reused is None:
            return "cancelled"
        unread = len(job.prompt) - reused
        self._kept.pace.reading.took(time.perf_counter() - begin, tokens=unread)
        job.reused_tokens = reused
        reply = ReplyText(stop=job.stop, opened="yes" if job.thinking else "no")
        guard = RepetitionGuard()
        finish: Finish = "length"
        with closing(runtime.sampler(temperature=job.temperature, grammar=job.grammar)) as sampler:
            while job.completion_tokens < job.max_tokens:
                token = sampler.next_token(free=reply.thinking)
                if runtime.ends_reply(token):
                    finish = "stop"
                    break
                job.completion_tokens += 1
                job.put(reply.feed(runtime.piece(token)))
                if reply.stopped:
                    finish = "stop"
                    break
                if guard.repeats(token):
                    finish = "repetition"
                    break
                if job.completion_tokens == job.max_tokens:
                    break
                if job.cancelled() or not self._append(token):
                    return "cancelled"
            complete = sampler.may_end()
        job.put(reply.finish())
        if job.max_tokens:  # not what is only read ahead
            require_answer(reply, model=self.name, finish=finish, hint=_IF_IT_THINKS)
        require_form(job.form, job.text, finish=finish, complete=complete)
        return finish

    def _recall(self, prompt: Sequence[int]) -> None:
        """Keep what the context would lose, and bring back what it once held of `prompt`."""
        runtime, held, pace = self._runtime, len(self._runtime.tokens), self._kept.pace
        at_hand = common_prefix(runtime.tokens, prompt)
        found = self._kept.take(prompt, better_than=at_hand)
        if pace.worth_saving(held, at_risk=held - (0 if found else at_hand)) and (
            0 < runtime.state_size <= self._kept.budget
        ):
            with pace.saving.timed(held):
                self._kept.put(runtime.save())
        if found:
            with pace.restoring.timed(len(found.tokens)):
                runtime.restore(found)

    def _append(self, token: int) -> bool:
        begin = time.perf_counter()
        self._runtime.use_threads(self._thread_choice.threads)
        done = self._runtime.append([token])
        if self.offload.got:
            self._runtime.wait()
        self._thread_choice.took(time.perf_counter() - begin)
        return done


def _threads() -> int:
    """One thread a core; one fewer where waiting threads would spin and starve the others."""
    cores = machine.usable_cores()
    return cores if openmp.waits_passively() else max(1, cores - 1)


def _close_if_alive(engine: "weakref.ref[LlamaEngine]") -> None:
    if (alive := engine()) is not None:
        alive.close()
