"""The one door to the points ledger: it locks accounts, appends entries, opens and uses lots, updates balances."""

from loyalty.ledger.jobs import expire_all_due, expire_due, release_all_due, release_due
from loyalty.ledger.moves import Move, Posted, Uncovered
from loyalty.ledger.posting import lock, post
from loyalty.ledger.projections import changes, freeze, rebuild, unfreeze
from loyalty.ledger.redating import redate_all_due, redate_awards

__all__ = [
    "Move",
    "Posted",
    "Uncovered",
    "changes",
    "expire_all_due",
    "expire_due",
    "freeze",
    "lock",
    "post",
    "rebuild",
    "redate_all_due",
    "redate_awards",
    "release_all_due",
    "release_due",
    "unfreeze",
]
