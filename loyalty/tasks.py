"""What the loyalty app does by itself. Each run ends after a while, so that no worker is held; the next goes on."""

import structlog
from celery import shared_task

from loyalty import ledger, warnings
from loyalty.actions.batches import claim_waiting, continue_batches
from loyalty.actions.catch_up import catch_up
from loyalty.actions.days import mark_days
from loyalty.proof import verify
from loyalty.proving import remember
from loyalty.reviews import review_all_due

log = structlog.get_logger("regulars.ledger")

LONGEST_S = 40.0


@shared_task(name="loyalty.verify_ledger", ignore_result=True)
def verify_ledger() -> None:
    """Prove the whole ledger; accounts that differ are frozen, and shown in the dashboard."""
    found = verify()
    remember()
    for difference in found[:100]:
        log.error(
            "ledger differs",
            shop_id=difference.shop_id,
            account_id=difference.account_id,
            what=difference.what,
        )
    log.info("ledger verified", differences=len(found))


@shared_task(name="loyalty.release_points", ignore_result=True)
def release_points() -> None:
    """Release points whose hold is over."""
    _tell("points released", ledger.release_all_due(seconds=LONGEST_S))


@shared_task(name="loyalty.expire_points", ignore_result=True)
def expire_points() -> None:
    """Let points expire that are due."""
    _tell("points expired", ledger.expire_all_due(seconds=LONGEST_S))


@shared_task(name="loyalty.redate_points", ignore_result=True)
def redate_points() -> None:
    """Give points that members have already the expiry of a new version, where the merchant asked for it."""
    _tell("points redated", ledger.redate_all_due(seconds=LONGEST_S))


@shared_task(name="loyalty.review_tiers", ignore_result=True)
def review_tiers() -> None:
    """Look again at the tiers of members whose term, window or grace has ended."""
    _tell("tiers reviewed", review_all_due(seconds=LONGEST_S))


@shared_task(name="loyalty.catch_up", ignore_result=True)
def look_at_everybody() -> None:
    """After a publish: look at every member under the new version."""
    _tell("members caught up", catch_up(budget_s=LONGEST_S))


@shared_task(name="loyalty.write_warnings", ignore_result=True)
def write_warnings() -> None:
    """Write which members are to be warned of points that will expire."""
    _tell("warnings written", warnings.write_due(seconds=LONGEST_S))


@shared_task(name="loyalty.mark_days", ignore_result=True)
def mark_birthdays() -> None:
    """Give members what their birthdays and anniversaries earn."""
    _tell("days marked", mark_days())


@shared_task(name="loyalty.continue_batches", ignore_result=True)
def continue_imports() -> None:
    """Go on with the files of points that are being applied or undone."""
    _tell("batches ended", continue_batches())


@shared_task(name="loyalty.claim_imports", ignore_result=True)
def claim_imports() -> None:
    """Credit imported points whose members have become known."""
    _tell("imported points claimed", claim_waiting())


def _tell(what: str, count: int) -> None:
    if count:
        log.info(what, count=count)
