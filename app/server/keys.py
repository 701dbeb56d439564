"""The key of the server: 256 bits, from the environment or a file that only its owner can read."""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from quire.config import config_path
from quire.errors import SettingsError
from quire.models.remote import access

KEY_VARIABLE = "QUIRE_API_KEY"
_SHORTEST = 43  # characters: 256 bits as `made_key` writes them
_LONGEST = 512
_KEY = re.compile(r"[\x21-\x7e]+")


def default_file() -> Path:
    """Where the key lies unless another file is named."""
    return config_path().parent / "server.key"


def made_key() -> str:
    """A new key: 256 bits, written in 43 characters."""
    return secrets.token_urlsafe(32)


def found_or_made(file: Path) -> tuple[str, str]:
    """The key, and where it is from: the variable, else the file, which is made where there is
    none. Raises SettingsError for a file that others can read, and for what is too short to be
    safe. No message holds the key.
    """
    if given := os.environ.get(KEY_VARIABLE, "").strip():
        return _checked(given, KEY_VARIABLE), KEY_VARIABLE
    found = access.read_key(
        file,
        most=_LONGEST,
        variable=KEY_VARIABLE,
        fails=SettingsError,
        unshared="Make a new one with: quire serve --new-key",
    )
    return (write_new(file) if found is None else _checked(found, str(file))), str(file)


def write_new(file: Path) -> str:
    """Put a new key into the file, in place of the one there is; the old one opens nothing as soon
    as the server is started again."""
    key = made_key()
    access.write_key(
        file,
        key,
        fails=SettingsError,
        hint=f"Name another one with --key-file, or give the key in {KEY_VARIABLE}.",
    )
    return key


class Lock:
    """What the key opens. It is kept as a hash alone, and compared in constant time."""

    def __init__(self, key: str) -> None:
        self._hash = _hashed(key)

    def opens_with(self, authorization: str) -> bool:
        """Whether the header `Authorization: Bearer KEY` holds the key."""
        scheme, _, given = authorization.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(_hashed(given), self._hash)


def _hashed(key: str) -> bytes:
    return hashlib.sha256(key.strip().encode("utf-8", "surrogateescape")).digest()


def _checked(key: str, where: str) -> str:
    if not (_SHORTEST <= len(key) <= _LONGEST and _KEY.fullmatch(key)):
        raise SettingsError(
            f"What {where} holds is no safe key: one is a line of {_SHORTEST} to {_LONGEST} ASCII "
            "characters without spaces.",
            hint="Make one with: quire serve --new-key",
        )
    return key
