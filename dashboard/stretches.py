"""Columns for an SVG of a back-test: points now and with the draft, beside each other."""

from dataclasses import dataclass

from dashboard.chart import HEIGHT, round_up
from orders.backtest.figures import Result, Stretch

# Of the drawing's own units: the space of a stretch, and the part of it that one of its two bars takes.
STEP = 30
BAR = 11


@dataclass(frozen=True)
class Column:
    """One stretch of days: where its two bars stand in the drawing's own units."""

    stretch: Stretch
    left: int
    x: int
    x_draft: int
    height_now: float
    height_draft: float

    @property
    def y_now(self) -> float:
        return HEIGHT - self.height_now

    @property
    def y_draft(self) -> float:
        return HEIGHT - self.height_draft


@dataclass(frozen=True)
class StretchChart:
    """The columns of a period; `top` is the value that the full height stands for."""

    columns: tuple[Column, ...]
    top: int
    width: int
    height: int = HEIGHT
    bar: int = BAR
    step: int = STEP

    @property
    def middle(self) -> int:
        return self.height // 2

    @property
    def half(self) -> int:
        return self.top // 2


def chart_of(result: Result) -> StretchChart:
    """The series of a result."""
    top = round_up(max((max(each.now, each.draft) for each in result.series), default=0))
    columns = tuple(
        Column(
            stretch=each,
            left=index * STEP,
            x=index * STEP + 3,
            x_draft=index * STEP + 3 + BAR + 1,
            height_now=round(each.now * HEIGHT / top, 2),
            height_draft=round(each.draft * HEIGHT / top, 2),
        )
        for index, each in enumerate(result.series)
    )
    return StretchChart(columns=columns, top=top, width=STEP * len(columns))
