"""Something that meets the conditions of a rule or a campaign, to work an example with."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from loyalty.context import Context
from loyalty.documents import Conditions, ProgramDocument
from platforms.snapshots import Line

EARLIEST, LATEST = datetime(1900, 1, 1), datetime(9990, 1, 1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Sample:
    """When it happens, who it is about, and a line of the products meant; `text` tells what is special about it."""

    at: datetime
    line: Line
    context: Context
    channel: str
    customer_tags: tuple[str, ...]
    text: str


def local_instant(written: str, zone: ZoneInfo) -> datetime:
    """The instant of a moment on the shop's clock, as a document writes it, kept off the ends of the calendar."""
    return min(max(datetime.fromisoformat(written), EARLIEST), LATEST).replace(tzinfo=zone)


def sample_of(
    document: ProgramDocument, conditions: Conditions, at: datetime, zone: ZoneInfo
) -> Sample | None:
    """The next that meets `conditions` from `at` on; None when their time is over. Amounts are left open."""
    moment = _moment(conditions, at, zone)
    if moment is None:
        return None
    products = conditions.products
    line = Line(
        id="1",
        net=Decimal(0),
        product_id=_first(products.product_ids),
        variant_id=_first(products.variant_ids),
        sku=_first(products.skus),
        vendor=_first(products.vendors),
        product_type=_first(products.product_types),
        tags=products.tags[:1],
    )
    tier = _first(conditions.tiers)
    names = {level.key: level.name for level in document.tiers.levels}
    said = []
    if moment != at:
        said.append(date_format(moment.astimezone(zone), "l j F"))
    if tier:
        said.append(gettext("a %(tier)s member") % {"tier": names.get(tier, tier)})
    if conditions.first_order:
        said.append(gettext("a first order"))
    if conditions.customer_tags:
        said.append(gettext("a customer tagged %(tag)s") % {"tag": conditions.customer_tags[0]})
    text = gettext("In this example: %(what)s.") % {"what": ", ".join(said)} if said else ""
    return Sample(
        moment,
        line,
        Context(tier=tier),
        _first(conditions.channels) or "web",
        conditions.customer_tags[:1],
        text,
    )


def _first(texts: tuple[str, ...]) -> str:
    return texts[0] if texts else ""


def _moment(conditions: Conditions, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The first moment from `at` on that the conditions allow."""
    starts = local_instant(conditions.starts, zone) if conditions.starts else at
    ends = local_instant(conditions.ends, zone) if conditions.ends else None
    moment = max(at, starts)
    if conditions.weekdays:
        moment = _on_weekday(moment, conditions.weekdays, zone)
    return None if ends is not None and moment >= ends else moment


def _on_weekday(moment: datetime, weekdays: tuple[str, ...], zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    if WEEKDAYS[local.weekday()] in weekdays:
        return moment
    days: list[date] = [local.date() + timedelta(days=ahead) for ahead in range(1, 8)]
    day = next((day for day in days if WEEKDAYS[day.weekday()] in weekdays), days[0])
    return datetime.combine(day, time(12), zone)
