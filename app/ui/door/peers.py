"""Who is at the other end of a connection: whether a program of another user of this machine.

While a browser is starting, the list of processes shows everybody the link that it was given.
"""

import os
from collections.abc import Iterator
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LOCAL, _REMOTE, _OWNER = 1, 2, 7  # columns


def is_of_another_user(client_port: int, port: int) -> bool:
    """Whether what is connected from one port of this machine to another belongs to another user,
    the administrator left out. False where the system does not tell, or it is another machine."""
    return any(owner not in {0, os.getuid()} for owner in _owners(client_port, port))


def _owners(client_port: int, port: int) -> Iterator[int]:
    ends = f":{client_port:04X}", f":{port:04X}"
    for table in _TABLES:
        try:
            rows = table.read_text().splitlines()[1:]
        except OSError:
            continue  # another system
        for row in rows:
            fields = row.split()
            if fields[_LOCAL].endswith(ends[0]) and fields[_REMOTE].endswith(ends[1]):
                yield int(fields[_OWNER])
