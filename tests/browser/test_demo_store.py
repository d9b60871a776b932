"""A shopper in the demo store: what they buy and return shows in the widget, at once and explained."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import Demo, settle

pytestmark = pytest.mark.browser

# From the moment that the store has its answer; a loaded test machine gets a little more.
SOON_MS = 2000


def launcher(page: Page) -> Locator:
    return page.locator("regulars-widget .launcher")


def open_store(page: Page, demo: Demo, path: str = "") -> int:
    """Go there and wait until the widget is there; the balance that it shows."""
    page.goto(demo.url + path)
    expect(launcher(page)).to_have_text(re.compile(r"points|Rewards"))
    if not path:
        expect(launcher(page)).to_have_text(re.compile(r"\d"))
    return balance(page)


def balance(page: Page) -> int:
    return int(re.sub(r"\D", "", launcher(page).text_content() or "") or 0)


def buy_planter(page: Page) -> str:
    """Buy the planter of 49.95 €; the number of the order."""
    page.get_by_role("button", name="Add Clay planter to the cart").click()
    page.get_by_role("button", name="Buy now").click()
    message = page.locator("#message")
    expect(message).to_contain_text("is placed")
    found = re.search(r"#\d+", message.text_content() or "")
    assert found
    return found[0]


def changed(page: Page, before: int) -> int:
    """The balance once it is another than `before`, which is soon."""
    expect(launcher(page)).not_to_have_text(f"{before:,} points", timeout=SOON_MS)
    # It counts up to the new balance.
    page.wait_for_timeout(1000)
    return balance(page)


def test_buying_brings_points_and_returning_takes_them(page: Page, demo: Demo) -> None:
    before = open_store(page, demo)
    number = buy_planter(page)
    after = changed(page, before)
    assert after >= before + 49
    expect(page.locator("regulars-widget [role=status]")).to_contain_text(f"+{after - before} points")

    launcher(page).click()
    order = page.locator("regulars-widget .entry").filter(has_text=f"Order {number}").first
    expect(order).to_contain_text("49.95 € of goods at 1 point per 1 €".replace(" €", "\u00a0€"))
    expect(order).to_contain_text("Balance")
    page.keyboard.press("Escape")

    page.get_by_role("button", name=f"Return an item: Clay planter, order {number}").click()
    expect(page.locator("#message")).to_contain_text("on its way back")
    # Whatever the order brought besides, a full punch card or a tier's welcome, goes with it.
    expect(launcher(page)).to_have_text(f"{before:,} points", timeout=SOON_MS + 1000)
    expect(page.locator("#orders li").filter(has_text=number).first).to_contain_text("returned")


def test_several_pieces_in_one_order(page: Page, demo: Demo) -> None:
    before = open_store(page, demo)
    page.get_by_role("button", name="Add Fern mug to the cart").click()
    page.get_by_role("button", name="Add Speckled bowl to the cart").click()
    page.get_by_role("button", name="One more: Fern mug").click()
    expect(page.locator("#total")).to_have_text("80.50 €")
    page.get_by_role("button", name="Buy now").click()
    assert changed(page, before) >= before + 80
    launcher(page).click()
    newest = page.locator("regulars-widget .entry").filter(has_text="80.50").first
    expect(newest).to_contain_text("of goods")


def test_the_store_tells_of_its_campaign_and_of_points(page: Page, demo: Demo) -> None:
    open_store(page, demo)
    expect(page.locator("#campaign")).to_have_text("Double points on vases and teapots")
    vase = page.locator(".product").filter(has_text="Stem vase")
    planter = page.locator(".product").filter(has_text="Clay planter")
    expect(vase).to_contain_text("Earns 116 points")
    expect(planter).to_contain_text(re.compile(r"Earns \d+ points"))
    launcher(page).click()
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("Double points on vases and teapots")
    expect(panel).to_contain_text("days left")
    expect(panel.locator(".pill")).to_have_text(re.compile("Bronze|Silver|Gold"))


def test_a_guest_is_invited(page: Page, demo: Demo) -> None:
    open_store(page, demo, "guest/")
    expect(launcher(page)).to_have_text("Rewards")
    launcher(page).click()
    panel = page.get_by_role("dialog", name="Fern & Clay rewards")
    expect(panel).to_contain_text("1 point for every 1 € you spend")
    expect(panel.get_by_role("link", name="Sign in")).to_be_visible()
    panel.get_by_role("link", name="Join now").click()
    expect(launcher(page)).to_have_text(re.compile(r"\d points"))


def test_the_keyboard_is_enough(page: Page, demo: Demo) -> None:
    open_store(page, demo)
    launcher(page).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    for _ in range(8):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "() => [document.body, document.documentElement, document.querySelector('regulars-widget')]"
            ".includes(document.activeElement)"
        )
        assert inside, "the focus stays in the dialog"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(launcher(page)).to_be_focused()


def test_an_expired_token_is_said_kindly(page: Page, demo: Demo) -> None:
    open_store(page, demo, "guest/")
    page.evaluate("Regulars.setToken('a.e30.b')")
    launcher(page).click()
    expect(page.get_by_role("dialog")).to_contain_text("You have been signed out")


def test_without_a_connection_it_keeps_trying(page: Page, demo: Demo) -> None:
    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/storefront/**", refuse)
    page.goto(demo.url)
    launcher(page).click()
    retry = page.get_by_role("dialog").get_by_role("button", name="Try again")
    expect(retry).to_be_visible()
    page.unroute("**/storefront/**", refuse)
    retry.click()
    expect(page.get_by_role("dialog")).to_contain_text("Hi Mara")


@pytest.mark.parametrize("path", ["", "guest/"])
def test_nothing_is_wider_than_the_screen(page: Page, demo: Demo, path: str) -> None:
    open_store(page, demo, path)
    launcher(page).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    settle(page.get_by_role("dialog"))
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("regulars-widget dialog").bounding_box()
    assert box
    assert 0 <= box["x"] <= width - box["width"]
    if width == 390:
        assert box["width"] == width


@pytest.mark.parametrize("path", ["", "guest/"])
@pytest.mark.parametrize("panel", [False, True], ids=["closed", "open"])
def test_nothing_stands_in_anybodys_way(page: Page, demo: Demo, path: str, panel: bool) -> None:
    """axe finds no violation, in the page and in the widget."""
    open_store(page, demo, path)
    if panel:
        launcher(page).click()
        expect(page.get_by_role("dialog")).to_contain_text("How to earn")
        settle(page.get_by_role("dialog"))
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_no_cookie_and_no_stranger(page: Page, demo: Demo) -> None:
    """The widget's answers set no cookies, and the page loads nothing from anywhere else."""
    seen: list[str] = []
    cookies: list[str] = []

    def note(response: object) -> None:
        seen.append(response.url)  # type: ignore[attr-defined]
        if re.search("/(storefront|widget)/", seen[-1]) and "set-cookie" in response.all_headers():  # type: ignore[attr-defined]
            cookies.append(seen[-1])

    page.on("response", note)
    open_store(page, demo)
    assert cookies == []
    assert {url for url in seen if not url.startswith((demo.stack.url, "data:"))} == set()
