"""Shops with a past, and back-tests run to their end in process."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.clock import now
from loyalty.actions.programs import draft_document, load_draft
from loyalty.documents import ProgramDocument, as_dict, decode
from orders.backtest import runs
from orders.backtest.figures import Result, result_from
from orders.models import Backtest
from shops.models import Shop
from tests import bodies
from tests.orders.stores import Store


def placed(days_ago: float) -> datetime:
    return now().astimezone(UTC) - timedelta(days=days_ago)


def buy(store: Store, id: int, price: str, days_ago: float, customer: int = 1, **changes: Any) -> None:
    """A paid order of a customer, placed so many days ago, applied to the ledger."""
    at = placed(days_ago).isoformat()
    body = bodies.shopify_order(
        id,
        [bodies.line(price, id=1)],
        customer=bodies.shopify_customer(customer),
        created_at=at,
        processed_at=at,
        updated_at=at,
        **changes,
    )
    store.apply(("orders/paid", body))


def drafted(shop: Shop, change: Callable[[dict[str, Any]], Any]) -> ProgramDocument:
    """Change the draft; nothing goes live."""
    document = as_dict(draft_document(shop))
    change(document)
    load_draft(shop, decode(document))
    return draft_document(shop)


def doubled(document: dict[str, Any]) -> None:
    document["rules"][0]["points"] = "2"


def tried(shop: Shop, days: int = 90) -> Result:
    """The result of trying the draft on the last days."""
    return result_from(finished(runs.start(shop, days, "test")).result)


def finished(run: Backtest) -> Backtest:
    """Do all of it, waiting for a lock that another connection may still hold for a moment."""
    runs.finish(run, lambda _run: None)
    assert run.state == Backtest.State.DONE, (run.state, run.error)
    return run
