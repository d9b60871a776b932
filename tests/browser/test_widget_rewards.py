"""A shopper looks at the rewards in the widget, redeems one, and copies the code: once, whatever happens."""

import json
import re
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import WIDE, settle
from tests.browser.test_widget_program import Teahouse, bought, open_teahouse
from tests.live import Stack

pytestmark = pytest.mark.browser
wide_only = pytest.mark.parametrize("page", [WIDE], indirect=True, ids=["wide"])

RULES = {"rules": [{"kind": "per_currency", "key": "p", "name": "Purchases", "points": "1", "per": "1"}]}
REWARDS: list[tuple[str, dict[str, Any]]] = [
    ("Handmade teapot", {"kind": "custom", "price": 2000, "value": "80"}),
    ("5 € off", {"kind": "fixed", "price": 500, "value": "5", "minimum_spend": "25", "validity_days": 30}),
    (
        "As much as you like",
        {"kind": "variable", "price": 50, "value": "0.5", "min_points": 100, "max_points": 800},
    ),
    ("Free cup", {"kind": "custom", "price": 300, "value": "12", "instructions": "Show this at the till."}),
]
MAKE = """
import json
from rewards.actions.catalogue import create_reward
from shops.models import Shop
for name, terms in json.loads({rewards!r}):
    create_reward(Shop.objects.get(public_id="{shop}"), name, terms)
"""
SELL_OUT = """
from django_scopes import scopes_disabled
from rewards.models import Reward
with scopes_disabled():
    Reward.objects.filter(shop__public_id="{shop}", name="Free cup").update(stock=1, taken=1)
"""


@pytest.fixture(scope="module")
def teahouse(live: Stack, tmp_path_factory: pytest.TempPathFactory) -> Teahouse:
    return with_rewards(open_teahouse(live, tmp_path_factory.mktemp("rewards"), "Rewarding", RULES))


def with_rewards(teahouse: Teahouse) -> Teahouse:
    teahouse.stack.manage("shell", "-c", MAKE.format(shop=teahouse.shop, rewards=json.dumps(REWARDS)))
    return teahouse


@pytest.fixture
def mara(teahouse: Teahouse, request: pytest.FixtureRequest) -> str:
    """A customer of this test alone, with 1,240 points."""
    return bought(teahouse, request, "1240.00")


def rewards(page: Page, launcher: Locator) -> Locator:
    """The open panel."""
    launcher.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Rewards", exact=True)).to_be_visible()
    return dialog


def redeemed(teahouse: Teahouse, customer: str) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {teahouse.token(customer)}"}
    told = httpx.get(f"{teahouse.stack.url}/storefront/v1/me/redemptions", headers=headers).json()
    found: list[dict[str, Any]] = told["redemptions"]
    return found


def usable_by_everybody(page: Page, dialog: Locator) -> None:
    """axe finds nothing, and nothing is wider than the screen."""
    settle(dialog)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wider = "body => [...body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth).length"
    assert dialog.locator(".body").evaluate(wider) == 0


