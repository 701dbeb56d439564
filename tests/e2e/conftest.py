"""The interface in a real browser. `make e2e` runs these; they need Chromium on the machine."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    options: dict[str, Any] = {"executable_path": path} if path else {}
    browser = playwright.chromium.launch(
        args=["--no-sandbox", "--disable-background-networking"], **options
    )
    yield browser
    browser.close()
