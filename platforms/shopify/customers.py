"""A Shopify customer as a `CustomerSnapshot`."""

from datetime import datetime

from platforms.base import Unreadable
from platforms.reading import EARLIEST, identifier, instant, labels, text
from platforms.shopify.fields import gid_number, own_id
from platforms.shopify.shapes import Consent, ConsentUpdate, Customer, TagsChange
from platforms.snapshots import CustomerSnapshot, CustomerTagged


def read_customer(
    customer: Customer, as_of: datetime | None = None, placed_at: datetime | None = None
) -> CustomerSnapshot:
    """A customer by `updated_at`, or as of `as_of` where Shopify leaves that out.

    Who placed an order at `placed_at` was a customer by then.
    """
    changed = customer.updated_at or customer.created_at
    if changed or as_of is None:
        as_of = instant(changed, "updated_at")
    joined_at = placed_at
    if customer.created_at:
        created_at = instant(customer.created_at, "created_at")
        joined_at = min(created_at, placed_at or created_at)
    subscribed, subscribed_at = _consent_of(customer)
    return CustomerSnapshot(
        id=own_id(customer.id, customer.admin_graphql_api_id, "Customer"),
        as_of=as_of,
        email=text(customer.email).strip(),
        email_verified=bool(customer.verified_email),
        first_name=text(customer.first_name),
        last_name=text(customer.last_name),
        tags=None if customer.tags is None else labels(customer.tags),
        joined_at=joined_at,
        subscribed=subscribed,
        subscribed_at=subscribed_at,
    )


def read_consent(update: ConsentUpdate) -> CustomerSnapshot:
    """What is told of a consent alone, as of long ago: it overwrites nothing else that is known."""
    consent = update.email_marketing_consent
    said_at = instant(consent.consent_updated_at, "email_marketing_consent.consent_updated_at")
    return CustomerSnapshot(
        id=identifier(update.customer_id, "customer_id"),
        as_of=EARLIEST,
        joined_at=said_at,
        subscribed=_subscribed(consent),
        subscribed_at=said_at,
    )


def read_tags(change: TagsChange, *, added: bool) -> CustomerTagged:
    """The tags that a customer got, or lost."""
    customer_id = identifier(change.customer_id, "customerId")
    if customer_id.startswith("gid:"):
        customer_id = gid_number(customer_id, "Customer") or ""
    if not customer_id:
        raise Unreadable(f"customerId: not of a customer: {text(str(change.customer_id), 60)!r}")
    tags = tuple(tag for tag in (text(tag.strip()) for tag in change.tags) if tag)
    return CustomerTagged(
        customer_id=customer_id,
        as_of=instant(change.occurred_at, "occurredAt"),
        added=tags if added else (),
        removed=() if added else tags,
    )


def _consent_of(customer: Customer) -> tuple[bool | None, datetime | None]:
    """Whether they are subscribed, and since when; None where nothing is told."""
    consent = customer.email_marketing_consent
    if consent is not None and consent.state is not None:
        said_at, field = consent.consent_updated_at, "email_marketing_consent.consent_updated_at"
        return _subscribed(consent), instant(said_at, field) if said_at else None
    if customer.accepts_marketing is None:
        return None, None
    said_at, field = customer.accepts_marketing_updated_at, "accepts_marketing_updated_at"
    return customer.accepts_marketing, instant(said_at, field) if said_at else None


def _subscribed(consent: Consent) -> bool:
    """Those who have yet to confirm are not."""
    return consent.state == "subscribed"
