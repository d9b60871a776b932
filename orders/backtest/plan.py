"""What a run compares, made ready: the program on trial as a version of its own, and what is live."""

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from loyalty.documents import ProgramDocument, decode
from loyalty.programs import compile_program
from loyalty.versions import LoadedVersion, Timeline, timelines
from orders.backtest.rows import Span
from orders.models import Backtest

# No version has this id: the program on trial was never published.
TRIAL = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """`trial`: the program on trial; `trials`: a timeline that knows nothing else; `live`: the shop's own versions.

    `first_day`: that of the period, on the shop's calendar.
    """

    span: Span
    zone: ZoneInfo
    first_day: date
    trial: LoadedVersion
    trials: Timeline
    live: Timeline

    @property
    def by_member(self) -> bool:
        """Whether what an order earns depends on what else its member did."""
        return self.trial.program.needs_context or bool(self.trial.document.tiers.levels)

    @property
    def everybody(self) -> bool:
        """Whether members without any order in the period may change their tier too."""
        tiers = self.trial.document.tiers
        return bool(tiers.levels) and tiers != self.live_document.tiers

    @property
    def live_document(self) -> ProgramDocument:
        return self.live.versions[-1].document


def plan_of(run: Backtest) -> Plan:
    """Compile what `run` tries; one statement."""
    live = timelines([run.shop_id])[run.shop_id]
    zone = ZoneInfo(run.shop.timezone)
    document = decode(run.document)
    program = compile_program(document, run.shop.timezone)
    trial = replace(
        live.versions[-1],
        id=TRIAL,
        number=live.versions[-1].number + 1,
        published_at=live.since[0],
        document=document,
        program=program,
    )
    return Plan(
        span=Span(run.shop_id, run.starts_at, run.ends_at, run.data["orders"]),
        zone=zone,
        first_day=run.starts_at.astimezone(zone).date(),
        trial=trial,
        trials=Timeline((live.since[0],), (trial,), program.needs_context),
        live=live,
    )
