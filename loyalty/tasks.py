"""What the loyalty app does by itself."""

import structlog
from celery import shared_task

from loyalty.proof import verify

log = structlog.get_logger("regulars.ledger")


@shared_task(name="loyalty.verify_ledger", ignore_result=True)
def verify_ledger() -> None:
    """Prove the whole ledger; accounts that differ are frozen, and shown in the dashboard."""
    found = verify()
    for difference in found[:100]:
        log.error(
            "ledger differs",
            shop_id=difference.shop_id,
            account_id=difference.account_id,
            what=difference.what,
        )
    log.info("ledger verified", differences=len(found))
