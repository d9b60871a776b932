"""Evaluating an order under a rich program, beside the default program on the same order."""

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.bench import Bench
from benchmarks.programs import rich_document, ten_lines
from benchmarks.results import Row, against
from loyalty.documents import default_document
from loyalty.earning import ALONE, CompiledProgram, Context, OrderFacts, compile_program, evaluate

ZONE = "Europe/Berlin"
# The third order of a member with a tier: that tier's multiplier, its rules and the punch card apply.
THIRD = Context(ordinal=3, tier="gold")
ROUNDS = 41


def measure(bench: Bench) -> Iterator[Row]:
    """A row of the rich program to the default one: CPU time of an evaluation with its explanation."""
    times = 100 if bench.quick else 400
    order = ten_lines()
    rich, plain = compile_program(rich_document(), ZONE), compile_program(default_document("EUR"), ZONE)
    ours, theirs = [], []
    for number in range(-2, ROUNDS):
        pair = _cpu_us(rich, order, THIRD, times), _cpu_us(plain, order, ALONE, times)
        if number >= 0:
            ours.append(pair[0])
            theirs.append(pair[1])
    how = (
        "25 rules, 10 exclusions, 5 tiers and 4 campaigns beside the default program, an order of 10 lines; "
        f"CPU time with the explanation, one thread; {median(ours):.0f} against {median(theirs):.0f} µs"
    )
    yield against("evaluating, rich / default program", "µs", how, ours, theirs, "<= 1.5")


def _cpu_us(program: CompiledProgram, order: OrderFacts, context: Context, times: int) -> float:
    """CPU microseconds of one evaluation, the mean of so many."""
    started = time.thread_time_ns()
    for _ in range(times):
        evaluate(program, order, context)
    return (time.thread_time_ns() - started) / times / 1000
