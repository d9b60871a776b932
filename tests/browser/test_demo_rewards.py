"""From points to a code, from the code to a smaller bill, and back again: in the demo store."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from demo.catalogue import SHOPPER
from tests.browser.conftest import Demo
from tests.browser.test_demo_store import buy_planter, launcher, open_store

pytestmark = pytest.mark.browser

# Two seconds are promised; a loaded test machine gets more.
SOON_S = 5.0


def ask(page: Page, demo: Demo, path: str, **content: Any) -> dict[str, Any]:
    """What the shopper's own address answers, as the widget asks it."""
    token = page.request.get(f"{demo.url}token").json()["token"]
    answer = page.request.fetch(
        f"{demo.stack.url}/storefront/v1/me{path}",
        method="POST" if content else "GET",
        headers={"Authorization": f"Bearer {token}"},
        data=content or None,
    )
    told: dict[str, Any] = answer.json()
    assert answer.ok, told
    return told


def give(demo: Demo, folder: Path, points: int) -> None:
    """Points for the shopper, as many as a test redeems for."""
    file = folder / f"{time.time_ns()}.csv"
    file.write_text(f"external_id,points,reason\n{SHOPPER.id},{points},Test {file.stem}\n")
    demo.stack.manage("points", "adjust", "--shop", demo.shop, str(file), "--apply")


def redeem(page: Page, demo: Demo, name: str) -> dict[str, Any]:
    """The redemption of a reward, with its code, which comes soon."""
    rewards = ask(page, demo, "/rewards")["rewards"]
    reward = next(one["id"] for one in rewards if one["name"] == name)
    began = time.monotonic()
    made = ask(page, demo, "/redemptions", reward=reward, key=f"test-{time.time_ns()}")
    while made["state"] in ("reserved", "issuing"):
        assert time.monotonic() - began < SOON_S
        made = ask(page, demo, f"/redemptions/{made['id']}")
    print(f"{name}: a code after {time.monotonic() - began:.2f} s")  # noqa: T201
    assert made["state"] == "issued"
    return made


def redeem_in_widget(page: Page, demo: Demo) -> dict[str, Any]:
    """Redeem 500 points in the widget and put the code into the cart; what the shopper's address says of it."""
    launcher(page).click()
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name="Redeem 5 € off: 500 points").click()
    began = time.monotonic()
    panel.get_by_role("button", name="Redeem", exact=True).click()
    expect(panel.locator(".big-code")).to_have_text(re.compile(r"\S{8,}"), timeout=SOON_S * 1000)
    print(f"from the tap to the code: {time.monotonic() - began:.2f} s")  # noqa: T201
    code = panel.locator(".big-code").text_content()
    panel.get_by_role("link", name="Apply to cart").click()
    expect(page.locator("#code-shown")).to_have_text(code or "")
    newest: dict[str, Any] = ask(page, demo, "/redemptions")["redemptions"][0]
    assert (newest["code"], newest["points"]) == (code, 500)
    return newest


def test_a_code_lowers_the_bill_and_what_it_earns_and_returning_gives_both_back(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    give(demo, tmp_path, 500)
    before = open_store(page, demo)
    made = redeem_in_widget(page, demo)
    expect(launcher(page)).to_have_text(f"{before - 500:,} points")
    page.get_by_role("button", name="Add Clay planter to the cart").click()
    expect(page.locator("#discount")).to_have_text("−5.00 €")
    expect(page.locator("#total")).to_have_text("49.85 €")
    page.get_by_role("button", name="One less: Clay planter").click()

    number = buy_planter(page)
    order = page.locator("#orders > li").filter(has_text=number)
    expect(order).to_contain_text("49.85 €")
    expect(order).to_contain_text(made["code"])
    launcher(page).click()
    entry = page.locator("regulars-widget .entry").filter(has_text=f"Order {number}").first
    expect(entry).to_contain_text("44.95 € of goods at 1 point per 1 €".replace(" €", "\u00a0€"))
    page.keyboard.press("Escape")
    assert ask(page, demo, f"/redemptions/{made['id']}")["state"] == "used"

    page.get_by_role("button", name=f"Return an item: Clay planter, order {number}").click()
    expect(launcher(page)).to_have_text(f"{before:,} points", timeout=SOON_S * 1000)
    now = ask(page, demo, f"/redemptions/{made['id']}")
    assert (now["state"], now["returned_points"], now["usable"]) == ("used", 500, False)

    page.get_by_label("Discount code").fill(made["code"].lower())
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#code-problem")).to_have_text("This code has been used already.")


def test_codes_that_cannot_be_used_are_told_so(page: Page, demo: Demo, tmp_path: Path) -> None:
    """An unknown one is refused; one without pieces waits for them; taken away, the sums are as before."""
    give(demo, tmp_path, 300)
    open_store(page, demo)
    page.get_by_label("Discount code").fill("no-such-code")
    page.keyboard.press("Enter")
    expect(page.locator("#code-problem")).to_contain_text("no such code")
    expect(page.get_by_label("Discount code")).to_be_focused()
    made = redeem(page, demo, "Free shipping")
    page.get_by_label("Discount code").fill(f" {made['code'].lower()} ")
    page.keyboard.press("Enter")
    expect(page.locator("#code-problem")).to_contain_text("as soon as there is something in your cart")
    page.get_by_role("button", name="Add Round teapot to the cart").click()
    expect(page.locator("#code-problem")).to_contain_text("Shipping is free for this order anyway")
    page.get_by_role("button", name="One less: Round teapot").click()
    page.get_by_role("button", name="Add Fern mug to the cart").click()
    expect(page.locator("#discount")).to_have_text("−4.90 €")
    expect(page.locator("#total")).to_have_text("24.00 €")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.reload()
    expect(page.locator("#total")).to_have_text("24.00 €")
    page.get_by_role("button", name=re.compile("^Take the code")).click()
    expect(page.locator("#total")).to_have_text("28.90 €")
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