def test_a_reward_becomes_a_code(page: Page, teahouse: Teahouse, mara: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    dialog = rewards(page, teahouse.visit(page, mara))
    rows = dialog.locator(".rewards li")
    expect(rows).to_have_count(4)
    expect(rows.last).to_contain_text("760 points to go")
    expect(rows.last.get_by_role("button")).to_have_count(0)
    usable_by_everybody(page, dialog)

    dialog.get_by_role("button", name="Redeem 5 € off: 500 points").click()
    expect(dialog).to_contain_text("Use 500 points for 5 € off? You will have 740 points left.")
    usable_by_everybody(page, dialog)
    dialog.get_by_role("button", name="Redeem", exact=True).dblclick()
    expect(dialog.get_by_role("heading", name="Here is your code")).to_be_focused()
    [made] = redeemed(teahouse, mara)
    expect(dialog.locator(".big-code")).to_have_text(made["code"])
    expect(dialog.locator(".balance b")).to_have_text("740")
    usable_by_everybody(page, dialog)

    dialog.get_by_role("button", name="Copy code").click()
    expect(page.locator("regulars-widget [role=status]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == made["code"]
    dialog.get_by_role("button", name="Back to your rewards").click()
    expect(dialog.locator(".codes li")).to_contain_text(re.compile("5 € off.*Use it by"))
    expect(dialog.locator(".codes .mono")).to_have_text(made["code"])
    expect(dialog.get_by_role("button", name="Redeem 5 € off: 500 points")).to_be_focused()
    usable_by_everybody(page, dialog)


@wide_only
def test_the_keyboard_slides_and_redeems(page: Page, teahouse: Teahouse, mara: str) -> None:
    teahouse.visit(page, mara).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    chip = dialog.get_by_role("button", name="Redeem As much as you like: From 100 points")
    expect(chip).to_be_visible()
    for _ in range(8):
        if chip.evaluate("it => it.getRootNode().activeElement === it"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    slider = dialog.get_by_role("slider", name="How much would you like?")
    page.keyboard.press("Tab")
    expect(slider).to_be_focused()
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowLeft"):
        page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", "750 points for 7.50\u00a0€ off")
    expect(dialog.locator(".sum")).to_contain_text("You will have 490 points left.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("heading", name="Here is your code")).to_be_focused()
    assert [(one["points"], one["value"]) for one in redeemed(teahouse, mara)] == [(750, "7.5")]


@wide_only
def test_a_lost_answer_and_a_second_tab_redeem_once(page: Page, teahouse: Teahouse, mara: str) -> None:
    lost: list[Any] = []

    def lose(route: Route) -> None:
        """First the way there is broken, then the way back."""
        if route.request.method == "POST":
            lost.append(route.fetch().status if lost else "offline")
        route.abort()

    second = page.context.new_page()
    for tab in (page, second):
        dialog = rewards(tab, teahouse.visit(tab, mara))
        dialog.get_by_role("button", name="Redeem Free cup: 300 points").click()
    page.bring_to_front()
    dialog = page.get_by_role("dialog")
    page.route("**/me/redemptions", lose)
    for name in ("Redeem", "Try again"):
        dialog.get_by_role("button", name=name, exact=True).click()
        expect(dialog.get_by_role("alert")).to_contain_text("You will not be charged twice")
    page.unroute("**/me/redemptions")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.locator(".big-code")).to_be_visible()
    second.bring_to_front()
    second.get_by_role("dialog").get_by_role("button", name="Redeem", exact=True).click()
    [made] = redeemed(teahouse, mara)
    expect(second.locator("regulars-widget .big-code")).to_have_text(made["code"])
    expect(second.get_by_role("dialog")).to_contain_text("Show this at the till.")
    assert lost == ["offline", 200]
    assert teahouse.read(mara)["balance"] == 940


@wide_only
def test_sold_out_while_looking(
    page: Page, live: Stack, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> None:
    scarce = with_rewards(open_teahouse(live, tmp_path_factory.mktemp("scarce"), "Scarce", RULES))
    customer = bought(scarce, request, "400.00")
    dialog = rewards(page, scarce.visit(page, customer))
    dialog.get_by_role("button", name="Redeem Free cup: 300 points").click()
    live.manage("shell", "-c", SELL_OUT.format(shop=scarce.shop))
    dialog.get_by_role("button", name="Redeem", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("Sold out")
    dialog.get_by_role("button", name="Back to your rewards").click()
    expect(dialog.locator(".rewards li").filter(has_text="Free cup")).to_contain_text("Sold out")
    assert (scarce.read(customer)["balance"], redeemed(scarce, customer)) == (400, [])


@wide_only
def test_through_the_proxy_of_the_store(page: Page, teahouse: Teahouse, mara: str) -> None:
    """The store's own address asks for whoever is signed in there; the widget has no token."""

    def proxy(route: Route) -> None:
        assert "authorization" not in route.request.headers
        url = route.request.url.replace("/apps/regulars/", "/storefront/v1/")
        route.continue_(url=url, headers=route.request.headers | {"authorization": signed_in})

    signed_in = f"Bearer {teahouse.token(mara)}"
    page.route("**/apps/regulars/**", proxy)
    open_page(page, teahouse, 'data-proxy="/apps/regulars"')
    launcher = page.locator("regulars-widget .launcher")
    expect(launcher).to_have_text("1,240 points")
    dialog = rewards(page, launcher)
    dialog.get_by_role("button", name="Redeem Free cup: 300 points").click()
    dialog.get_by_role("button", name="Redeem", exact=True).click()
    expect(dialog.locator(".big-code")).to_be_visible()
    assert teahouse.read(mara)["balance"] == 940
    signed_in = ""
    open_page(page, teahouse, 'data-proxy="/apps/regulars"')
    launcher.click()
    expect(dialog).to_contain_text("Every order counts")


@wide_only
def test_guests_see_prices(page: Page, teahouse: Teahouse) -> None:
    open_page(page, teahouse, 'data-login-url="/in"')
    dialog = rewards(page, page.locator("regulars-widget .launcher"))
    expect(dialog.locator(".rewards .price")).to_have_text(
        ["2,000 points", "500 points", "From 100 points", "300 points"]
    )
    expect(dialog).to_contain_text("Sign in to redeem your points.")
    expect(dialog.locator(".rewards button")).to_have_count(0)


def open_page(page: Page, teahouse: Teahouse, attributes: str) -> None:
    """A page of the shop whose widget has these attributes, and no token."""
    script = f'<script src="/widget/v1/regulars.js" data-shop="{teahouse.shop}" {attributes}></script>'
    html = f'<!doctype html><html lang="en"><title>Tea</title><main><h1>Tea</h1></main>{script}</html>'
    page.route("**/page", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto(f"{teahouse.stack.url}/page")
