"""Debian's Chromium with pages from files: what people see, as it is drawn."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PHONE, SCREEN = 390, 1280
"""Columns of pixels."""
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 60_000.0
"""Milliseconds."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, once it is started."""
    path = shutil.which("chromium")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(_ARGUMENTS), timeout=_PATIENCE)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def showing(browser: Browser, html: str, width: int, *, media: str = "screen") -> Iterator[Page]:
    """A page as wide as that. What is tried on it may run scripts; it itself may not, and reaches nobody."""
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True, offline=True)
    context.set_default_timeout(_PATIENCE)
    try:
        page = context.new_page()
        page.emulate_media(media="print" if media == "print" else "screen")
        page.set_content(html)
        yield page
    finally:
        context.close()
