"""A merchant looks after members and the books, with a mouse and with the keyboard alone."""

import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo
from tests.browser.test_dashboard import check_usable, open_member, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def owner(page: Page, demo: Demo) -> Page:
    sign_in(page, demo)
    return page


def test_every_page_of_members_and_books_is_usable(owner: Page, demo: Demo) -> None:
    for path in (
        "",
        "members/",
        "members/?tier=bronze&order=joined",
        "books/",
        "books/expiries/",
        "books/proof/",
    ):
        answer = owner.goto(demo.dashboard_url + path)
        assert answer
        assert answer.status == 200, path
        for summary in owner.locator("main details > summary").all():
            summary.click()
        check_usable(owner)


def test_a_tier_is_given_and_ended_by_hand(owner: Page, demo: Demo) -> None:
    open_member(owner, demo)
    card = owner.locator("section[aria-labelledby=tier]")
    before = (card.locator(".rg-tier-name").text_content() or "").split()[-1]
    card.get_by_text("Give a tier by hand").click()
    card.locator("[name=pin-tier]").select_option(label="Gold")
    card.get_by_label("Until").fill((date.today() + timedelta(days=30)).isoformat())
    card.get_by_label("Reason").fill("Helped at the stall")
    check_usable(owner)
    card.get_by_role("button", name="Give the tier").click()
    expect(owner.get_by_text("Done: the member has Gold now.")).to_be_visible()
    expect(card.locator(".rg-tier-name")).to_contain_text("Gold")
    expect(card).to_contain_text(f"Helped at the stall By {demo.email}", use_inner_text=False)
    check_usable(owner)
    owner.once("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="End it now").click()
    expect(card.locator(".rg-tier-name")).to_contain_text(before)
    card.get_by_text(re.compile(r"Tier history \(\d+\)")).click()
    expect(card.get_by_text("Helped at the stall").first).to_be_visible()


def test_the_time_machine_works_with_the_keyboard(owner: Page, demo: Demo) -> None:
    open_member(owner, demo)
    machine = owner.get_by_text("Time machine")
    machine.focus()
    owner.keyboard.press("Enter")
    owner.get_by_label("Which tier on this day, and why?").fill("2020-02-29")
    owner.keyboard.press("Enter")
    expect(owner.get_by_text("The member had no tier on this day.")).to_be_visible()
    expect(owner.get_by_text("29 Feb 2020")).to_be_visible()
    check_usable(owner)


def test_the_ledger_is_proved_and_a_month_downloaded(owner: Page, demo: Demo) -> None:
    owner.goto(f"{demo.dashboard_url}books/")
    expect(owner.get_by_role("img", name="Points that expire, by month")).to_be_visible()
    with owner.expect_download() as loading:
        owner.get_by_role("button", name="CSV").first.click()
    assert re.fullmatch(r"journal-\d{4}-\d{2}\.csv", loading.value.suggested_filename)
    owner.get_by_role("link", name="Proof").click()
    owner.get_by_role("button", name="Prove it now").click()
    expect(
        owner.get_by_text(re.compile(r"Proved: \d+ accounts, [\d,]+ entries\. Every figure is right\."))
    ).to_be_visible()
    expect(owner.get_by_text("No account is frozen")).to_be_visible()
    check_usable(owner)
