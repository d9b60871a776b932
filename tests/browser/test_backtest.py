"""A merchant previews what a draft would have given, with the worker doing it, before it goes live."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo
from tests.browser.test_dashboard import check_usable, figure, sign_in

pytestmark = pytest.mark.browser


def doubled(demo: Demo, folder: Path) -> None:
    """A draft that gives twice the points."""
    program = json.loads(demo.stack.manage("program", "export", "--shop", demo.shop))
    program["rules"][0]["points"] = str(2 * int(program["rules"][0]["points"]))
    file = folder / "program.json"
    file.write_text(json.dumps(program))
    demo.stack.manage("program", "import", "--shop", demo.shop, str(file))


def back_to_live(demo: Demo, folder: Path) -> None:
    file = folder / "live.json"
    demo.stack.manage("program", "export", "--shop", demo.shop, str(file))
    demo.stack.manage("program", "import", "--shop", demo.shop, str(file))


def test_a_preview_shows_what_the_draft_would_have_given(page: Page, demo: Demo, tmp_path: Path) -> None:
    doubled(demo, tmp_path)
    sign_in(page, demo)
    page.goto(f"{demo.dashboard_url}program/backtest/")
    check_usable(page)
    page.get_by_label("Last 365 days").check()
    page.get_by_role("button", name="Preview impact").click()
    # The page turns into the result by itself.
    expect(page.get_by_role("heading", name="In the last 365 days")).to_contain_text("more", timeout=20_000)
    check_usable(page)
    expect(figure(page, "Points issued")).to_contain_text(re.compile(r"\+[\d,]+"))
    expect(page.get_by_role("img", name="Points by the day of the order")).to_be_visible()
    winner = page.locator(".rg-change").first
    winner.get_by_text("Why?").click()
    expect(winner).to_contain_text("with the draft:")
    winner.get_by_role("link").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    back_to_live(demo, tmp_path)


def test_a_preview_goes_on_without_scripts(page: Page, demo: Demo, tmp_path: Path) -> None:
    doubled(demo, tmp_path)
    sign_in(page, demo)
    page.route("**/backtest.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    page.goto(f"{demo.dashboard_url}program/backtest/")
    page.get_by_label("Last 30 days").check()
    page.get_by_role("button", name="Preview impact").click()
    # A reload before the answer would load the form again.
    page.wait_for_url(re.compile(r"/backtest/\d+/$"))
    headline = page.get_by_role("heading", name="In the last 30 days")
    for _ in range(40):
        if headline.count():
            break
        page.wait_for_timeout(500)
        page.reload()
    expect(headline).to_be_visible()
    back_to_live(demo, tmp_path)
