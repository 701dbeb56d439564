"""Whatever a request holds that the schema of a route allows, and what it forbids, the server has
an answer: `make fuzz` sends 5,000, shared out among all routes."""

import contextlib
import itertools
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

import serving
from quire.server import logs
from quire.server.application import application
from quire.server.served import Served

REQUESTS = int(os.environ.get("REQUESTS", "5000"))
REPLY = "The lease ends on 31 March 2029 [1]. The rent is 1,250 euros a month [1]."
EACH_TIME = settings(
    max_examples=25,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
BUSY = {503}  # with Retry-After: a thousand files wait, or two others send some


@pytest.fixture
def served(tmp_path: Path, parser_here: None) -> Iterator[Served]:
    with serving.served(tmp_path, REPLY) as found:
        yield found


def name_what_is_there(case: Any) -> None:
    """Put the names of the knowledge base and of its document in the place of made-up ones."""
    if "document" in (case.path_parameters or {}) and case.method != "DELETE":
        case.path_parameters["document"] = "lease.md"
    (case.query or {}).pop("kb", None)
    if isinstance(case.body, dict):
        case.body.pop("kb", None)
        if isinstance(case.body.get("model"), str):
            case.body["model"] = "kb"


def test_no_request_is_an_error_of_the_server(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "write", lambda *_, **__: None)
    app = application(served, key=serving.KEY, hosts=["127.0.0.1"])
    headers = {**serving.BEARER, "Host": "127.0.0.1"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers)
    operations = [each.ok() for each in schema.get_all_operations()]
    assert len(operations) >= 19
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    seen: Counter[tuple[str, str, int]] = Counter()
    wrong: list[str] = []

    def send(case: Any) -> None:
        if sum(seen.values()) % 2:  # half of them get further than to what is not there
            name_what_is_there(case)
        given_headers = {name: str(value) for name, value in (case.headers or {}).items()}
        response = case.call(headers={**given_headers, **headers})
        status = response.status_code
        seen[case.method, case.operation.path, status] += 1
        if status >= 500 and not (status in BUSY and response.headers.get("retry-after")):
            said = json.dumps(case.body, ensure_ascii=True, default=repr)[:500]
            wrong.append(f"{status} {case.method} {case.formatted_path} {case.query} {said}")

    while sum(seen.values()) < REQUESTS:
        for operation, mode in itertools.product(operations, modes):
            run = EACH_TIME(given(operation.as_strategy(generation_mode=mode))(send))
            # Of some routes nothing can be wrong: whatever stands in a path is text.
            with contextlib.suppress(Unsatisfiable):
                run()
    total = sum(seen.values())
    statuses = Counter(status for _, _, status in seen.elements())
    routes = len({(method, path) for method, path, _ in seen})
    print(f"\n{total} requests to {routes} routes: {dict(sorted(statuses.items()))}")
    assert not wrong, "\n".join(wrong[:20])
    assert routes == len(operations)
