"""A real Chromium for reports: fixtures that fail a test on errors in its console and on requests to a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from lacking import lacks

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOCAL = ("file:", "data:", "blob:", "about:")


@pytest.fixture(scope="module")
def chromium() -> Iterator:
    """Playwright's browser; a machine without one skips, but continuous integration fails.

    Its event loop runs in the tests' thread as long as it is open, so it does not outlive a module.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if executable is None:
        lacks("expected chromium on the path, found none (apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as api:
        browser = api.chromium.launch(executable_path=executable, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium) -> Iterator:
    """A new page of desktop size in the light scheme; ``page.troubles`` are what will fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda message: message.type in ("error", "warning") and troubles.append(message.text))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: request.url.startswith(_LOCAL) or troubles.append(f"request {request.url}"))
    page.on("dialog", lambda dialog: (troubles.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.troubles = troubles
    yield page
    context.close()
    assert troubles == []
