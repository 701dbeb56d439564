"""The server under the load of a team: fifty clients, ten searches a second, and questions beside.

    python benchmarks/load.py                     a minute, on the sample documents
    python benchmarks/load.py --seconds 600       whether memory stays flat
    python benchmarks/load.py --kb ~/contracts --model none

A real `quire serve` is started and asked by this process, on the same cores. What must hold: no
errors, 503 for questions alone, /health within 200 ms (99 of 100), searches within 250 ms (95 of
100) while an answer is written, and memory that does not grow.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from quire import KnowledgeBase

DOCUMENTS = Path(__file__).parent.parent / "examples" / "documents"
SEARCHES = (
    "When does the lease of the East Dome end?",
    "notice period",
    "last bus",
    "灭火器多久检查一次？",
    "新员工培训学时",
    "deposit",
    "board decision on the telescope",
    "设备维护",
)
QUESTIONS = (
    "How much is the deposit?",
    "When does the lease of the East Dome end?",
    "新员工上岗前要培训多少学时？",
    "What did the board decide?",
)
_PROBE = 0.2  # seconds between two looks at /health
_AGAIN = 2.0  # seconds after which somebody who was told to come again does
_MB = 1024


@dataclass
class Heard:
    """What became of the requests of one kind."""

    took: list[float] = field(default_factory=list)
    busy: int = 0
    errors: Counter[str] = field(default_factory=Counter)

    def ms(self, share: float) -> float:
        if len(self.took) < 2:
            return float("nan")
        return (
            statistics.quantiles(self.took, n=1000, method="inclusive")[
                min(998, round(share * 1000) - 1)
            ]
            * 1000
        )


async def timed(heard: Heard, ask: Callable[[], Awaitable[httpx.Response]]) -> int:
    """Note one request; its status, 0 where there is none."""
    began = time.monotonic()
    try:
        response = await ask()
    except httpx.HTTPError as error:
        heard.errors[type(error).__name__] += 1
        return 0
    if response.status_code == 503:
        heard.busy += 1
    elif response.status_code != 200:
        heard.errors[str(response.status_code)] += 1
    else:
        heard.took.append(time.monotonic() - began)
    return response.status_code


def memory(pid: int) -> int:
    """The resident memory of a process in KB; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


async def load(address: str, key: str, pid: int, given: argparse.Namespace) -> bool:
    """Ask for so many seconds and print what was heard; whether what must hold does."""
    searches, questions, health = Heard(), Heard(), Heard()
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=200)
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=300, limits=limits
    ) as client:
        warm = {"question": QUESTIONS[0], "stream": False, "store": False}
        await client.post("/api/ask", json=warm)
        await client.post("/api/search", json={"text": SEARCHES[0]})
        end = time.monotonic() + given.seconds

        async def search(number: int) -> None:
            pause = given.clients / given.rate
            await asyncio.sleep(pause * number / given.clients)
            turn = number
            while time.monotonic() < end:
                began = time.monotonic()
                body = {"text": SEARCHES[turn % len(SEARCHES)]}
                await timed(searches, lambda body=body: client.post("/api/search", json=body))
                turn += 1
                await asyncio.sleep(max(0.0, pause - (time.monotonic() - began)))

        async def ask(number: int) -> None:
            turn = number
            while time.monotonic() < end:
                body = {
                    "question": QUESTIONS[turn % len(QUESTIONS)],
                    "store": False,
                    "stream": bool(turn % 2),
                }
                status = await timed(
                    questions, lambda body=body: client.post("/api/ask", json=body)
                )
                turn += 1
                if status != 200:
                    await asyncio.sleep(_AGAIN)

        async def probe() -> None:
            while time.monotonic() < end:
                await timed(health, lambda: client.get("/health"))
                await asyncio.sleep(_PROBE)

        sizes = [memory(pid)]

        async def weigh() -> None:
            while time.monotonic() < end:
                await asyncio.sleep(min(30.0, max(0.1, end - time.monotonic())))
                sizes.append(memory(pid))

        tasks = [search(n) for n in range(given.clients)] + [ask(n) for n in range(given.askers)]
        await asyncio.gather(*tasks, probe(), weigh())
    return told(searches, questions, health, sizes, seconds=given.seconds)


def told(
    searches: Heard, questions: Heard, health: Heard, sizes: list[int], *, seconds: float
) -> bool:
    print(f"load of the machine (1, 5, 15 minutes)  {os.getloadavg()}")
    errors = {
        name: dict(heard.errors)
        for name, heard in (("search", searches), ("ask", questions), ("health", health))
        if heard.errors
    }
    print(f"errors                {errors or 0}")
    print(f"503                   ask {questions.busy}, search {searches.busy}, "
          f"health {health.busy}")  # fmt: skip
    print(f"/health               {len(health.took)}: p50 {health.ms(0.5):.0f} ms, "
          f"p99 {health.ms(0.99):.0f} ms")  # fmt: skip
    print(f"search                {len(searches.took)} ({len(searches.took) / seconds:.1f}/s): "
          f"p50 {searches.ms(0.5):.0f} ms, p95 {searches.ms(0.95):.0f} ms")  # fmt: skip
    print(f"ask                   {len(questions.took)} answers, p50 "
          f"{questions.ms(0.5) / 1000:.1f} s in line and answered")  # fmt: skip
    print(f"memory                {sizes[0] / _MB:.0f} MB at the start, "
          f"{sizes[-1] / _MB:.0f} MB at the end; each half minute: "
          f"{[size // _MB for size in sizes]}")  # fmt: skip
    holds = (
        not errors
        and not searches.busy
        and not health.busy
        and health.ms(0.99) <= 200
        and searches.ms(0.95) <= 250
    )
    print(f"holds                 {'yes' if holds else 'no'}")
    return holds


def started(kb: Path, model: str, key_file: Path) -> tuple["subprocess.Popen[str]", str]:
    """A server, and its address."""
    command = [sys.executable, "-m", "quire", "serve", "--kb", str(kb), "--model", model]
    process = subprocess.Popen(
        [*command, "--port", "0", "--key-file", str(key_file), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    while not said.endswith("}\n"):
        line = process.stdout.readline()
        if not line:
            sys.exit(f"The server did not start: {said}")
        said += line
    return process, json.loads(said)["url"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=50, help="that search")
    parser.add_argument("--rate", type=float, default=10, help="searches a second in all")
    parser.add_argument("--askers", type=int, default=12, help="that ask, one after the other")
    parser.add_argument("--kb", type=Path, help="a knowledge base; one of the samples is made")
    parser.add_argument("--model", default="starter")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kb = given.kb or Path(folder) / "samples"
        if given.kb is None:
            with KnowledgeBase.open(kb) as base:
                base.add(DOCUMENTS)
        process, address = started(kb, given.model, Path(folder) / "key")
        try:
            key = (Path(folder) / "key").read_text("ascii").strip()
            holds = asyncio.run(load(address, key, process.pid, given))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
