"""Whether the Quire in this container answers, on whichever port it really listens.

The ports are those of sockets that processes of this user hold open; each is asked for the health
of the server and of the page. Ends with 0 where one says "ok". Nothing but the standard library.
"""

import contextlib
import http.client
import sys
from collections.abc import Iterator
from pathlib import Path

PATHS = ("/health", "/_stcore/health")
LISTENING = "0A"
SECONDS = 3.0


def held(proc: Path) -> set[str]:
    """The inodes of sockets that are held by processes whose files can be seen."""
    found = set()
    for link in proc.glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            name = str(link.readlink())
            if name.startswith("socket:["):
                found.add(name[8:-1])
    return found


def ports(proc: Path = Path("/proc")) -> Iterator[int]:
    """The ports that these processes listen on."""
    mine = held(proc)
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for row in (proc / "net" / table).read_text().splitlines()[1:]:
                cells = row.split()
                if cells[3] == LISTENING and cells[9] in mine:
                    yield int(cells[1].rpartition(":")[2], 16)


def says_ok(port: int) -> bool:
    """Whether the server or the page at this port is well."""
    for path in PATHS:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            contextlib.closing(connection),
        ):
            connection.request("GET", path)
            answer = connection.getresponse()
            if answer.status == 200 and b"ok" in answer.read(100):
                return True
    return False


if __name__ == "__main__":
    sys.exit(not any(says_ok(port) for port in sorted(set(ports()))))
