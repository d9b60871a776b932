"""A merchant writes a program: from one rule to tiers and campaigns, with examples that follow the typing."""

import json
import re
import time

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Demo
from tests.browser.test_dashboard import PASSWORD, check_usable, sign_in_by_form

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(page: Page, demo: Demo) -> Page:
    """The owner of a new shop, on its program's page."""
    return enter(page, demo)


def enter(page: Page, demo: Demo) -> Page:
    email = f"olivia-{time.time_ns()}@corner.example"
    shop = ("--name", "Corner", "--currency", "EUR", "--timezone", "Europe/Berlin", "--json")
    made = json.loads(demo.stack.manage("create_shop", *shop))
    staff = ("--shop", made["shop"], "--email", email, "--role", "owner", "--password", PASSWORD)
    demo.stack.manage("create_staff", *staff)
    sign_in_by_form(page, demo, email, PASSWORD)
    page.goto(f"{demo.dashboard_url}program/")
    return page


def arrive(page: Page, title: str) -> None:
    """Wait for the page of that title."""
    expect(page).to_have_title(re.compile(f"^{re.escape(title)} "))


def save(page: Page) -> None:
    page.get_by_role("button", name="Save draft").last.click()
    expect(page.get_by_text("Saved in the draft.")).to_be_visible()


def test_a_new_shop_sees_one_rule_and_no_more(owner: Page) -> None:
    expect(owner.locator(".rg-item")).to_have_count(1)
    expect(owner.locator(".rg-item")).to_contain_text("1 point per 1 €")
    expect(owner.get_by_text("Points are called")).to_be_hidden()
    check_usable(owner)
    owner.get_by_label("Try another amount").fill("105")
    expect(owner.locator("[data-sentence]")).to_have_text("An order of 105.00 € would earn 105 points.")


def test_the_example_follows_the_typing(owner: Page) -> None:
    owner.get_by_role("link", name="Points for purchases").click()
    arrive(owner, "Points for purchases")
    check_usable(owner)
    owner.locator("[name=points]").fill("2")
    expect(owner.locator("[data-sentence]")).to_have_text("An order of 49.95 € would earn 99 points.")
    owner.get_by_label("Try another amount").fill("10")
    expect(owner.locator("[data-sentence]")).to_have_text("An order of 10.00 € would earn 20 points.")
    owner.get_by_text("Only at some times").click()
    owner.get_by_label("Smallest order").fill("50")
    expect(owner.locator("[data-sentence]")).to_have_text("This would earn nothing.")
    expect(owner.locator("[data-why]")).to_have_text("Orders under 50 € earn nothing from it.")
    owner.get_by_text("Saturday").click()
    check_usable(owner)
    owner.locator("[name=points]").fill("-1")
    owner.get_by_role("button", name="Save draft").click()
    expect(owner.get_by_text("Must be more than 0.").first).to_be_visible()
    expect(owner.get_by_label("Smallest order")).to_have_value("50")
    check_usable(owner)
    owner.locator("[name=points]").fill("3")
    save(owner)
    expect(owner.locator(".rg-item")).to_contain_text("3 points per 1 €")
    expect(owner.locator(".rg-item")).to_contain_text("On Saturdays")


def test_a_punch_card_is_added_switched_off_and_deleted(owner: Page) -> None:
    owner.get_by_role("link", name="Add a way to earn").click()
    arrive(owner, "Add a way to earn")
    check_usable(owner)
    owner.get_by_role("link", name="Punch card").click()
    arrive(owner, "Punch card")
    check_usable(owner)
    owner.locator("[name=points]").fill("50")
    owner.locator("[name=every]").fill("5")
    expect(owner.locator("[data-sentence]")).to_have_text("The 5th, 10th, 15th order earns 50 points.")
    save(owner)
    switch = owner.get_by_role("switch", name="Punch card")
    expect(switch).to_be_checked()
    switch.press("Enter")
    expect(owner.get_by_role("switch", name="Punch card")).not_to_be_checked()
    owner.get_by_role("link", name="Punch card").click()
    owner.get_by_role("link", name="Delete this way to earn").click()
    arrive(owner, "Delete “Punch card”?")
    check_usable(owner)
    owner.get_by_role("button", name="Delete").click()
    expect(owner.locator(".rg-item")).to_have_count(1)


