"""Uploads on their way in, each a job with an id; the work is the same for the page."""

import secrets
import threading
from collections import OrderedDict
from typing import Any

from quire.background.ingesting import Ingests, Intake
from quire.errors import QuireError
from quire.server import limits
from quire.server.errors import Refused, internal

_KEPT = 1_000  # jobs whose outcome is told


class Jobs:
    """The uploads of one knowledge base. Safe to use from several threads."""

    def __init__(self, ingests: Ingests) -> None:
        self._ingests = ingests
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Intake] = OrderedDict()

    def resume(self) -> None:
        """Go on with what a server that ended before has left."""
        self._ingests.resume()
        self._note(self._ingests.items)

    def require_room(self, files: int) -> None:
        """Raises Refused where so many more may not wait."""
        if self.waiting + files > limits.WAITING_FILES:
            raise Refused(
                503,
                "too_many_files",
                f"{self.waiting:,} files wait to be read, and {limits.WAITING_FILES:,} may.",
                hint="Send yours later.",
            )

    def add(self, name: str, content: bytes, *, password: str | None = None) -> str:
        """Queue an upload, and keep it on the disk until it is read; the id of its job, which has
        failed already where it could not be kept."""
        item = Intake(name, len(content), content=content, password=password)
        self._ingests.add([item])
        return self._note([item])[0]

    def all(self) -> list[dict[str, Any]]:
        """The jobs, the latest first."""
        with self._lock:
            known = list(self._known.items())
        return [_told(id_, item) for id_, item in reversed(known)]

    def job(self, id_: str) -> dict[str, Any]:
        """One job. Raises Refused where there is none, or none any more."""
        with self._lock:
            item = self._known.get(id_)
        if item is None:
            raise Refused(404, "job_not_found", "There is no such job, or none any more.")
        return _told(id_, item)

    @property
    def waiting(self) -> int:
        """How many files are not read yet."""
        return sum(not item.settled for item in self._ingests.items)

    def close(self) -> None:
        self._ingests.close()

    def _note(self, items: list[Intake]) -> list[str]:
        ids = [secrets.token_hex(8) for _ in items]
        with self._lock:
            self._known.update(zip(ids, items, strict=True))
            settled = [id_ for id_, item in self._known.items() if item.settled]
            for id_ in settled[: max(0, len(self._known) - _KEPT)]:
                del self._known[id_]
        return ids


def _told(id_: str, item: Intake) -> dict[str, Any]:
    problem = item.problem
    error = problem if isinstance(problem, QuireError) or problem is None else internal()
    return {
        "id": id_,
        "name": item.name,
        "bytes": item.size,
        "stage": item.stage,
        "part": round(item.part, 3),
        "report": item.report.to_dict() if item.report else None,
        "error": error.to_dict() if error else None,
    }
