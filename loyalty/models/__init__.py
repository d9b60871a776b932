"""Programs and their versions, the points ledger, and members."""

from loyalty.models.batches import Batch, BatchRow
from loyalty.models.books import ExpiryWarning, PeriodClose
from loyalty.models.ledger import Account, Award, Entry, Lot, LotUse
from loyalty.models.members import Activity, Progress, Standing, TierPin, TierSpan
from loyalty.models.programs import Program, ProgramVersion

__all__ = [
    "Account",
    "Activity",
    "Award",
    "Batch",
    "BatchRow",
    "Entry",
    "ExpiryWarning",
    "Lot",
    "LotUse",
    "PeriodClose",
    "Program",
    "ProgramVersion",
    "Progress",
    "Standing",
    "TierPin",
    "TierSpan",
]
