"""What the server counts, as Prometheus reads it. No label holds more than a route or a status."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping

from quire import __version__
from quire.records import Answer

_BOUNDS = (0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0)  # seconds


class Metrics:
    """Counts since the start. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._within: Counter[tuple[str, float]] = Counter()
        self._seconds: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()
        self._open = 0

    def arrived(self) -> None:
        with self._lock:
            self._open += 1

    def left(self, route: str, status: int, seconds: float) -> None:
        """Count a request that is done; status 0 is one whose client has left."""
        with self._lock:
            self._open -= 1
            self._requests[route, status] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]
            for bound in _BOUNDS:
                self._within[route, bound] += seconds <= bound

    def answered(self, answer: Answer) -> None:
        with self._lock:
            self._answers[answer.status] += 1
            self._tokens["prompt"] += answer.usage.prompt_tokens
            self._tokens["completion"] += answer.usage.completion_tokens

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything, with the `gauges` that are measured now."""
        with self._lock:
            return "\n".join(self._lines(gauges)) + "\n"

    def _lines(self, gauges: Mapping[str, float]) -> Iterator[str]:
        yield "# TYPE quire_info gauge"
        yield f'quire_info{{version="{__version__}"}} 1'
        yield "# TYPE quire_requests_total counter"
        for (route, status), count in sorted(self._requests.items()):
            yield f'quire_requests_total{{route="{route}",status="{status}"}} {count}'
        yield "# TYPE quire_request_seconds histogram"
        for route, seconds in sorted(self._seconds.items()):
            count = sum(n for (each, _), n in self._requests.items() if each == route)
            for bound in _BOUNDS:
                within = self._within[route, bound]
                yield f'quire_request_seconds_bucket{{route="{route}",le="{bound}"}} {within}'
            yield f'quire_request_seconds_bucket{{route="{route}",le="+Inf"}} {count}'
            yield f'quire_request_seconds_sum{{route="{route}"}} {seconds:.6f}'
            yield f'quire_request_seconds_count{{route="{route}"}} {count}'
        yield "# TYPE quire_answers_total counter"
        for status_, count in sorted(self._answers.items()):
            yield f'quire_answers_total{{status="{status_}"}} {count}'
        yield "# TYPE quire_tokens_total counter"
        for kind, count in sorted(self._tokens.items()):
            yield f'quire_tokens_total{{kind="{kind}"}} {count}'
        for name, value in {"requests_open": self._open, **gauges}.items():
            yield f"# TYPE quire_{name} gauge"
            yield f"quire_{name} {value:g}"
