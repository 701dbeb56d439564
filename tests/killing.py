"""The process that forks the children to be killed, as a test talks to it."""

import json
import subprocess
import sys
from pathlib import Path

import kill_driver


class Driver:
    """See kill_driver. Close it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, kill_driver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(
        self,
        kb: Path,
        scenario: str,
        *,
        kill_at: int | None = None,
        kill_after: float | None = None,
        real_parsers: bool = False,
    ) -> tuple[bool, int]:
        """(whether the child was killed, how many changes of the disk it made if not)."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        job = {
            "kb": str(kb),
            "scenario": scenario,
            "kill_at": kill_at,
            "kill_after": kill_after,
            "real_parsers": real_parsers,
        }
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert answer["status"] in (0, 9), "the child failed by itself"
        return answer["status"] == 9, answer["changes"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
