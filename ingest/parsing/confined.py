"""Runs a program without network and within limits: `python -m quire.ingest.parsing.confined`.

    SECONDS BYTES PROGRAM ARGUMENT…

SECONDS of processor time, files of at most BYTES. The program is in a network of its own, which has
no way out, not even to this machine; where the system gives none, it is not run and the exit code
is 1. It has the memory that `_MEMORY` says.
"""

import ctypes
import os
import sys
from pathlib import Path

if sys.platform != "win32":
    import resource

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # of <linux/sched.h>
_MEMORY = 4_000_000_000  # bytes of address space, most of which an office never touches


def main() -> None:
    seconds, size, *command = sys.argv[1:]
    leave_network()
    for kind, most in (
        (resource.RLIMIT_CPU, int(seconds)),
        (resource.RLIMIT_FSIZE, int(size)),
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
    os.execv(command[0], command)  # noqa: S606 — which is what this is for


def leave_network() -> None:
    """Put this process into a network of its own, which leads nowhere. Raises OSError where the
    system allows none."""
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_USER | _NEW_NETWORK) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    # the same user as before, who may read the same files
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")


if __name__ == "__main__":
    main()
