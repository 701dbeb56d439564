"""Office documents as PDF, by LibreOffice where it is installed, within limits.

LibreOffice reads what anybody may have written. So it runs in a process of its own, with a profile
and a copy of the file in a folder that is deleted afterwards, with budgets of time, memory and
disk, without macros, and in a network of its own that leads nowhere; where the system gives it none
(only Linux does), it is not used.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from quire.errors import Unreadable
from quire.ingest.limits import Limits
from quire.ingest.loaders import formats

ENDINGS = {
    formats.DOCX: "docx",
    formats.PPTX: "pptx",
    formats.ODT: "odt",
    formats.ODP: "odp",
    formats.RTF: "rtf",
}
"""What is converted, and as what LibreOffice is to read it. Sheets are not: as pages of paper their
rows are cut, and a grid is what people know."""

_PROGRAMS = ("soffice", "libreoffice")
_LOOK = 0.1  # seconds between two looks whether it has ended
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"
><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"
><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"
><prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"
><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
"""No macro runs, however it is signed, and nothing that a document only points at is fetched."""


def program() -> str | None:
    """The path of LibreOffice; None where it is not installed or cannot be kept off the network."""
    if sys.platform != "linux" or not Path("/proc/self/ns/net").exists():
        return None
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def convert(
    path: Path, media_type: str, to: Path, *, limits: Limits, ended: threading.Event | None = None
) -> None:
    """Write the file at `path` as a PDF at `to`. Raises Unreadable where LibreOffice is missing,
    fails, breaks a limit, or is `ended` by another thread."""
    office = program()
    if office is None or media_type not in ENDINGS:
        raise Unreadable("there is no LibreOffice to draw its pages")
    size = path.stat().st_size
    seconds = limits.wall_budget(size)
    with tempfile.TemporaryDirectory(prefix="quire-office-") as folder:
        home = Path(folder)
        source = home / f"source.{ENDINGS[media_type]}"
        shutil.copyfile(path, source)
        profile = home / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(_SETTINGS, encoding="utf-8")
        command = [
            *(sys.executable, "-P", "-m", "quire.ingest.parsing.confined"),
            *(str(int(limits.cpu_budget(size)) + 1), str(limits.file_bytes)),
            *(office, f"-env:UserInstallation={profile.parent.as_uri()}"),
            *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--convert-to", "pdf"),
            *("--outdir", str(home / "made"), str(source)),
        ]
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=home,
            env=kept | {"HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"},
            start_new_session=True,  # a group of its own, which ends as one
        )
        try:
            _wait(process, seconds, ended or threading.Event())
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        made = home / "made" / "source.pdf"
        if not made.is_file():
            raise Unreadable("LibreOffice could not draw its pages")
        shutil.move(made, to)


def _wait(process: subprocess.Popen[bytes], seconds: float, ended: threading.Event) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise Unreadable(f"limit: took longer than {seconds:.0f} s to draw")
        if ended.wait(_LOOK):
            raise Unreadable("it was ended before its pages were drawn")
