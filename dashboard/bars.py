"""Bars for an SVG: one for each of a few values, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.chart import HEIGHT, round_up

STEP = 40
BAR = 26


@dataclass(frozen=True)
class Bar:
    """A value and where its bar stands in the drawing's own units."""

    label: str
    value: int
    left: int
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Bars:
    """`top` is the value that the full height stands for."""

    bars: tuple[Bar, ...]
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

    @property
    def total(self) -> int:
        return sum(bar.value for bar in self.bars)


def bars(values: Sequence[tuple[str, int]]) -> Bars:
    """Bars for (label, value) from the left to the right; values are not below zero."""
    top = round_up(max((value for _, value in values), default=0))
    made = []
    for index, (label, value) in enumerate(values):
        height = round(value * HEIGHT / top, 2)
        left = index * STEP
        made.append(Bar(label, value, left, left + (STEP - BAR) // 2, HEIGHT - height, height))
    return Bars(tuple(made), top, STEP * len(made))
