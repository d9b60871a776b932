"""Columns for an SVG: two for each day, on one scale."""

from dataclasses import dataclass

from dashboard.figures import Day, Month

HEIGHT = 100
STEP = 20
BAR = 7


@dataclass(frozen=True)
class Column:
    """One day: where its two bars stand in the drawing's own units."""

    day: Day
    left: int
    x: int
    x_out: int
    height_in: float
    height_out: float
    y_in: float
    y_out: float


@dataclass(frozen=True)
class Chart:
    """The columns of a month; `top` is the value that the full height stands for."""

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


def chart(month: Month) -> Chart:
    """The month's points in and out."""
    top = round_up(max((max(day.points_in, day.points_out) for day in month.days), default=0))
    columns = tuple(_column(index, day, top) for index, day in enumerate(month.days))
    return Chart(columns=columns, top=top, width=STEP * len(columns))


def _column(index: int, day: Day, top: int) -> Column:
    height_in = round(day.points_in * HEIGHT / top, 2)
    height_out = round(day.points_out * HEIGHT / top, 2)
    x = index * STEP + 2
    return Column(
        day=day,
        left=index * STEP,
        x=x,
        x_out=x + BAR + 1,
        height_in=height_in,
        height_out=height_out,
        y_in=HEIGHT - height_in,
        y_out=HEIGHT - height_out,
    )


def round_up(value: int) -> int:
    """The next of 10, 20, 40, 60, 80, 100, 200, … so that half of it is a whole number."""
    scale = 10 ** max(1, len(str(value)) - 1)
    return next(step * scale for step in (1, 2, 4, 6, 8, 10) if value <= step * scale)
