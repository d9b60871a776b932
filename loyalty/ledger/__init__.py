"""The one door to the points ledger: it locks accounts, appends entries, opens and uses lots, updates balances."""

from loyalty.ledger.accounts import lock_accounts
from loyalty.ledger.jobs import expire_account, expire_all_due, expire_due, release_all_due, release_due
from loyalty.ledger.moves import Move, Posted, Uncovered
from loyalty.ledger.posting import lock, post
from loyalty.ledger.projections import changes, freeze, rebuild, unfreeze
from loyalty.ledger.redating import redate_all_due, redate_awards
from loyalty.ledger.returns import unreturned

__all__ = [
    "Move",
    "Posted",
    "Uncovered",
    "changes",
    "expire_account",
    "expire_all_due",
    "expire_due",
    "freeze",
    "lock",
    "lock_accounts",
    "post",
    "rebuild",
    "redate_all_due",
    "redate_awards",
    "release_all_due",
    "release_due",
    "unfreeze",
    "unreturned",
]
