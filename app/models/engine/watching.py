"""A model of anybody's while it is asked: its errors are told as Quire tells them, and a reply that
loops is ended.

Any object with the methods of `ChatModel` can be a chat model, and may raise anything. An error
that is not Quire's own becomes a ModelError, which leaves quotes and a note. Its message may hold
the prompt, and so text of documents: neither the note nor the log repeats it.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from quire.errors import ModelError, QuireError
from quire.models.engine.repetition import RepeatedWords
from quire.models.protocols import CallsTools, ChatModel, Finish, Generation, ToolCall
from quire.records import Usage

_log = logging.getLogger(__name__)


@contextmanager
def foreign_errors_told(model: ChatModel | CallsTools) -> Iterator[None]:
    """Raise ModelError for any error but Quire's own while a model is asked."""
    try:
        yield
    except (QuireError, StopIteration):
        raise
    except Exception as error:
        kind = type(error).__name__
        where = "".join(traceback.format_tb(error.__traceback__))
        _log.error("The model %s raised %s:\n%s", model.name, kind, where)
        raise ModelError(f"The model {model.name} failed ({kind}); the log says where.") from error


class WatchedReply(Iterator[str]):
    """A `Generation` of a model, watched. With `until_loop` it ends once it says the same words
    over and over, which a model in this process sees to by itself, and another may not."""

    def __init__(self, generation: Generation, *, model: ChatModel, until_loop: bool) -> None:
        self._generation = generation
        self._model = model
        self._words = RepeatedWords() if until_loop else None
        self._loops = False

    @property
    def position(self) -> int:
        return self._generation.position

    @property
    def finish(self) -> Finish | None:
        return "repetition" if self._loops else self._generation.finish

    @property
    def usage(self) -> Usage:
        return self._generation.usage

    def __next__(self) -> str:
        if self._loops:
            raise StopIteration
        with foreign_errors_told(self._model):
            text = next(self._generation)
        if self._words is not None and self._words.hears(text):
            self._loops = True
            self._generation.cancel()
        return text

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of tools that it ends in, where it may."""
        return getattr(self._generation, "calls", ())

    def cancel(self) -> None:
        self._generation.cancel()
