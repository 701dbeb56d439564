"""The machine's browser."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Playwright


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Chromium as the machine has it, else as Playwright brings it."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    options: dict[str, Any] = {"executable_path": path} if path else {}
    browser = playwright.chromium.launch(
        args=["--no-sandbox", "--disable-background-networking"], **options
    )
    try:
        yield browser
    finally:
        browser.close()
