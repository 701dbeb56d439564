"""Where a remote model is, whether that is another machine, and the key to it.

Nothing here connects to anything: the interface and `quire doctor` say where questions would go
before any of them goes there.
"""

import contextlib
import ipaddress
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from quire.errors import ModelUnusable, QuireError

KEY_VARIABLE = "QUIRE_REMOTE_KEY"
_LONGEST_KEY = 4096


@dataclass(frozen=True, slots=True)
class Server:
    """A server of models. `url` is the address below which its routes stand, without a slash at the
    end. `local` says that it is on this machine and reached without a proxy; what it does with a
    question is its own affair."""

    url: str
    host: str
    local: bool

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("https:")


def server(url: str, *, proxy: str = "") -> Server:
    """The server at an address. An address without a path gets `/v1`, where such servers have their
    routes. Raises ModelUnusable for what is none, or holds a password.

    >>> server("http://127.0.0.1:8080")
    Server(url='http://127.0.0.1:8080/v1', host='127.0.0.1:8080', local=True)
    >>> server("https://dashscope.aliyuncs.com/compatible-mode/v1/").local
    False
    """
    if not url.strip():
        raise ModelUnusable(
            "The model is 'remote', and no server is named.",
            hint="Set remote_url, for instance to http://127.0.0.1:8080/v1.",
        )
    try:
        parts = urlsplit(url.strip())
        name, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _wrong(url, str(error)) from error
    if parts.scheme not in ("http", "https") or not name or not url.isprintable() or " " in url:
        raise _wrong(url, "it has to begin with http:// or https:// and name a server")
    if parts.username or parts.password:
        raise ModelUnusable(
            "The setting 'remote_url' holds a user's name or a password.",
            hint=f"Leave it out, and give a key in {KEY_VARIABLE}.",
        )
    if parts.query or parts.fragment:
        raise _wrong(url, "it must end before any ? or #")
    host = f"[{name}]" if ":" in name else name
    host = host if port is None else f"{host}:{port}"
    path = parts.path.rstrip("/") or "/v1"
    return Server(f"{parts.scheme}://{host}{path}", host, is_loopback(name) and not proxy)


def is_loopback(name: str) -> bool:
    """Whether a host's name or address is this machine's own, told without looking it up.

    >>> [is_loopback(name) for name in ("localhost", "127.1.2.3", "::1", "example.org", "10.0.0.1")]
    [True, True, True, False, False]
    """
    if name.rstrip(".").lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def key(file: Path) -> str:
    """The key for a server: from the environment, else from a file, else empty.

    Raises ModelUnusable for a file that others can read and for what cannot be a key. No message
    holds the key.
    """
    if given := os.environ.get(KEY_VARIABLE, "").strip():
        return _checked(given, KEY_VARIABLE)
    found = read_key(
        file,
        most=_LONGEST_KEY,
        variable=KEY_VARIABLE,
        fails=ModelUnusable,
        unshared=f"Keep it to yourself with: chmod 600 {file}",
    )
    return "" if found is None else _checked(found, str(file))


def is_keyed_for(server: Server, url: str) -> bool:
    """Whether the key that is kept belongs to this server: to the one at `url`, for which it was
    given."""
    try:
        before, now = urlsplit(url.strip()), urlsplit(server.url)
        return (before.scheme, before.hostname, before.port) == (now.scheme, now.hostname, now.port)
    except ValueError:
        return False


def keep_key(file: Path, key: str) -> None:
    """Keep a key in a file for its owner alone; an empty one removes the file. Raises ModelUnusable
    for what cannot be a key, and where the file cannot be written. No message holds the key."""
    write_key(
        file,
        checked_key(key),
        fails=ModelUnusable,
        hint=f"Correct the permissions of its folder, or give the key in {KEY_VARIABLE}.",
    )


def write_key(file: Path, key: str, *, fails: type[QuireError], hint: str) -> None:
    """Put a key into a file for its owner alone, in place of the one there is; an empty one removes
    the file. Raises `fails` with the `hint` where it cannot be written."""
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        if not key:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(f"{key}\n")
            opened.flush()
            os.fsync(opened.fileno())
        beside.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise fails(
            f"The key file {file} cannot be written: {error.strerror}.", hint=hint
        ) from error


def read_key(
    file: Path, *, most: int, variable: str, fails: type[QuireError], unshared: str
) -> str | None:
    """What a file holds that is for its owner alone, up to one character more than `most`; None
    where there is none. Raises `fails` where others can read it, with the hint `unshared`, and
    where it cannot be read: the key may stand in the `variable` instead."""
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if sys.platform != "win32" and mode & 0o077:
                raise fails(
                    f"The key in {file} can be read by other users of this machine.", hint=unshared
                )
            return opened.read(most + 1).decode("utf-8", errors="replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise fails(
            f"The key file {file} cannot be read: {error.strerror}.",
            hint=f"Correct its permissions, or give the key in {variable}.",
        ) from error


def checked_key(key: str) -> str:
    """A key that somebody has typed, without what surrounds it; it may be empty. Raises
    ModelUnusable for what cannot be one."""
    return _checked(key.strip(), "the field")


def _checked(key: str, where: str) -> str:
    if len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise ModelUnusable(
            f"What {where} holds cannot be a key: one is a line of ASCII without spaces.",
            hint="Copy the key again from where the server's keys are made.",
        )
    return key


def _wrong(url: str, why: str) -> ModelUnusable:
    return ModelUnusable(
        f"The setting 'remote_url' cannot be {url[:200]!r}: {why}.",
        hint="Give an address such as http://127.0.0.1:8080/v1.",
    )
