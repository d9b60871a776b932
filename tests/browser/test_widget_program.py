"""A shopper sees the whole of a program in the widget: campaign, tier, punch card, ways to earn, points that expire."""

import json
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.bodies import encode, line, sign_standard, standard_event, standard_order
from tests.browser.conftest import settle
from tests.live import Stack

pytestmark = pytest.mark.browser
NETWORK = "https://www.instagram.com/teahouse"
LIVELY: dict[str, Any] = {
    "rules": [
        {"kind": "per_currency", "key": "purchases", "name": "Purchases", "points": "1", "per": "1"},
        {"kind": "nth_order", "key": "third", "name": "Third order", "points": "30", "every": 3},
        {"kind": "visit", "key": "visit", "name": "Visit", "points": "5"},
        {"kind": "birthday", "key": "birthday", "name": "Birthday", "points": "50"},
        {
            "kind": "social_follow",
            "key": "follow",
            "name": "Instagram",
            "points": "10",
            "network": "instagram",
            "url": NETWORK,
        },
    ],
    "campaigns": [
        {"key": "tea", "name": "Tea", "multiplier": "2", "conditions": {"products": {"tags": ["tea"]}}}
    ],
    "tiers": {
        "levels": [
            {"key": "leaf", "name": "Leaf", "threshold": "0"},
            {"key": "tree", "name": "Tree", "threshold": "100", "multiplier": "2", "perks": ["Free samples"]},
        ]
    },
    "expiry": {"mode": "per_lot", "months": 12},
}


@dataclass(frozen=True)
class Teahouse:
    """A shop of the running installation, with a store that sends it orders."""

    stack: Stack
    shop: str
    connection: dict[str, Any]

    def order(self, number: str, customer: str, price: str) -> None:
        """A paid order of now."""
        at = datetime.now(UTC).isoformat()
        body = standard_order(
            number,
            (line(price),),
            customer={"id": customer, "email": f"{customer}@example.com", "first_name": "Mara"},
            placed_at=at,
            updated_at=at,
            paid_at=at,
        )
        raw = encode(standard_event("order.updated", body))
        headers = sign_standard(self.connection["webhook_secret"], raw)
        address = f"{self.stack.url}/webhooks/{self.connection['connection']}/"
        assert httpx.post(address, content=raw, headers=headers).status_code in (200, 202)

    def read(self, customer: str) -> Any:
        """The shopper's points, as the widget reads them."""
        headers = {"Authorization": f"Bearer {self.token(customer)}"}
        return httpx.get(f"{self.stack.url}/storefront/v1/me", headers=headers).json()

    def token(self, customer: str) -> str:
        claims = {"iss": self.shop, "sub": customer, "exp": int(time.time()) + 900}
        return jwt.encode(claims, self.connection["storefront_secret"], algorithm="HS256")

    def visit(self, page: Page, customer: str) -> Locator:
        """Open a page of the shop as this customer; the launcher of its widget."""
        data = f'data-shop="{self.shop}" data-token="{self.token(customer)}"'
        script = f'<script src="/widget/v1/regulars.js" {data}></script>'
        html = f'<!doctype html><html lang="en"><title>Tea</title><main><h1>Tea</h1></main>{script}</html>'
        page.route("**/teahouse", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto(f"{self.stack.url}/teahouse")
        launcher = page.locator("regulars-widget .launcher")
        expect(launcher).to_have_text(re.compile(r"\d"))
        return launcher


def open_teahouse(stack: Stack, folder: Path, name: str, terms: dict[str, Any]) -> Teahouse:
    """A shop whose live program has these terms."""
    about = ("--name", name, "--currency", "EUR", "--timezone", "Europe/Berlin")
    shop = json.loads(stack.manage("create_shop", *about, "--json"))["shop"]
    domain = f"{name.lower()}-{time.time_ns()}.example"
    linked = stack.manage(
        "connect_store", "--shop", shop, "--platform", "standard", "--domain", domain, "--json"
    )
    file = folder / "program.json"
    file.write_text(json.dumps({"format": "regulars.program/1", "currency": "EUR", **terms}))
    stack.manage("program", "import", "--shop", shop, str(file))
    stack.manage("program", "publish", "--shop", shop, "--note", "Test")
    return Teahouse(stack, shop, json.loads(linked))


@pytest.fixture(scope="module")
def lively(live: Stack, tmp_path_factory: pytest.TempPathFactory) -> Teahouse:
    return open_teahouse(live, tmp_path_factory.mktemp("lively"), "Lively", LIVELY)


@pytest.fixture(scope="module")
def plain(live: Stack, tmp_path_factory: pytest.TempPathFactory) -> Teahouse:
    """The simplest of programs, but points are on hold for two weeks."""
    terms = {"rules": LIVELY["rules"][:1], "hold_days": 14}
    return open_teahouse(live, tmp_path_factory.mktemp("plain"), "Plain", terms)


def bought(teahouse: Teahouse, request: pytest.FixtureRequest, *prices: str) -> str:
    """A customer of this test alone who bought at these prices; their id, once all of it is counted."""
    customer = re.sub(r"\W", "-", request.node.name)
    for number, price in enumerate(prices):
        teahouse.order(f"{customer}-{number}", customer, price)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        me = teahouse.read(customer)
        if me["lifetime_earned"] + me["pending"] >= sum(int(float(price)) for price in prices):
            return customer
        time.sleep(0.2)
    raise AssertionError(f"the orders of {customer} were not counted: {me}")


def panel(page: Page, launcher: Locator) -> Locator:
    launcher.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="How to earn")).to_be_visible()
    return dialog


