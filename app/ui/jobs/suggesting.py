"""Questions to suggest, looked for in threads of their own: to begin with, and after an answer.

They belong to the knowledge base: what was found is there for whoever opens the page next, until
the documents change.
"""

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any

from quire.background.jobs import Job
from quire.knowledge_base import KnowledgeBase

_KEPT = 50  # searches, the last ones

_Key = tuple[Any, ...]


class Suggested(Job):
    """One search. `questions` are those found, and final once `done`; none where it failed, since
    nobody has asked for it."""

    def __init__(self, base: KnowledgeBase, **options: Any) -> None:
        super().__init__()
        self.questions: list[str] = []
        self._base = base
        self._options = options
        self._begin("quire-suggest")

    def _work(self) -> None:
        self.questions = self._base.suggest(cancel=self._cancel, **self._options)


class Suggestions:
    """The searches of one knowledge base, each made once."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, Suggested] = OrderedDict()

    def to_begin(
        self, documents: Collection[str], *, first: Sequence[str], language: str
    ) -> Suggested:
        """Questions about the documents of these ids: those of `first` that are answered, and
        others, in a `language` where there are some."""
        key = (frozenset(documents), tuple(first), language)
        return self._found(key, first=first, language=language)

    def after(self, answer_id: str, documents: Collection[str]) -> Suggested:
        """Questions that lead on from an answer over the documents of these ids."""
        return self._found((answer_id, frozenset(documents)), after=answer_id)

    def stop(self) -> None:
        """End soon, and forget, what is not done: a question that was asked needs the processor.
        Whoever wants it again begins it anew."""
        with self._lock:
            for key, suggested in list(self._known.items()):
                if not suggested.done:
                    suggested.stop()
                    del self._known[key]

    def _found(self, key: _Key, **options: Any) -> Suggested:
        with self._lock:
            if key not in self._known:
                self._known[key] = Suggested(self._base, **options)
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)[1].stop()
            self._known.move_to_end(key)
            return self._known[key]
