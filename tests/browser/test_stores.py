"""A merchant looks after a connected store: its access, the store against the ledger, and past orders."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Demo
from tests.browser.test_dashboard import check_usable, sign_in

pytestmark = pytest.mark.browser


def test_a_connected_store_is_checked_compared_and_imported(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    base = f"{demo.dashboard_url}connections/{demo.connection}/"
    page.goto(base)
    check_usable(page)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("answers. It sells in EUR.")).to_be_visible()

    page.get_by_role("link", name="Store against ledger").click()
    page.get_by_role("button", name="Reconcile now").click()
    # The page looks again by itself while the look goes on.
    expect(page.get_by_text(re.compile(r"Next look: "))).to_be_visible(timeout=30_000)
    expect(page.get_by_text(re.compile(r"no order had changed|changed orders?,"))).to_be_visible()
    check_usable(page)

    page.goto(f"{base}history/")
    check_usable(page)
    page.get_by_label("Give points for past orders too").check()
    page.get_by_role("button", name="Import past orders").click()
    expect(page.get_by_role("heading", name="Past orders are imported")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Every order of this store gives points")).to_be_visible()


def test_wrong_credentials_are_told_beside_the_form(page: Page, demo: Demo) -> None:
    sign_in(page, demo)
    wide = (page.viewport_size or {"width": 0})["width"]
    page.goto(f"{demo.dashboard_url}connections/add/")
    page.get_by_label("Platform").select_option("woocommerce")
    page.get_by_label("Store address").fill(f"store{wide}.invalid")
    page.get_by_role("button", name="Connect the store").click()
    page.get_by_label("Consumer key").fill("ck_1")
    page.get_by_label("Consumer secret").fill("cs_1")
    with page.expect_response(re.compile(r"/access/$")) as answered:
        page.get_by_role("button", name="Try and keep them").click()
    assert answered.value.status == 422
    expect(page.get_by_text("The store does not answer")).to_be_visible()
    expect(page.get_by_label("Consumer secret")).to_have_value("")
    check_usable(page)
