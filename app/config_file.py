"""Changes one setting in the user's settings file, and leaves all else in it as it is.

The new text is read back before it is written: it must say the same as the old one but for that
setting. Where it does not, as in a file with tables of its own making, the file stays untouched and
the user is told what to write.
"""

import contextlib
import json
import os
import re
import tomllib
from pathlib import Path

from quire.errors import SettingsError

_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_VALUE = r"""(?:"(?:[^"\\\r\n]|\\.)*"|'[^'\r\n]*'|[^\s#"']+)"""


def put_setting(path: Path, name: str, value: str) -> None:
    """Set `name` in the file, which need not exist. Raises SettingsError, with nothing changed."""
    path = Path(os.path.realpath(path))  # a link stays one
    before = _read(path)
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    after = _changed(before, name, line)
    try:
        wanted = {**tomllib.loads(before), name: value}
        fits = tomllib.loads(after) == wanted
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{path} is not a valid TOML file: {error}.", hint="Correct or remove it."
        ) from error
    if not fits:
        raise SettingsError(
            f"The setting {name!r} in {path} is written in a way that Quire does not change.",
            hint=f"Write it yourself: {line}",
        )
    if after != before:
        _write(path, after)


def _changed(text: str, name: str, line: str) -> str:
    table = _TABLE.search(text)
    top, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    key = rf"""(?:{name}|"{name}"|'{name}')"""
    found = re.search(rf"^[ \t]*{key}[ \t]*=[ \t]*{_VALUE}", top, re.MULTILINE)
    if found:
        return top[: found.start()] + line + top[found.end() :] + rest
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not top or top.endswith("\n") else newline
    return top + gap + line + newline + rest


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} cannot be read: {error}.", hint="Correct its permissions, or remove it."
        ) from error


def _write(path: Path, text: str) -> None:
    """Written beside and renamed: there is the old file or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise SettingsError(
            f"{path} cannot be written: {error.strerror}.",
            hint="Correct the permissions of its folder, or name another file with QUIRE_CONFIG.",
        ) from error
