"""A merchant at work in the dashboard, while a shopper buys in the demo store."""

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import ConsoleMessage, Dialog, Locator, Page, expect

from tests.browser.conftest import Demo

pytestmark = pytest.mark.browser

PASSWORD = "correct-horse-battery"
PAGES = (
    "",
    "members/",
    "program/",
    "program/publish/",
    "program/versions/",
    "program/import/",
    "inbox/",
    "held/",
    "connections/",
    "connections/add/",
    "shops/",
    "password/",
)


@pytest.fixture(autouse=True)
def quiet_console(page: Page) -> Iterator[None]:
    """Nothing that a page does is an error to the browser."""
    errors: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            errors.append(f"{page.url}: {said.text}")

    page.on("console", note)
    yield
    assert errors == []


def sign_in(page: Page, demo: Demo) -> None:
    """Come in as the owner of the demo shop, who has signed in once."""
    if not demo.cookies:
        sign_in_by_form(page, demo, demo.email, demo.password)
        demo.cookies.update({cookie["name"]: cookie["value"] for cookie in page.context.cookies()})
    page.context.add_cookies(
        [{"name": name, "value": value, "url": demo.stack.url} for name, value in demo.cookies.items()]
    )
    page.goto(demo.dashboard_url)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def sign_in_by_form(page: Page, demo: Demo, email: str, password: str) -> None:
    page.goto(demo.dashboard_url)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def open_member(page: Page, demo: Demo, name: str = "Mara") -> None:
    page.goto(f"{demo.dashboard_url}members/?q={name}")
    page.locator(".rg-table tbody a").first.click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()


def figure(page: Page, name: str) -> Locator:
    """The card of the figures that has this name."""
    return page.locator(".rg-figure").filter(has=page.get_by_text(name, exact=True)).locator("dd")


def number_of(place: Locator) -> int:
    """The first number in a text, which may have thousands separators and a true minus sign."""
    found = re.search(r"−?[\d,]+", place.text_content() or "")
    assert found
    return int(found[0].replace(",", "").replace("−", "-"))


def widget_points(page: Page, demo: Demo) -> int:
    """What the widget in the demo store shows to the signed-in shopper."""
    page.goto(demo.url)
    launcher = page.locator("regulars-widget .launcher")
    expect(launcher).to_have_text(re.compile(r"\d"))
    return number_of(launcher)


def check_usable(page: Page) -> None:
    """Nothing wider than the screen, and nothing that axe objects to."""
    # A click may just have opened the page: until its first bytes are read it has no root element.
    page.wait_for_load_state()
    width = page.viewport_size["width"] if page.viewport_size else 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def test_the_overview_has_the_figures(page: Page, demo: Demo) -> None:
    sign_in_by_form(page, demo, demo.email, demo.password)
    assert number_of(figure(page, "Members")) >= 5
    assert number_of(figure(page, "Points issued")) > 0
    assert number_of(figure(page, "Orders applied")) > 0
    expect(page.get_by_role("img", name="Points in the last 30 days")).to_be_visible()
    page.get_by_text("Show as a table").click()
    expect(page.locator(".rg-scroll tbody tr")).to_have_count(30)


def test_a_purchase_is_explained(page: Page, demo: Demo) -> None:
    before = widget_points(page, demo)
    page.get_by_role("button", name="Add Clay planter to the cart").click()
    page.get_by_role("button", name="Buy now").click()
    message = page.locator("#message")
    expect(message).to_contain_text("is placed")
    number = re.search(r"#\d+", message.text_content() or "")
    assert number
    expect(page.locator("regulars-widget .launcher")).to_have_text(f"{before + 49:,} points", timeout=3000)

    sign_in(page, demo)
    open_member(page, demo)
    expect(figure(page, "Balance")).to_have_text(f"{before + 49:,}")
    newest = page.locator(".rg-moment").first
    expect(newest).to_contain_text(
        re.compile(r"49 points: .*49\.95.* of goods at 1 point per .*1.*, rounded down")
    )
    expect(newest).to_contain_text(f"Order {number[0]}")
    expect(newest.get_by_role("cell", name="Clay planter")).to_be_hidden()
    newest.get_by_text("Why these points?").click()
    expect(newest.get_by_role("row").last).to_contain_text("49.95")
    expect(newest.locator("td.rg-lead")).to_have_text("Clay planter")
    check_usable(page)


