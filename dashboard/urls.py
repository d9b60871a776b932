"""Every page of the dashboard. One that changes something names the right that it asks for."""

from django.http import Http404, HttpRequest, HttpResponse

from dashboard.desk import Right
from dashboard.pages.backtest import backtest, backtest_progress, backtest_run
from dashboard.pages.books import books, close, journal
from dashboard.pages.campaigns import (
    add_campaign,
    campaign_list,
    delete_campaign,
    edit_campaign,
    switch_campaign,
)
from dashboard.pages.checks import checks
from dashboard.pages.connections import (
    add_connection,
    change_settings,
    connection,
    connections,
    rotate,
    show_storefront_secret,
)
from dashboard.pages.expiries import expiries
from dashboard.pages.exports import export_table, exports
from dashboard.pages.files import export_draft, export_version, import_program
from dashboard.pages.history import history, history_progress, resume_history
from dashboard.pages.imports import apply_batch, batch, imports, undo_batch
from dashboard.pages.inbox import delivery, held, inbox, replay_deliveries
from dashboard.pages.member import member
from dashboard.pages.member_rewards import member_reward
from dashboard.pages.member_tier import member_pin, member_unpin
from dashboard.pages.members import members
from dashboard.pages.overview import overview
from dashboard.pages.points_life import points_life
from dashboard.pages.pools import pool, pool_remove
from dashboard.pages.privacy import member_data, member_erase, privacy, privacy_download
from dashboard.pages.program import program, program_example, program_settings
from dashboard.pages.redemption_acts import cancel, fulfil, resend, retry, revoke
from dashboard.pages.redemptions import redemption, redemptions
from dashboard.pages.rewards import (
    add_reward,
    archive,
    choose_kind,
    edit_reward,
    move,
    rewards,
    switch_reward,
)
from dashboard.pages.rules import add_rule, choose_way, delete_rule, edit_rule, switch_rule
from dashboard.pages.shopify import connect_shopify, shopify_callback
from dashboard.pages.shops import shops
from dashboard.pages.store_access import check_access, end_access, give_access, renew_webhooks
from dashboard.pages.store_orders import reconcile_now, retry_fetches, store_orders
from dashboard.pages.tiers import tiers
from dashboard.pages.versions import go_back, publish_draft, version_list
from dashboard.site import site

app_name = "admin"
# The consent page, and what it passes on to.
SHOPIFY = ("https://*.myshopify.com", "https://*.shopify.com")


def missing(_request: HttpRequest, **_path: str) -> HttpResponse:
    """An address that is no page."""
    raise Http404


