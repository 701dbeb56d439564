import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from endless import endless_pdf
from quire.errors import Skipped, Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import load
from quire.ingest.parsing import framing
from quire.ingest.parsing.pool import ParserPool

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool() as opened:
        yield opened


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("The lease ends in May.\n\nThe rent is 900 euros.")
    return path


def children() -> set[int]:
    """The processes that this one started and that still run."""
    listed = ""
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the thread ended meanwhile
            listed += (thread / "children").read_text()
    return set(map(int, listed.split()))


def test_a_worker_gives_the_same_document_as_the_loader(pool: ParserPool, text_file: Path) -> None:
    assert pool.parse(text_file) == load(text_file)


def test_refusals_come_back_as_the_same_errors_with_their_hints(
    pool: ParserPool, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").touch()
    with pytest.raises(Skipped, match=r"^empty file$"):
        pool.parse(tmp_path / "empty.txt")
    (tmp_path / "bad.docx").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(Unreadable, match="damaged archive") as caught:
        pool.parse(tmp_path / "bad.docx")
    assert not isinstance(caught.value, Skipped)
    assert "save it anew" in caught.value.hint
    with pytest.raises(Unreadable, match="No such file"):
        pool.parse(tmp_path / "gone.txt")


def test_a_name_that_is_not_utf8_reaches_the_worker(pool: ParserPool, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\n.txt"))
    path.write_text("text")
    assert pool.parse(path).text == "text"


def test_one_worker_stays_warm_from_file_to_file(text_file: Path) -> None:
    with ParserPool() as pool:
        before = children()
        pool.parse(text_file)
        first = children() - before
        pool.parse(text_file)
        assert children() - before == first
        assert len(first) == 1


def test_a_file_past_its_wall_time_is_stopped(tmp_path: Path) -> None:
    path = endless_pdf(tmp_path / "endless.pdf")
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with ParserPool(limits=Limits(wall_seconds=1, wall_seconds_per_mb=0)) as pool:
        with pytest.raises(Unreadable, match=r"^limit: took longer than 1 s$"):
            pool.parse(path)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        assert used < 5, "it went on, though no longer than its processor time"
    with ParserPool() as pool:
        assert pool.parse(_text(tmp_path)).text == "next"


def test_a_file_past_its_processor_time_is_stopped(tmp_path: Path) -> None:
    path = endless_pdf(tmp_path / "endless.pdf")
    with ParserPool(limits=Limits(cpu_seconds=0.2, cpu_seconds_per_mb=0)) as pool:
        with pytest.raises(Unreadable, match=r"^limit: took too much processor time$"):
            pool.parse(path)
        assert pool.parse(_text(tmp_path)).text == "next"


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_file_past_its_memory_is_stopped(tmp_path: Path) -> None:
    path = endless_pdf(tmp_path / "endless.pdf")
    with ParserPool(limits=Limits(memory_bytes=150_000_000)) as pool:
        with pytest.raises(Unreadable, match=r"^limit: more than 150 MB of memory$"):
            pool.parse(path)
        assert pool.parse(_text(tmp_path)).text == "next"


def test_a_crash_is_reported_and_the_next_file_proceeds(tmp_path: Path) -> None:
    # A worker's peak begins with that of this process, which other tests have made large.
    with ParserPool(limits=Limits(memory_bytes=30_000_000_000)) as pool:
        before = children()
        pool.parse(_text(tmp_path))
        (worker,) = children() - before
        path = endless_pdf(tmp_path / "endless.pdf")
        idle = _processor_time(worker)

        def crash() -> None:
            _until(lambda: _processor_time(worker) > idle + 0.05)
            os.kill(worker, signal.SIGSEGV)

        with ThreadPoolExecutor(1) as threads:
            crashing = threads.submit(crash)
            with pytest.raises(Unreadable, match=r"^parser crashed$"):
                pool.parse(path)
            crashing.result()
        assert pool.parse(_text(tmp_path)).text == "next"


def test_a_worker_that_was_killed_between_two_files_is_replaced(tmp_path: Path) -> None:
    with ParserPool() as pool:
        before = children()
        pool.parse(_text(tmp_path))
        (worker,) = children() - before
        os.kill(worker, signal.SIGKILL)
        _until(lambda: not _runs(worker))
        assert pool.parse(_text(tmp_path)).text == "next"


def test_threads_share_the_workers_and_each_gets_its_own_answer(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(40)]
    for path in paths:
        path.write_text(f"text {path.stem}")
    before = children()
    with ParserPool(workers=2) as pool, ThreadPoolExecutor(6) as threads:
        texts = [document.text for document in threads.map(pool.parse, paths)]
        assert len(children() - before) <= 2
    assert texts == [f"text {number}" for number in range(40)]


def test_closing_leaves_no_child_even_with_a_file_under_way(tmp_path: Path) -> None:
    before = children()
    pool = ParserPool(workers=2)
    pool.parse(_text(tmp_path))
    (worker,) = children() - before
    idle = _processor_time(worker)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(pool.parse, endless_pdf(tmp_path / "endless.pdf"))
        _until(lambda: _processor_time(worker) > idle + 0.05)
        pool.close()
        with pytest.raises(Unreadable):
            running.result(60)
    assert children() - before == set()
    with pytest.raises(Unreadable, match="closed"):
        pool.parse(tmp_path / "next.txt")


def test_a_worker_ends_when_its_caller_is_killed_in_the_middle_of_a_file(tmp_path: Path) -> None:
    path = endless_pdf(tmp_path / "endless.pdf")
    script = f"""
import threading, time
from pathlib import Path
from quire.ingest.parsing.pool import ParserPool
pool = ParserPool()
threading.Thread(target=pool.parse, args=(Path({str(path)!r}),), daemon=True).start()
while pool._workers[0]._process is None:
    time.sleep(0.01)
print(pool._workers[0]._process.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as caller:
        assert caller.stdout is not None
        worker = int(caller.stdout.readline())
        _until(lambda: _processor_time(worker) > 0.5)  # more than it takes to start
        caller.kill()
    used = [0.0]
    _until(lambda: not _runs(worker) or used.append(_processor_time(worker)))
    assert used[-1] < Limits().cpu_seconds / 2, "it went on to its limit"


def test_what_a_library_prints_does_not_get_into_the_answers(text_file: Path) -> None:
    code = """
import os
import quire.ingest.parsing.worker as worker
from quire.ingest import loaders
def noisy(*a, parse=loaders.parse, **k):
    print("noise", flush=True)
    os.write(1, b"noise")
    return parse(*a, **k)
loaders.parse = noisy
worker.main()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, stderr=pipe) as p:
        assert p.stdin is not None
        assert p.stdout is not None
        assert p.stderr is not None
        limits = Limits().to_dict()
        place = {"path": str(text_file), "within": None, "password": None}
        framing.send(p.stdin, {"action": "parse", **place, "limits": limits})
        framing.send(p.stdin, {"wanted": True})
        answers = []
        while "last" not in (answer := framing.receive(p.stdout) or {"last": "the end"}):
            answers.append(answer)
        p.stdin.close()
        assert p.stdout.read() == b""
        assert p.stderr.read().count(b"noise") == 2
    assert answer == {"last": False}
    kinds = [kind for each in answers for kind in each]
    assert kinds == ["begun", "content_hash", "document", "text", "blocks"]
    assert "lease" in answers[3]["text"]


def test_a_worker_starts_without_any_parser_loaded() -> None:
    code = "import sys, quire.ingest.parsing.worker; print(*sys.modules)"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"pypdfium2", "pypdf", "docx", "pptx", "openpyxl", "lxml", "PIL", "numpy", "torch"}
    assert heavy.isdisjoint(listed)


def test_a_module_in_the_current_folder_is_not_imported_by_the_worker(
    text_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text_file.parent / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(text_file.parent)
    with ParserPool() as pool:
        assert "lease" in pool.parse(text_file).text


def _text(folder: Path) -> Path:
    path = folder / "next.txt"
    path.write_text("next")
    return path


def _runs(process: int) -> bool:
    return _fields(process)[0] != "Z"


def _processor_time(process: int) -> float:
    """Seconds, in hundredths, that a process has worked; 0 where there is none."""
    return sum(map(int, _fields(process)[11:13])) / os.sysconf("SC_CLK_TCK")


def _fields(process: int) -> list[str]:
    """What Linux tells of a process, from its state on."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it is gone
        return ["Z"]


def _until(happened: Callable[[], object]) -> None:
    """Wait for something, which may take its time where others keep the machine busy."""
    deadline = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)
