"""A merchant writes a reward with codes of their own; the widget's API has it, and a redemption is taken back."""

import httpx
import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.conftest import Demo
from tests.browser.test_dashboard import check_usable, sign_in
from tests.browser.test_program_editor import arrive

pytestmark = pytest.mark.browser

REDEEM = """
from django_scopes import scope
from loyalty.actions.points import adjust
from loyalty.models import Account
from rewards.actions.redeem import redeem
from rewards.models import Reward
from shops.models import Shop
shop = Shop.objects.get(public_id="{shop}")
with scope(shop=shop):
    account = Account.objects.select_related("shop").filter(shop=shop).order_by("id").first()
    reward = Reward.objects.get(shop=shop, name="{name}")
adjust(account, 500, "For the tour", "olivia@corner.example")
redeem(account, reward.public_id, "{name}")
"""


def offered(demo: Demo) -> list[str]:
    answer = httpx.get(f"{demo.stack.url}/storefront/v1/rewards", params={"shop": demo.shop})
    return [reward["name"] for reward in answer.raise_for_status().json()["rewards"]]


def test_a_reward_is_written_redeemed_and_taken_back(page: Page, demo: Demo) -> None:
    width = page.viewport_size["width"] if page.viewport_size else 0
    name = f"Workshop tour {width}"
    sign_in(page, demo)
    page.goto(f"{demo.dashboard_url}rewards/")
    check_usable(page)
    page.get_by_role("link", name="Add a reward").click()
    arrive(page, "Add a reward")
    check_usable(page)
    page.get_by_role("link", name="Amount off A code that takes a fixed amount off an order.").click()
    arrive(page, "Amount off")
    page.locator("[name=price]").fill("500")
    page.locator("[name=value]").fill("-5")
    expect(page.locator("[data-why]")).to_have_text("Amount off: Must be more than 0.")
    page.locator("[name=value]").fill("5")
    sentence = page.locator("[data-sentence]")
    expect(sentence).to_have_text(
        "A member with 740 points pays 500 points and gets a code for 5 € off, valid for 30 days."
    )
    page.get_by_label("Try another balance").fill("300")
    expect(sentence).to_have_text("A member with 300 points needs 200 points more.")
    page.get_by_text("More options").click()
    page.get_by_label("A list that you upload").check()
    check_usable(page)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Save").click()
    add_codes(page, width)
    assert name in offered(demo)
    demo.stack.manage("shell", "-c", REDEEM.format(shop=demo.shop, name=name))
    take_back(page, demo, f"TOUR-{width}-1")
    move_to_the_top(page, demo, name)
    put_away(page, demo, name)


def add_codes(page: Page, width: int) -> None:
    page.get_by_label("Paste codes").fill(f"TOUR-{width}-1\nTOUR-{width}-1\nTOUR-{width}-2")
    page.get_by_role("button", name="Check the codes").click()
    expect(page.get_by_text(f"“TOUR-{width}-1” is in line 1 already")).to_be_visible()
    check_usable(page)
    page.get_by_role("button", name="Add 2 codes").click()
    expect(page.get_by_text("2 codes were added.")).to_be_visible()


def take_back(page: Page, demo: Demo, code: str) -> None:
    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", agree)
    page.goto(f"{demo.dashboard_url}redemptions/")
    check_usable(page)
    page.get_by_role("searchbox", name="Search redemptions").fill(code)
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".rg-table tbody .rg-lead a").click()
    expect(page.get_by_text(code, exact=True)).to_be_visible()
    check_usable(page)
    page.get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Taken back: 500 points have gone back to their lots.")).to_be_visible()
    assert asked == ["Take this back? The code ends, and 500 points go back to their lots."]
    expect(page.locator(".rg-road")).to_contain_text("Its points came back")
    check_usable(page)


def move_to_the_top(page: Page, demo: Demo, name: str) -> None:
    page.goto(f"{demo.dashboard_url}rewards/")
    items = page.locator("[data-sortable] > li")
    expect(items.last).to_contain_text(name)
    items.nth(items.count() - 1).drag_to(items.nth(items.count() - 3), target_position={"x": 120, "y": 4})
    expect(items.nth(items.count() - 3)).to_contain_text(name)
    page.get_by_role("button", name=f"Move {name} down").click()
    expect(items.nth(items.count() - 2)).to_contain_text(name)


def put_away(page: Page, demo: Demo, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("link", name="Archive this reward").click()
    arrive(page, f"Archive “{name}”?")
    check_usable(page)
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text(f"“{name}” is archived.")).to_be_visible()
    assert name not in offered(demo)