def test_three_tiers_from_the_template(owner: Page) -> None:
    owner.get_by_role("link", name="Set up VIP tiers").click()
    arrive(owner, "VIP tiers")
    check_usable(owner)
    owner.get_by_role("button", name="Start with Bronze, Silver, Gold").click()
    rows = owner.locator("[data-row]")
    expect(rows).to_have_count(3)
    check_usable(owner)
    rows.nth(1).get_by_label("Reached at").fill("250")
    expect(owner.locator("[data-lines]")).to_contain_text(
        "Members reach Silver when they spend 250 € within 12 months and keep it for 12 months."
    )
    owner.get_by_role("button", name="Add a tier").click()
    expect(rows).to_have_count(4)
    rows.nth(3).get_by_label("Name").fill("Platinum")
    rows.nth(3).get_by_label("Reached at").fill("250")
    owner.get_by_role("button", name="Save draft").last.click()
    expect(owner.get_by_text("must need more than the tier before it")).to_be_visible()
    expect(rows).to_have_count(4)
    check_usable(owner)
    owner.get_by_role("button", name="Remove Platinum").click()
    expect(rows).to_have_count(3)
    save(owner)
    expect(owner.get_by_text("Bronze, Silver, Gold, by what members spend in 12 months.")).to_be_visible()


def test_a_campaign_announces_itself(owner: Page) -> None:
    owner.get_by_role("link", name="Set up Bonus campaigns").click()
    owner.get_by_label("Name").fill("Christmas")
    owner.get_by_label("Triple points").check()
    owner.get_by_label("Starts").fill("2099-12-01T00:00")
    owner.get_by_label("Ends").fill("2099-12-25T00:00")
    expect(owner.locator("[data-sentence]")).to_have_text(re.compile("^“Triple points until .*24 Dec.*”$"))
    expect(owner.locator("[data-why]")).to_contain_text("Starts on 1 Dec 2099")
    check_usable(owner)
    save(owner)
    expect(owner.locator(".rg-item")).to_contain_text("Starts on 1 Dec 2099", ignore_case=True)
    check_usable(owner)
    owner.get_by_label("They multiply").check()
    save(owner)


def test_expiry_says_until_when_points_could_be_used(owner: Page) -> None:
    owner.get_by_role("link", name="Edit When points can be used and expire").click()
    arrive(owner, "When points can be used and expire")
    check_usable(owner)
    expect(owner.get_by_label("Months without activity", exact=True)).to_be_hidden()
    owner.get_by_label("After months without activity").check()
    owner.get_by_label("Months without activity", exact=True).fill("6")
    expect(owner.locator("[data-why]")).to_contain_text("6 months without earning or spending")
    owner.get_by_label("Days on hold").fill("14")
    expect(owner.locator("[data-sentence]")).to_contain_text("could be used from")
    check_usable(owner)
    save(owner)
    owner.get_by_role("link", name="Review and publish").click()
    expect(owner.get_by_role("heading", name="Whom it touches")).to_be_visible()
    expect(owner.get_by_role("link", name="Preview impact")).to_be_visible()
    check_usable(owner)
    owner.get_by_role("button", name="Publish").click()
    expect(owner.get_by_text("Please confirm this before you publish.")).to_be_visible()
    check_usable(owner)
    owner.get_by_label("I have read whom it touches.").check()
    owner.get_by_role("button", name="Publish").click()
    expect(owner.get_by_text("Version 2 is live.")).to_be_visible()


def test_more_settings_are_usable(owner: Page) -> None:
    owner.locator("summary").click()
    check_usable(owner)
    owner.get_by_role("link", name="Edit More settings").click()
    arrive(owner, "More settings")
    owner.locator("details").evaluate_all("folds => folds.forEach(fold => { fold.open = true; })")
    check_usable(owner)
    owner.get_by_label("Round").select_option("ceil")
    expect(owner.locator("[data-sentence]")).to_have_text("An order of 49.95 € would earn 50 points.")
    save(owner)


def test_all_works_without_our_script(browser: Browser, demo: Demo) -> None:
    context = browser.new_context(viewport=ViewportSize(width=1280, height=860), locale="en-GB")
    context.route(re.compile(r"/static/dashboard/dashboard[^/]*\.js"), lambda route: route.fulfill(body=""))
    page = enter(context.new_page(), demo)
    page.get_by_role("link", name="Set up VIP tiers").click()
    page.get_by_role("button", name="Start from scratch").click()
    page.locator("[name=level-0-name]").fill("Regular")
    page.get_by_role("button", name="Add a tier").click()
    expect(page.locator("[name=level-0-name]")).to_have_value("Regular")
    page.locator("[name=level-1-name]").fill("Friend")
    page.get_by_role("button", name="Remove Regular").click()
    expect(page.locator("[name=level-1-name]")).to_have_value("Friend")
    page.locator("[name=level-1-threshold]").fill("100")
    save(page)
    page.get_by_role("switch", name="Points for purchases").click()
    expect(page.get_by_role("switch", name="Points for purchases")).not_to_be_checked()
    context.close()
