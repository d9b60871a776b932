"""What happened to a redemption, written down for the merchant."""

from datetime import datetime, timedelta

from rewards.models import Redemption, RedemptionStep

DETAIL_LENGTH = 500
ANSWER_LENGTH = 2000
# Of attempts in a row that all failed alike, the first are written one by one.
FIRST_ATTEMPTS = 5


def note(redemption: Redemption, what: str, detail: str = "", answer: str = "", actor: str = "") -> None:
    """Add a step: `what` in a word of at most 16 letters, `detail` in a sentence, the store's `answer` as it came."""
    RedemptionStep.objects.create(
        shop_id=redemption.shop_id,
        redemption=redemption,
        what=what,
        detail=detail[:DETAIL_LENGTH],
        answer=answer.replace("\x00", "")[:ANSWER_LENGTH],
        actor=actor,
    )


def note_failed_attempt(redemption: Redemption, what: str, detail: str, answer: str = "") -> None:
    """As `note`; but of many attempts that fail alike only the first few are kept."""
    steps = RedemptionStep.objects.filter(shop_id=redemption.shop_id, redemption=redemption)
    last = steps.order_by("-id").values_list("what", "detail").first()
    if redemption.attempts <= FIRST_ATTEMPTS or last != (what, detail[:DETAIL_LENGTH]):
        note(redemption, what, detail, answer)


def last_at(redemption: Redemption, what: str) -> datetime | None:
    """When this last happened to the redemption."""
    steps = RedemptionStep.objects.filter(shop_id=redemption.shop_id, redemption=redemption, what=what)
    at: datetime | None = steps.order_by("-id").values_list("at", flat=True).first()
    return at


def within(redemption: Redemption, what: str, at: datetime, span: timedelta) -> bool:
    """Whether this happened to the redemption less than `span` before `at`."""
    last = last_at(redemption, what)
    return last is not None and at - last < span
