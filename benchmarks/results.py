"""Rows of the report: a figure, what it is compared with, and the verdict."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

REPORT = Path(__file__).resolve().parent.parent / ".regulars" / "bench.json"


@dataclass(slots=True)
class Row:
    """`value` in `unit`; `ratio` is value ÷ baseline where there is one, if not given.

    `target` reads like ">= 0.55" and is about the ratio, or about the value when there is no baseline.
    `ok` is None where nothing is asked. `how` says in a line how it was measured.
    """

    name: str
    value: float
    unit: str
    how: str
    baseline: float | None = None
    target: str = ""
    ratio: float | None = None
    ok: bool | None = None

    def __post_init__(self) -> None:
        if self.baseline and self.ratio is None:
            self.ratio = self.value / self.baseline
        if self.target:
            sign, _, bound = self.target.partition(" ")
            figure = self.value if self.ratio is None else self.ratio
            self.ok = figure >= float(bound) if sign == ">=" else figure <= float(bound)


def against(
    name: str, unit: str, how: str, ours: Sequence[float], theirs: Sequence[float], target: str
) -> Row:
    """A row of medians. The ratio is the median of the rounds' own: neighbours in time share the same noise."""
    ratio = median(one / other for one, other in zip(ours, theirs, strict=True))
    return Row(name, median(ours), unit, how, median(theirs), target, ratio)


def show(row: Row) -> None:
    """Print a row, and how it was measured below it."""
    baseline = f"{_number(row.baseline)}" if row.baseline is not None else "–"
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else "–"
    verdict = {None: "", True: "ok", False: "MISSED"}[row.ok]
    print(
        f"{row.name:44} {_number(row.value):>9} {row.unit:10} {baseline:>9} {ratio:>7}  {row.target:8} {verdict}"
    )
    print(f"    {row.how}", flush=True)


def head() -> None:
    print(
        f"{'what':44} {'value':>9} {'unit':10} {'baseline':>9} {'ratio':>7}  {'target':8} verdict", flush=True
    )


def save(rows: Sequence[Row]) -> None:
    """Write `.regulars/bench.json`."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
