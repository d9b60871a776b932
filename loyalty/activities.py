"""The points of an activity that is no order: a pure function of the activity and of the program in force."""

from datetime import datetime

from msgspec import Struct

from loyalty.context import ALONE, Context, Evaluation
from loyalty.programs import CompiledProgram


class ActivityFacts(Struct, frozen=True):
    """What a member did. `kind`: the kind of the rules for it; `name` of a custom event; `network` followed;
    `tags` of the member at that time.
    """

    kind: str
    occurred_at: datetime
    name: str = ""
    network: str = ""
    tags: tuple[str, ...] = ()


def evaluate_activity(
    program: CompiledProgram, facts: ActivityFacts, context: Context = ALONE, *, explain: bool = True
) -> Evaluation:
    """The points that the activity is worth under `program`."""
    return Evaluation(0, {"v": 1, "target": 0, "skipped": "no_rules"})