def test_an_adjustment_reaches_the_shopper(page: Page, demo: Demo) -> None:
    before = widget_points(page, demo)
    sign_in(page, demo)
    open_member(page, demo)
    asked: list[str] = []

    def accept(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", accept)
    page.locator("[name=points]").fill("25")
    expect(page.get_by_text("The member can see it in their history.")).to_be_visible()
    page.locator("[name=reason]").fill("Sorry for the broken mug")
    page.get_by_role("button", name="Adjust points").click()
    expect(page.get_by_text(f"Done: +25 points. The balance is now {before + 25:,} points.")).to_be_visible()
    assert asked == ["Adjust the points of this member?"]
    expect(figure(page, "Balance")).to_have_text(f"{before + 25:,}")
    expect(page.locator(".rg-moment").first).to_contain_text("Sorry for the broken mug")

    page.goto(demo.url)
    launcher = page.locator("regulars-widget .launcher")
    expect(launcher).to_have_text(f"{before + 25:,} points")
    launcher.click()
    expect(page.locator("regulars-widget .entry").first).to_contain_text("Sorry for the broken mug")


def test_a_changed_rule_is_reviewed_and_published(page: Page, demo: Demo) -> None:
    email = f"olivia-{page.viewport_size}@corner.example".translate(str.maketrans("", "", "{}': ,"))
    made = json.loads(
        demo.stack.manage(
            "create_shop", "--name", "Corner", "--currency", "EUR", "--timezone", "Europe/Berlin", "--json"
        )
    )
    staff = ("--shop", made["shop"], "--email", email, "--role", "owner", "--password", PASSWORD)
    demo.stack.manage("create_staff", *staff)
    sign_in_by_form(page, demo, email, PASSWORD)
    page.goto(f"{demo.dashboard_url}program/settings/")
    page.get_by_label("Name of the points").fill("Beans")
    expect(page.locator("[data-sentence]")).to_contain_text("would earn 49 Beans")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="Review and publish").click()
    expect(page.get_by_role("heading", name="What changes against version 1")).to_be_visible()
    expect(page.locator(".rg-changes")).to_contain_text("Beans")
    check_usable(page)
    page.get_by_label("Note (optional)").fill("Double beans")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 2 is live.")).to_be_visible()
    expect(page.locator(".rg-list > li").first).to_contain_text("Double beans")
    page.get_by_role("link", name="Roll back to this").click()
    expect(page).to_have_title(re.compile("^Go back to version 1 "))
    check_usable(page)


def test_a_delivery_is_replayed_and_counts_once(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    issued = number_of(figure(page, "Points issued"))
    page.goto(f"{demo.dashboard_url}inbox/?state=done")
    page.locator(".rg-table tbody a").first.click()
    expect(page).to_have_title(re.compile("^Delivery "))
    check_usable(page)
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("1 delivery will be applied again.")).to_be_visible()
    state = page.locator(".rg-card-head").first
    for _ in range(20):
        if "Applied" in (state.text_content() or ""):
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(state).to_contain_text("Applied")
    page.goto(demo.dashboard_url)
    assert number_of(figure(page, "Points issued")) == issued


def test_the_storefront_secret_is_shown_when_asked_for(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.dashboard_url}connections/{demo.connection}/")
    expect(page.locator("#widget-tag")).to_contain_text(f'data-shop="{demo.shop}"')
    check_usable(page)
    page.get_by_role("button", name="Show storefront secret").click()
    expect(page.locator("#storefront-secret")).to_have_text(re.compile(r"\S{20,}"))
    page.reload()
    expect(page.locator("#storefront-secret")).to_have_count(0)


def test_every_page_is_usable(page: Page, demo: Demo) -> None:
    page.goto(demo.dashboard_url)
    check_usable(page)
    sign_in(page, demo)
    for path in PAGES:
        answer = page.goto(demo.dashboard_url + path)
        assert answer
        assert answer.status == 200, path
        check_usable(page)
