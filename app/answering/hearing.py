"""What every reply tells beside its text: its tokens, when it began, and why it ended."""

import time
from collections.abc import Mapping

from quire.models.protocols import Finish
from quire.records import Usage


class Hearing:
    """Hears a reply on its way. `began` is when the question arrived, as `time.monotonic` tells it;
    `first_token_ms` is then how long the first piece took, and `cut_short` says that the reply did
    not come to its end."""

    def __init__(self, *, began: float) -> None:
        self.usage = Usage()
        self.first_token_ms: float | None = None
        self.cut_short = False
        self._began = began

    def note(self, *, usage: Mapping[str, int] | None, finish: Finish) -> None:
        """Take what is told beside a piece: tokens so far, and why the reply ended."""
        if usage:
            self.usage = Usage(usage["input_tokens"], usage["output_tokens"])
        self.cut_short = self.cut_short or finish != "stop"

    def begin(self) -> None:
        """Take it that a piece has come."""
        if self.first_token_ms is None:
            self.first_token_ms = (time.monotonic() - self._began) * 1000
