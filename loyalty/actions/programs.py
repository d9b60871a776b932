"""Opening a shop, and taking its program from draft to live."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from lib.money import is_currency
from loyalty.documents import ProgramDocument, as_dict, decode, default_document
from loyalty.errors import InvalidProgram, NothingToPublish, UnknownVersion
from loyalty.models import Program, ProgramVersion
from loyalty.queries import versions
from loyalty.validation import clock_problems, validate
from shops.models import Connection, Shop


def open_shop(
    name: str,
    currency: str,
    timezone: str,
    actor: str = "",
    document: ProgramDocument | None = None,
    since: datetime | None = None,
) -> Shop:
    """A new tenant whose program is live at once, as version 1 with `document` (else the default one).

    `currency`: ISO 4217; `timezone`: IANA, such as Europe/Berlin; `actor`: who did it, for the version; `since`: from
    when on it counts what members do, for a shop that has a past.
    Raises `ValidationError` with the fields `name`, `currency`, `timezone`, or `InvalidProgram`.
    """
    shop = Shop(name=name.strip(), currency=currency.strip().upper(), timezone=timezone.strip())
    _check_shop(shop)
    with transaction.atomic():
        shop.save()
        with scope(shop=shop):
            Program.objects.create(shop=shop, draft=as_dict(default_document(shop.currency)))
        if document is not None:
            load_draft(shop, document)
        publish(shop, actor, note=gettext("The program a new shop starts with"), since=since)
    return shop


def draft_document(shop: Shop) -> ProgramDocument:
    """The draft as a document. Raises `InvalidProgram` when the draft cannot be published as it is."""
    with scope(shop=shop):
        return validate(Program.objects.get(shop=shop).draft)


def load_draft(shop: Shop, document: ProgramDocument) -> None:
    """Replace the draft, all of it. Raises `InvalidProgram`; the draft is then as it was."""
    document = validate(document)
    problems = list(clock_problems(document, ZoneInfo(shop.timezone)))
    if document.currency != shop.currency:
        message = gettext("must be %(currency)s, the currency of the shop") % {"currency": shop.currency}
        problems.append(("currency", message))
    if problems:
        raise InvalidProgram(problems)
    with transaction.atomic(), scope(shop=shop):
        _lock(shop)
        Program.objects.filter(shop=shop).update(draft=as_dict(document), updated_at=now())


def publish(
    shop: Shop, actor: str, note: str = "", since: datetime | None = None, *, redate: bool = False
) -> ProgramVersion:
    """Freeze the draft as the next version, in force from now on; a first version from `since` on, if given.

    `redate`: points that members can use already get the new expiry too (`loyalty.ledger.redate_all_due` does it).

    Raises `InvalidProgram` with every problem of the draft, or `NothingToPublish` when it is already live.
    """
    with transaction.atomic(), scope(shop=shop):
        _lock(shop)
        document = draft_document(shop)
        last = versions(shop).first()
        if last and decode(last.document) == document:
            raise NothingToPublish(gettext("The draft is the same as the live version."))
        _stop_deliveries(shop)
        version = ProgramVersion.objects.create(
            shop=shop,
            number=last.number + 1 if last else 1,
            document=as_dict(document),
            published_by=actor,
            note=note,
            # A clock that was set back must not make an older version the newest again.
            published_at=max(now(), last.published_at) if last else since or now(),
        )
        if redate:
            Program.objects.filter(shop=shop).update(redate_version=version.number, redated_to=0)
        return version


def roll_back(shop: Shop, number: int, actor: str, *, redate: bool = False) -> ProgramVersion:
    """Publish what version `number` said as a new version; the draft becomes it too. `redate` as for `publish`.

    Raises `UnknownVersion`, `NothingToPublish` when that is what is live, or `InvalidProgram`.
    """
    with transaction.atomic(), scope(shop=shop):
        _lock(shop)
        old = versions(shop).filter(number=number).first()
        if old is None:
            raise UnknownVersion(gettext("There is no version %(number)d.") % {"number": number})
        load_draft(shop, decode(old.document))
        note = gettext("Back to version %(number)d") % {"number": number}
        return publish(shop, actor, note, redate=redate)


def _lock(shop: Shop) -> Program:
    """One person at a time changes or publishes a shop's draft."""
    return Program.objects.select_for_update().get(shop=shop)


def _stop_deliveries(shop: Shop) -> None:
    """Wait for the batches of deliveries under way, which share these locks: none goes by a timeline without
    the version that is about to be in force. The instant of publishing is taken after it.
    """
    list(Connection.objects.select_for_update(no_key=True).filter(shop=shop).order_by("pk").values_list("pk"))


def _check_shop(shop: Shop) -> None:
    errors: dict[str, str] = {}
    if not shop.name or not shop.name.isprintable():
        errors["name"] = gettext("Give the shop a name, in one line of text.")
    elif len(shop.name) > 120:
        errors["name"] = gettext("The name may have at most 120 characters.")
    if not is_currency(shop.currency):
        errors["currency"] = gettext("“%(given)s” is not an ISO 4217 currency code such as EUR.") % {
            "given": shop.currency
        }
    if shop.timezone not in available_timezones():
        errors["timezone"] = gettext("“%(given)s” is not a time zone such as Europe/Berlin.") % {
            "given": shop.timezone
        }
    if errors:
        raise ValidationError(errors)
