"""Every address of the dashboard × everybody who may come × what they get; a refusal changes nothing."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from dashboard.urls import urlpatterns
from loyalty.actions.programs import draft_document
from loyalty.documents import encode
from loyalty.models import Batch, Entry, PeriodClose, ProgramVersion
from orders.models import Backtest, Delivery, Fetch, Sweep
from rewards.models import PoolCode, Redemption, RedemptionStep, Reward
from shops.models import Connection, PrivacyRequest, Shop
from tests.conftest import TwoShops
from tests.dashboard.conftest import Desks

STAFF = ("owner", "manager", "support", "viewer")
LISTS = {
    "index",
    "members",
    "program",
    "program_settings",
    "rules",
    "campaigns",
    "campaign_add",
    "tiers",
    "points_life",
    "backtest",
    "publish",
    "import",
    "versions",
    "inbox",
    "held",
    "connections",
    "shops",
}
LISTS |= {"privacy", "shopify_connect"}
LISTS |= {"imports", "exports", "books", "expiries", "checks"}
LISTS |= {"program_example", "export_draft", "connection_add", "password_change", "password_change_done"}
THINGS = {
    "member",
    "delivery",
    "export_version",
    "roll_back",
    "connection",
    "backtest_run",
    "backtest_progress",
    "batch",
}
THINGS |= {"store_orders", "history", "history_progress"}
# They exist in every shop's program, or in this one alone.
PARTS = {"rule", "rule_add", "rule_delete", "campaign", "campaign_delete"}
SWITCHES = {"rule_switch", "campaign_switch"}
POST_ONLY = {"member_pin", "member_unpin"}
POST_ONLY |= {"rotate", "connection_settings", "storefront_secret", "batch_apply", "batch_undo"}
POST_ONLY |= {"member_data", "member_erase", "privacy_download"}
LISTS |= {"rewards", "reward_kinds", "reward_add", "redemptions"}
THINGS |= {"reward", "reward_archive", "pool", "redemption"}
POST_ONLY |= {"member_reward", "reward_switch", "reward_move", "pool_remove"}
POST_ONLY |= {f"redemption_{act}" for act in ("retry", "resend", "fulfil", "cancel", "revoke")}
POST_ONLY |= {"access", "access_check", "access_webhooks", "access_end"}
POST_ONLY |= {"reconcile", "fetch_retry", "history_resume"}
DOORS = {"login", "logout"}
# Shopify sends people there with a signed address; without one the page says what is wrong.
CALLBACKS = {"shopify_callback"}
# A page that only acts, on what the form names.
ACTS = {"replay"}
# Every shop has them, with what is its own.
DOWNLOADS = {"export_table", "journal"}
# The first month that can be closed, which the shop with entries has.
MONTHS = {"close"}
NOT_FOUND = {"missing"}
# What they do is not in `state`.
UNSEEN = {"publish", "shops", "password_change", "roll_back", "storefront_secret", "export_table"}
UNSEEN |= {"journal", "checks"}
UNSEEN |= {"member_data", "privacy_download", "shopify_connect"}
# The store has no interface that could let anybody in.
UNSEEN |= {"access", "access_check", "access_webhooks", "access_end", "history"}
# The program has no tiers to give, so nobody has one to lose.
UNSEEN |= {"member_pin", "member_unpin"}
# Nothing is under way that could be tried again.
UNSEEN |= {"redemption_retry"}

RULE = {"points": "3", "per": "1", "name": "Purchases", "active": "on"}
CAMPAIGN = {"name": "Weekend", "bonus": "3", "active": "on"}
SETTINGS = {"points_name": "seeds", "rounding": "floor", "deficit": "carry"}
LIFE = {"hold_days": "14", "mode": "per_lot", "months": "12", "month": "12", "day": "31", "warn_days": "30"}
TIERS = {"metric": "spend", "window": "rolling", "window_months": "12", "term": "months", "term_months": "12"}
TIERS |= {"grace_days": "0", "downgrade": "to_standing"}
TIERS |= {
    "level-0-name": "Bronze",
    "level-0-threshold": "0",
    "level-1-name": "Silver",
    "level-1-threshold": "200",
}
UPLOAD = {"kind": "adjust", "format": "regulars"}
DOCUMENT = b'{"currency": "EUR", "rules": [], "format": "regulars.program/1"}'

# What changes something: the form, who may send it, and the status for them.
CHANGES: dict[str, tuple[dict[str, Any], set[str], int]] = {
    "member": (
        {"points": "5", "reason": "A gift", "once": "adjust_abcdefgh234567"},
        {"owner", "manager", "support"},
        302,
    ),
    "member_reward": (
        {"gift-once": "gift_abcdefgh234567", "gift-reward": "REWARD", "gift-reason": "A delay"},
        {"owner", "manager", "support"},
        302,
    ),
    "reward_add": ({"price": "500", "value": "5", "active": "on"}, {"owner", "manager"}, 302),
    "reward": ({"revision": "1", "price": "600", "value": "5"}, {"owner", "manager"}, 302),
    "reward_switch": ({"off": "1"}, {"owner", "manager"}, 302),
    "reward_move": ({"place": "1"}, {"owner", "manager"}, 302),
    "reward_archive": ({}, {"owner", "manager"}, 302),
    "pool": ({"codes": "VOUCHER-2", "at_once": "on"}, {"owner", "manager"}, 302),
    "pool_remove": ({}, {"owner", "manager"}, 302),
    "redemption_retry": ({}, {"owner", "manager", "support"}, 302),
    "redemption_resend": ({}, {"owner", "manager", "support"}, 302),
    "redemption_fulfil": ({}, {"owner", "manager", "support"}, 302),
    "redemption_cancel": ({}, {"owner", "manager"}, 302),
    "redemption_revoke": ({}, {"owner", "manager"}, 302),
    "member_pin": (
        {"pin-tier": "gold", "pin-until": "2099-01-01", "pin-reason": "A friend"},
        {"owner", "manager", "support"},
        422,
    ),
    "member_unpin": ({}, {"owner", "manager", "support"}, 302),
    "journal": ({}, {"owner", "manager"}, 200),
    "close": ({}, {"owner", "manager"}, 302),
    "checks": ({}, {"owner", "manager"}, 302),
    "backtest": ({"days": "30"}, {"owner", "manager"}, 302),
    "rule": (RULE, {"owner", "manager"}, 302),
    "rule_add": ({"points": "50", "name": "Joining", "active": "on"}, {"owner", "manager"}, 302),
    "rule_switch": ({"off": "1"}, {"owner", "manager"}, 302),
    "rule_delete": ({}, {"owner", "manager"}, 302),
    "campaigns": ({"multipliers": "multiply"}, {"owner", "manager"}, 302),
    "campaign_add": (CAMPAIGN, {"owner", "manager"}, 302),
    "campaign": (CAMPAIGN, {"owner", "manager"}, 302),
    "campaign_switch": ({"off": "1"}, {"owner", "manager"}, 302),
    "campaign_delete": ({}, {"owner", "manager"}, 302),
    "tiers": (TIERS, {"owner", "manager"}, 302),
    "points_life": (LIFE, {"owner", "manager"}, 302),
    "program_settings": (SETTINGS, {"owner", "manager"}, 302),
    "publish": ({"seen": "stale"}, {"owner", "manager"}, 200),
    "import": ({"file": DOCUMENT}, {"owner", "manager"}, 302),
    "roll_back": ({}, {"owner", "manager"}, 302),
    "imports": (
        {"file": b"email,points,reason\nmia@corner.example,5,x\n"} | UPLOAD,
        {"owner", "manager"},
        302,
    ),
    "batch_apply": ({}, {"owner", "manager"}, 302),
    "batch_undo": ({}, {"owner", "manager"}, 302),
    "export_table": ({}, {"owner", "manager"}, 200),
    "replay": ({"delivery": "DELIVERY"}, {"owner", "manager"}, 302),
    "connection_add": ({"platform": "standard", "domain": "new.example"}, {"owner", "manager"}, 302),
    "rotate": ({}, {"owner", "manager"}, 302),
    "access": ({}, {"owner", "manager"}, 422),
    "access_check": ({}, {"owner", "manager"}, 302),
    "access_webhooks": ({}, {"owner", "manager"}, 302),
    "access_end": ({}, {"owner", "manager"}, 302),
    "reconcile": ({}, {"owner", "manager"}, 302),
    "fetch_retry": ({}, {"owner", "manager"}, 302),
    "history": ({"points": "count"}, {"owner", "manager"}, 422),
    "history_resume": ({}, {"owner", "manager"}, 302),
    "member_data": ({}, {"owner", "manager"}, 200),
    "member_erase": ({}, {"owner", "manager"}, 302),
    "privacy_download": ({}, {"owner", "manager"}, 200),
    "shopify_connect": ({"domain": "new.myshopify.com"}, {"owner", "manager"}, 200),
    "connection_settings": ({"active": "on", "test_mode": "on"}, {"owner", "manager"}, 302),
    "storefront_secret": ({}, {"owner", "manager"}, 302),
    "shops": ({"shop": "SHOP"}, set(STAFF), 302),
    "password_change": ({}, set(STAFF), 200),
}
NAMES = sorted(pattern.name or "" for pattern in urlpatterns)


def state(*shops: Shop) -> list[object]:
    """All that the pages could change."""
    with scope(shop=list(shops)):
        return [
            Entry.objects.count(),
            PeriodClose.objects.count(),
            ProgramVersion.objects.count(),
            Backtest.objects.count(),
            sorted(Reward.objects.values_list("pk", "revision", "position")),
            sorted(Redemption.objects.values_list("pk", "state")),
            RedemptionStep.objects.count(),
            PoolCode.objects.count(),
            sorted(Batch.objects.values_list("pk", "state")),
            [encode(draft_document(shop)) for shop in shops],
            sorted(Delivery.objects.values_list("pk", "state")),
            sorted(Sweep.objects.values_list("pk", "state")),
            sorted(Fetch.objects.values_list("pk", "state")),
            sorted(PrivacyRequest.objects.values_list("pk", "state")),
            sorted((one.pk, one.secret, one.active, one.test_mode) for one in Connection.objects.all()),
        ]


def send(client: Client, desks: Desks, name: str) -> int:
    form = dict(CHANGES[name][0]) if name in CHANGES else {}
    named: dict[str, Any] = {"REWARD": desks.reward.public_id}
    named |= {"DELIVERY": desks.delivery.pk, "SHOP": desks.shop.public_id}
    filled: dict[str, Any] = {
        key: named.get(value, value) if isinstance(value, str) else value for key, value in form.items()
    }
    if "file" in filled:
        filled["file"] = SimpleUploadedFile("program.json", filled["file"])
    return int(client.post(desks.url(name), filled).status_code)


def test_the_table_covers_every_address() -> None:
    assert set(NAMES) == (
        LISTS
        | THINGS
        | PARTS
        | SWITCHES
        | POST_ONLY
        | DOORS
        | ACTS
        | DOWNLOADS
        | MONTHS
        | CALLBACKS
        | NOT_FOUND
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("role", STAFF)
def test_everybody_of_the_shop_may_look(desks: Desks, name: str, role: str) -> None:
    expected = (
        405
        if name in POST_ONLY | SWITCHES | ACTS | DOWNLOADS | {"logout"}
        else 404
        if name in NOT_FOUND
        else 200
    )
    if name == "login":
        expected = 302
    if name in CALLBACKS:
        expected = 400 if role in {"owner", "manager"} else 403
    assert desks.client(role).get(desks.url(name)).status_code == expected


@pytest.mark.parametrize("name", sorted(set(NAMES) - DOORS))
@pytest.mark.parametrize("role", STAFF)
def test_only_the_right_roles_change_something(desks: Desks, name: str, role: str) -> None:
    _, allowed, status = CHANGES.get(name, ({}, set(), 0))
    before = state(desks.shop)
    found = send(desks.client(role), desks, name)
    assert found == (status if role in allowed else 403)
    if found == 403:
        assert state(desks.shop) == before
    elif name not in UNSEEN:
        assert state(desks.shop) != before


@pytest.mark.parametrize("name", sorted(THINGS | POST_ONLY | ACTS))
def test_things_of_another_shop_are_not_there(desks: Desks, name: str) -> None:
    outsider = desks.client("outsider")
    before = state(desks.shop, desks.other)
    if name in THINGS:
        answer = outsider.get(desks.url(name))
        assert answer.status_code == 404
        assert "mia@" not in answer.content.decode()
    if name in CHANGES:
        assert send(outsider, desks, name) == 404
    assert state(desks.shop, desks.other) == before


@pytest.mark.parametrize("name", sorted(PARTS | SWITCHES))
def test_a_change_of_one_program_leaves_the_other_alone(desks: Desks, name: str) -> None:
    outsider = desks.client("outsider")
    before = state(desks.shop)
    # Every shop has the rule "purchases" and may add one; the campaign is this shop's alone.
    assert send(outsider, desks, name) == (404 if name.startswith("campaign") else 302)
    assert state(desks.shop) == before


@pytest.mark.parametrize("name", sorted(LISTS))
def test_lists_of_another_shop_show_nothing_of_this_one(desks: Desks, name: str) -> None:
    answer = desks.client("outsider").get(desks.url(name))
    assert answer.status_code == 200
    text = answer.content.decode()
    for foreign in (
        "mia@",
        "cust-mia",
        "Corner Shop",
        desks.connection.public_id,
        "#1077",
        "We roast coffee",
        "lines: is missing",
        "Fiver",
        "Tote bag",
    ):
        assert foreign not in text


def test_another_shop_cannot_be_chosen(desks: Desks) -> None:
    outsider = desks.client("outsider")
    assert send(outsider, desks, "shops") == 404
    assert "Elsewhere" in outsider.get("/dashboard/").content.decode()


@pytest.mark.parametrize("name", sorted(set(NAMES) - DOORS))
@pytest.mark.parametrize("method", ["get", "post"])
def test_strangers_are_sent_to_the_sign_in_page(desks: Desks, name: str, method: str) -> None:
    before = state(desks.shop)
    url = desks.url(name)
    answer = getattr(Client(), method)(url)
    assert (answer.status_code, answer["Location"]) == (302, f"/dashboard/login/?next={url}")
    assert state(desks.shop) == before


@pytest.mark.parametrize("name", sorted(set(NAMES) - DOORS))
def test_a_person_without_a_shop_gets_a_friendly_page(desks: Desks, name: str) -> None:
    answer = desks.client("nobody").get(desks.url(name))
    assert answer.status_code == 403
    assert "No shop yet" in answer.content.decode()


def test_a_person_who_was_deactivated_is_out(desks: Desks, owner: Client) -> None:
    desks.people["owner"].is_active = False
    desks.people["owner"].save()
    assert owner.get("/dashboard/").status_code == 302


def test_a_form_without_its_token_is_refused(desks: Desks) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(desks.people["owner"], backend="django.contrib.auth.backends.ModelBackend")
    before = state(desks.shop)
    assert [send(client, desks, name) for name in CHANGES] == [403] * len(CHANGES)
    assert state(desks.shop) == before


@pytest.mark.parametrize(
    "url", ["/dashboard/auth/user/", "/dashboard/shops/user/", "/dashboard/r/1/1/", "/admin/"]
)
def test_there_is_no_generic_admin(owner: Client, url: str) -> None:
    assert owner.get(url).status_code == 404


@pytest.mark.parametrize("number", [0, 999_999_999, 2**63, 10**30])
def test_numbers_that_name_nothing(owner: Client, desks: Desks, number: int) -> None:
    for name, key in {"member": "account_id", "delivery": "delivery_id", "roll_back": "number"}.items():
        assert owner.get(reverse(f"dashboard:{name}", kwargs={key: number})).status_code == 404
    assert owner.post(desks.url("replay"), {"delivery": number}).status_code == 404


def test_somebody_with_two_shops_turns_from_one_to_the_other(two_shops: TwoShops, desks: Desks) -> None:
    with scope(shop=desks.other):
        desks.other.staff.create(shop=desks.other, user=desks.people["owner"], role="viewer")
    owner = desks.client("owner")
    assert "Corner Shop" in owner.get("/dashboard/").content.decode()
    owner.post("/dashboard/shops/", {"shop": desks.other.public_id})
    assert "Elsewhere" in owner.get("/dashboard/").content.decode()
    # There the same person only looks, and this shop's things are out of sight.
    assert send(owner, desks, "rule") == 403
    assert owner.get(desks.url("member")).status_code == 404
