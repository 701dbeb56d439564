"""Documents that come from parsers before it is their turn."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from made_documents import parsed
from quire.errors import Unreadable
from quire.ingest.arrivals import Arrivals
from quire.records import ParsedDocument

A, B, C = Path("a"), Path("b"), Path("c")
ONE, TWO = parsed("one"), parsed("two")


def nobody_stops() -> None:
    """There is nothing to look at."""


def test_small_ones_come_in_at_once_and_large_ones_with_whoever_takes_them() -> None:
    arrivals = Arrivals[ParsedDocument](ahead=100)
    received: list[threading.Thread] = []

    def receive() -> ParsedDocument:
        received.append(threading.current_thread())
        return ONE

    def bring(path: Path, characters: int) -> None:
        arrivals.put(path, arrivals.bring(path, characters, receive))

    with ThreadPoolExecutor(3) as threads:
        threads.submit(bring, A, 60).result(60)
        large = threads.submit(bring, B, 41)
        assert not _done(large)
        threads.submit(bring, C, 40).result(60)
        assert threading.current_thread() not in received
        for path in (A, B, C):
            assert arrivals.take(path, look=nobody_stops) == ONE
        large.result(60)
        assert received[-1] is threading.current_thread()
        threads.submit(bring, A, 100).result(60)  # there is room again


def test_what_goes_wrong_when_it_is_received_is_raised_where_its_parser_is_talked_to() -> None:
    arrivals = Arrivals[str](ahead=0)

    def broken() -> ParsedDocument:
        raise ValueError("nonsense")

    def bring() -> None:
        with pytest.raises(ValueError, match="nonsense"):
            arrivals.bring(A, 1, broken)
        arrivals.put(A, "parser crashed")

    with ThreadPoolExecutor(1) as threads:
        brought = threads.submit(bring)
        assert arrivals.take(A, look=nobody_stops) == "parser crashed"
        brought.result(60)


def test_a_wait_ends_when_whoever_waits_is_told_to_stop() -> None:
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        Arrivals[str](ahead=0).take(A, look=stop)


def test_those_who_wait_are_sent_away_at_the_end() -> None:
    arrivals = Arrivals[str](ahead=0)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(arrivals.bring, A, 1, lambda: TWO)
        assert not _done(waiting)
        arrivals.close()
        with pytest.raises(Unreadable, match="closed"):
            waiting.result(60)
    with pytest.raises(Unreadable, match="closed"):
        arrivals.bring(B, 1, lambda: TWO)


def _done(future: Future[None] | Future[ParsedDocument]) -> bool:
    """Whether it was done although a moment was given to it."""
    threading.Event().wait(0.05)
    return future.done()
