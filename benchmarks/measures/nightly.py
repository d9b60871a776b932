"""The jobs of the night on which a year ends, beside loops over members with the ORM; then the proof of the ledger."""

from collections.abc import Iterator
from typing import Any

from benchmarks import crowd
from benchmarks.bench import TEXTBOOK_SETTINGS, Bench
from benchmarks.measures.proving import proof
from benchmarks.processes import run
from benchmarks.results import Row

MEMBERS = 1_000_000
FEW_MEMBERS = 20_000
SAMPLE = 1_000


def measure(bench: Bench) -> Iterator[Row]:
    """Rows of the three jobs, of what they take, and of the proof of all entries afterwards."""
    members = FEW_MEMBERS if bench.quick else MEMBERS
    sample = SAMPLE // 5 if bench.quick else SAMPLE
    with bench.copy("night") as database, bench.textbook() as textbook:
        made = crowd.generate(database, bench.store, members)
        loops = [_textbook(textbook, sample)]
        night = run("benchmarks.night", database, crowd.NIGHT.isoformat())
        loops.append(_textbook(textbook, sample))
        due = {"reviewed": made.members, "expired": made.expiring, "released": made.on_hold}
        for job, count in due.items():
            if night[job]["count"] != count:
                raise RuntimeError(f"{night[job]['count']:,} {job} of {count:,}")
            yield _against_loops(job, night[job], [loop[job] for loop in loops], made, sample)
        longest = {job: night[job]["longest_s"] for job in due}
        how = ", ".join(f"{job} {seconds:.2f} s" for job, seconds in longest.items())
        yield Row("nightly jobs, longest transaction", max(longest.values()), "s", how, target="<= 2")
        how = "of the process that did all three, one after the other"
        yield Row("nightly jobs, peak memory", night["peak_mb"], "MB", how, target="<= 500")
        yield proof(database, "ledger verify, after the night")


def _against_loops(
    job: str, done: dict[str, Any], loops: list[dict[str, Any]], made: crowd.Crowd, sample: int
) -> Row:
    """The rate of a job beside that of the loops before and after it."""
    rate = done["count"] / done["seconds"]
    looped = sum(loop["count"] for loop in loops) / sum(loop["seconds"] for loop in loops)
    how = (
        f"{done['count']:,} in {done['seconds']:.1f} s, of {made.members:,} members with {made.lots:,} lots; "
        f"one process; the textbook: one at a time, a sample of {sample:,}"
    )
    return Row(f"nightly, {job} / textbook", rate, "a second", how, looped, ">= 50")


def _textbook(database: str, sample: int) -> dict[str, Any]:
    at = crowd.NIGHT.isoformat()
    return run("benchmarks.textbook.night", database, at, str(sample), settings=TEXTBOOK_SETTINGS)