urlpatterns = [
    site.page("", overview, "index"),
    site.page("members/", members, "members"),
    site.page("members/<int:account_id>/", member, "member", Right.POINTS),
    site.page("members/<int:account_id>/tier/", member_pin, "member_pin", Right.POINTS),
    site.page("members/<int:account_id>/tier/end/", member_unpin, "member_unpin", Right.POINTS),
    site.page("members/<int:account_id>/data/", member_data, "member_data", Right.DATA),
    site.page("members/<int:account_id>/erase/", member_erase, "member_erase", Right.DATA),
    site.page("members/<int:account_id>/reward/", member_reward, "member_reward", Right.POINTS),
    site.page("rewards/", rewards, "rewards"),
    site.page("rewards/add/", choose_kind, "reward_kinds"),
    site.page("rewards/add/<slug:kind>/", add_reward, "reward_add", Right.REWARDS),
    site.page("rewards/<slug:public_id>/", edit_reward, "reward", Right.REWARDS),
    site.page("rewards/<slug:public_id>/switch/", switch_reward, "reward_switch", Right.REWARDS),
    site.page("rewards/<slug:public_id>/move/", move, "reward_move", Right.REWARDS),
    site.page("rewards/<slug:public_id>/archive/", archive, "reward_archive", Right.REWARDS),
    site.page("rewards/<slug:public_id>/codes/", pool, "pool", Right.REWARDS),
    site.page("rewards/<slug:public_id>/codes/remove/", pool_remove, "pool_remove", Right.REWARDS),
    site.page("redemptions/", redemptions, "redemptions"),
    site.page("redemptions/<slug:public_id>/", redemption, "redemption"),
    site.page("redemptions/<slug:public_id>/retry/", retry, "redemption_retry", Right.POINTS),
    site.page("redemptions/<slug:public_id>/resend/", resend, "redemption_resend", Right.POINTS),
    site.page("redemptions/<slug:public_id>/fulfil/", fulfil, "redemption_fulfil", Right.POINTS),
    site.page("redemptions/<slug:public_id>/cancel/", cancel, "redemption_cancel", Right.REWARDS),
    site.page("redemptions/<slug:public_id>/revoke/", revoke, "redemption_revoke", Right.REWARDS),
    site.page("books/", books, "books"),
    site.page("books/journal/<slug:month>/", journal, "journal", Right.DATA),
    site.page("books/close/<slug:month>/", close, "close", Right.DATA),
    site.page("books/expiries/", expiries, "expiries"),
    site.page("books/proof/", checks, "checks", Right.DATA),
    site.page("program/", program, "program"),
    site.page("program/example/", program_example, "program_example"),
    site.page("program/rules/", choose_way, "rules"),
    site.page("program/rules/add/<slug:kind>/", add_rule, "rule_add", Right.PROGRAM),
    site.page("program/rule/<slug:key>/", edit_rule, "rule", Right.PROGRAM),
    site.page("program/rule/<slug:key>/switch/", switch_rule, "rule_switch", Right.PROGRAM),
    site.page("program/rule/<slug:key>/delete/", delete_rule, "rule_delete", Right.PROGRAM),
    site.page("program/campaigns/", campaign_list, "campaigns", Right.PROGRAM),
    site.page("program/campaigns/add/", add_campaign, "campaign_add", Right.PROGRAM),
    site.page("program/campaign/<slug:key>/", edit_campaign, "campaign", Right.PROGRAM),
    site.page("program/campaign/<slug:key>/switch/", switch_campaign, "campaign_switch", Right.PROGRAM),
    site.page("program/campaign/<slug:key>/delete/", delete_campaign, "campaign_delete", Right.PROGRAM),
    site.page("program/tiers/", tiers, "tiers", Right.PROGRAM),
    site.page("program/life/", points_life, "points_life", Right.PROGRAM),
    site.page("program/settings/", program_settings, "program_settings", Right.PROGRAM),
    site.page("program/backtest/", backtest, "backtest", Right.PROGRAM),
    site.page("program/backtest/<int:backtest_id>/", backtest_run, "backtest_run"),
    site.page("program/backtest/<int:backtest_id>/progress/", backtest_progress, "backtest_progress"),
    site.page("program/publish/", publish_draft, "publish", Right.PROGRAM),
    site.page("program/export/", export_draft, "export_draft"),
    site.page("program/import/", import_program, "import", Right.PROGRAM),
    site.page("program/versions/", version_list, "versions"),
    site.page("program/versions/<int:number>/export/", export_version, "export_version"),
    site.page("program/versions/<int:number>/roll-back/", go_back, "roll_back", Right.PROGRAM),
    site.page("inbox/", inbox, "inbox"),
    site.page("inbox/replay/", replay_deliveries, "replay", Right.DELIVERIES),
    site.page("inbox/<int:delivery_id>/", delivery, "delivery"),
    site.page("held/", held, "held"),
    site.page("imports/", imports, "imports", Right.DATA),
    site.page("imports/<int:batch_id>/", batch, "batch"),
    site.page("imports/<int:batch_id>/apply/", apply_batch, "batch_apply", Right.DATA),
    site.page("imports/<int:batch_id>/undo/", undo_batch, "batch_undo", Right.DATA),
    site.page("exports/", exports, "exports"),
    site.page("exports/<slug:table>/", export_table, "export_table", Right.DATA),
    site.page("privacy/", privacy, "privacy"),
    site.page("privacy/<int:request_id>/download/", privacy_download, "privacy_download", Right.DATA),
    site.page("shopify/connect/", connect_shopify, "shopify_connect", Right.CONNECTIONS, leads_to=SHOPIFY),
    site.page("shopify/callback/", shopify_callback, "shopify_callback"),
    site.page("connections/", connections, "connections"),
    site.page("connections/add/", add_connection, "connection_add", Right.CONNECTIONS),
    site.page("connections/<slug:public_id>/", connection, "connection"),
    site.page("connections/<slug:public_id>/access/", give_access, "access", Right.CONNECTIONS),
    site.page("connections/<slug:public_id>/access/check/", check_access, "access_check", Right.CONNECTIONS),
    site.page(
        "connections/<slug:public_id>/access/webhooks/", renew_webhooks, "access_webhooks", Right.CONNECTIONS
    ),
    site.page("connections/<slug:public_id>/access/end/", end_access, "access_end", Right.CONNECTIONS),
    site.page("connections/<slug:public_id>/orders/", store_orders, "store_orders"),
    site.page(
        "connections/<slug:public_id>/orders/reconcile/", reconcile_now, "reconcile", Right.CONNECTIONS
    ),
    site.page("connections/<slug:public_id>/orders/fetch/", retry_fetches, "fetch_retry", Right.CONNECTIONS),
    site.page("connections/<slug:public_id>/history/", history, "history", Right.CONNECTIONS),
    site.page("connections/<slug:public_id>/history/progress/", history_progress, "history_progress"),
    site.page(
        "connections/<slug:public_id>/history/resume/", resume_history, "history_resume", Right.CONNECTIONS
    ),
    site.page("connections/<slug:public_id>/rotate/", rotate, "rotate", Right.CONNECTIONS),
    site.page(
        "connections/<slug:public_id>/storefront-secret/",
        show_storefront_secret,
        "storefront_secret",
        Right.CONNECTIONS,
    ),
    site.page(
        "connections/<slug:public_id>/settings/", change_settings, "connection_settings", Right.CONNECTIONS
    ),
    site.page("shops/", shops, "shops", Right.ONESELF),
    site.page("password/", site.password_change, "password_change", Right.ONESELF),
    site.page("password/done/", site.password_change_done, "password_change_done"),
    site.door("logout/", site.logout, "logout"),
    site.door("login/", site.login, "login"),
    site.page("<path:rest>/", missing, "missing"),
]
