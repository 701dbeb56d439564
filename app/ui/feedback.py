"""What readers thought of answers: `feedback.jsonl` in the knowledge base's folder.

A line holds the answer's id and a verdict, no text: what a chat said goes when the chat is deleted.
The last line about an answer counts.
"""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

_lock = threading.Lock()


class Feedback:
    """The verdicts on the answers of one knowledge base: True for good, False for bad."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "feedback.jsonl"
        self._verdicts: dict[str, bool] = {}
        if self._path.exists():
            for line in self._path.read_text("utf-8").splitlines():
                try:
                    row = json.loads(line)
                    self._verdicts[str(row["answer"])] = bool(row["good"])
                except (ValueError, KeyError, TypeError):
                    continue  # a line that a crash cut short

    def of(self, answer: str) -> bool | None:
        """The verdict on an answer, or None."""
        return self._verdicts.get(answer)

    def add(self, answer: str, *, good: bool) -> None:
        """Keep a verdict."""
        row = {
            "answer": answer,
            "good": good,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with _lock, os.fdopen(os.open(self._path, flags, 0o600), "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
            self._verdicts[answer] = good
