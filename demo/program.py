"""The loyalty program of the demo store: a little of everything."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from demo.catalogue import CURRENCY, TIMEZONE
from loyalty.documents import (
    Birthday,
    Campaign,
    Conditions,
    Expiry,
    Limit,
    Newsletter,
    NthOrder,
    PerCurrency,
    ProductSet,
    ProgramDocument,
    Review,
    Rule,
    SignUp,
    SocialFollow,
    Tier,
    Tiers,
)

CAMPAIGN_DAYS = 13


def document(at: datetime) -> ProgramDocument:
    """The program as it stands at `at`: its campaign runs since a week ago, for two weeks more."""
    today = at.astimezone(ZoneInfo(TIMEZONE)).date()
    return ProgramDocument(
        currency=CURRENCY,
        rules=_rules(),
        campaigns=(
            Campaign(
                key="vases",
                name=_("Double points on vases and teapots"),
                multiplier=Decimal(2),
                announcement=_("Double points on vases and teapots"),
                conditions=Conditions(
                    starts=(today - timedelta(days=7)).isoformat(),
                    ends=(today + timedelta(days=CAMPAIGN_DAYS + 1)).isoformat(),
                    products=ProductSet(skus=("vase", "teapot")),
                ),
            ),
        ),
        tiers=Tiers(levels=_levels(), grace_days=14, downgrade="one_step"),
        expiry=Expiry(mode="per_lot", months=12),
        point_value=Decimal("0.01"),
    )


def _rules() -> tuple[Rule, ...]:
    points = Decimal
    return (
        PerCurrency(key="purchases", name=_("Points for purchases"), points=points(1), per=Decimal(1)),
        NthOrder(key="fifth_order", name=_("Every fifth order"), points=points(100), every=5),
        SignUp(key="sign_up", name=_("Welcome"), points=points(50)),
        Newsletter(key="newsletter", name=_("Newsletter"), points=points(30)),
        Birthday(key="birthday", name=_("Birthday"), points=points(150)),
        Review(
            key="review",
            name=_("Review"),
            points=points(40),
            limits=(Limit(period="month", times=2),),
        ),
        SocialFollow(
            key="instagram",
            name=_("Instagram"),
            points=points(25),
            network="instagram",
            url="https://www.instagram.com/",
        ),
    )


def _levels() -> tuple[Tier, ...]:
    return (
        Tier(key="bronze", name=_("Bronze"), threshold=Decimal(0)),
        Tier(
            key="silver",
            name=_("Silver"),
            threshold=Decimal(250),
            multiplier=Decimal("1.25"),
            entry_points=50,
            perks=(_("Free gift wrapping"),),
        ),
        Tier(
            key="gold",
            name=_("Gold"),
            threshold=Decimal(600),
            multiplier=Decimal("1.5"),
            entry_points=150,
            perks=(_("Free gift wrapping"), _("First look at new pieces")),
        ),
    )