def test_all_that_the_program_holds_is_told(
    page: Page, lively: Teahouse, request: pytest.FixtureRequest
) -> None:
    dialog = panel(page, lively.visit(page, bought(lively, request, "40.00", "20.00")))
    expect(dialog.locator(".pill")).to_have_text("Leaf")
    expect(dialog.locator(".campaign")).to_contain_text("Double points on products tagged tea")
    expect(dialog.get_by_role("heading", name="Your way to Tree")).to_be_visible()
    expect(dialog).to_contain_text("Spend 40.00 € more to reach Tree.")
    bar = dialog.get_by_role("progressbar", name="60.00 € of 100 € to Tree")
    assert bar.evaluate("bar => bar.value") == 60
    expect(dialog.locator(".stamps .on")).to_have_count(2)
    expect(dialog).to_contain_text("1 more order to go")
    expect(dialog).to_contain_text("Tell the shop your birthday")
    year_on = datetime.now(UTC) + timedelta(days=365)
    expect(dialog).to_contain_text(re.compile(rf"points expire on \d+ \w+ {year_on.year}"))
    dialog.get_by_text("See all tiers").click()
    expect(dialog.locator(".levels")).to_contain_text("Free samples")
    expect(dialog.locator(".levels [aria-current]")).to_contain_text("Your tier")


def test_a_tier_is_reached_while_the_panel_is_open(
    page: Page, lively: Teahouse, request: pytest.FixtureRequest
) -> None:
    customer = bought(lively, request, "90.00")
    dialog = panel(page, lively.visit(page, customer))
    expect(dialog.locator(".pill")).to_have_text("Leaf")
    lively.order(f"{customer}-up", customer, "10.00")
    page.evaluate("Regulars.refresh()")
    expect(dialog.locator(".pill")).to_have_text("Tree", timeout=15_000)
    expect(dialog).to_contain_text("Double points on what you buy")
    expect(dialog).to_contain_text(re.compile("keep Tree|Tree goes on"))


def test_a_follow_opens_the_network_and_is_counted_once(
    page: Page, lively: Teahouse, request: pytest.FixtureRequest
) -> None:
    page.context.route("https://www.instagram.com/**", lambda route: route.fulfill(body="Instagram"))
    dialog = panel(page, lively.visit(page, bought(lively, request, "40.00")))
    row = dialog.locator(".earn li").filter(has_text="following us on Instagram")
    with page.context.expect_page() as opened:
        row.get_by_role("link", name="Follow us on Instagram").click()
    assert opened.value.url == NETWORK
    opened.value.close()
    page.bring_to_front()
    expect(row).to_contain_text("Done")
    expect(row.get_by_role("link")).to_have_count(0)
    # 40 of the order, 5 of today's visit, 10 of the follow
    expect(page.locator("regulars-widget .launcher")).to_have_text("55 points")


def test_a_visit_counts_silently_and_once_a_day(
    page: Page, lively: Teahouse, request: pytest.FixtureRequest
) -> None:
    customer = bought(lively, request, "40.00")
    for _ in range(2):
        expect(lively.visit(page, customer)).to_have_text("45 points", timeout=8000)
    dialog = panel(page, page.locator("regulars-widget .launcher"))
    expect(dialog.locator(".earn li").filter(has_text="a visit, once a day")).to_contain_text("Again from")


def test_a_plain_program_looks_plain(page: Page, plain: Teahouse, request: pytest.FixtureRequest) -> None:
    dialog = panel(page, plain.visit(page, bought(plain, request, "120.00")))
    expect(dialog).to_contain_text(re.compile(r"120 points on their way, usable from \d+ \w+"))
    expect(dialog.locator(".earn li")).to_have_count(1)
    expect(dialog.locator(".card, .campaign, .pill")).to_have_count(0)


def test_everybody_can_use_it(page: Page, lively: Teahouse, request: pytest.FixtureRequest) -> None:
    """axe finds nothing, the keyboard unfolds the tiers, and nothing is wider than the screen."""
    dialog = panel(page, lively.visit(page, bought(lively, request, "40.00")))
    summary = dialog.locator("summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(dialog.locator(".levels")).to_be_visible()
    settle(dialog)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wider = "body => [...body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth).length"
    assert dialog.locator(".body").evaluate(wider) == 0
