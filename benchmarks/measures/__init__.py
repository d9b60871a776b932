"""The measurements, in the order in which they run. Each gives rows as it goes."""

from collections.abc import Callable, Iterator

from benchmarks.bench import Bench
from benchmarks.measures import (
    applying,
    end_to_end,
    evaluating,
    growing,
    intake,
    latency,
    nightly,
    proving,
    reading,
    reserving,
    trying,
)
from benchmarks.results import Row

MEASURES: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "intake": intake.measure,
    "end_to_end": end_to_end.measure,
    "applying": applying.measure,
    "evaluating": evaluating.measure,
    "latency": latency.measure,
    "reading": reading.measure,
    "reserving": reserving.measure,
    "growing": growing.measure,
    "proving": proving.measure,
    "trying": trying.measure,
    "nightly": nightly.measure,
}
