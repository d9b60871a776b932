"""A browser, and a running installation with a small demo shop."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.live import Stack

WIDE = {"width": 1280, "height": 860}
NARROW = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Demo:
    """The demo shop of a running installation: its addresses, and its owner's credentials."""

    stack: Stack
    url: str
    dashboard_url: str
    email: str
    password: str
    shop: str
    connection: str
    cookies: dict[str, str]  # of the owner, once signed in


@pytest.fixture(scope="session")
def demo(live: Stack) -> Demo:
    """The demo shop with a few members."""
    facts = json.loads(live.manage("seed_demo", "--json", "--url", live.url, "--members", "5"))
    return Demo(
        live,
        facts["demo_url"],
        facts["dashboard_url"],
        facts["email"],
        facts["password"],
        facts["shop"],
        facts["connection"],
        {},
    )


@pytest.fixture(scope="package")
def browser(chromium: Path) -> Iterator[Browser]:
    """Ended with the last test here: while it runs, Django takes its thread for an asynchronous one."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A fresh page, once wide and once as on a phone; an error of a script on it fails the test."""
    context = browser.new_context(viewport=request.param, locale="en-GB")
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if "Content Security" in said.text else None)
    yield opened
    context.close()
    assert errors == []


def settle(panel: Locator) -> None:
    """Wait until it has risen: on its way it is elsewhere, and of other colours."""
    panel.evaluate("one => Promise.allSettled(one.getAnimations({subtree: true}).map(each => each.finished))")
