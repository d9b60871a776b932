"""What an activity came to, in points and in words."""

from django.utils.translation import gettext

from loyalty.actions.activities import Recorded
from loyalty.explain import explain


def points_of(recorded: Recorded) -> int:
    """The points that this telling of an activity earned."""
    return recorded.award.target if recorded.award else 0


def sentence_of(recorded: Recorded) -> str:
    """Why these points, or why none."""
    award = recorded.award
    if award is None:
        return gettext("No points: this was counted already.")
    if not award.target and award.breakdown.get("skipped") == "no_rules":
        return gettext("No points: nothing in the program rewards this.")
    name = award.program_version.document["points_name"]
    return explain(award.breakdown, award.target, points_name=name)
