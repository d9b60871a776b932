"""What every storm prints, and its last line: the verdict."""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHOWN_PROBLEMS = 100


@dataclass
class Outcome:
    """`figures` for people who read on, `problems` in sentences, empty when all is well."""

    summary: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def run(seed: int, ride: Callable[[random.Random, Path], Outcome]) -> int:
    """Migrate, ride, print; the exit status. Logs go into the folder that `ride` is given."""
    subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"], check=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="regulars-storm-") as folder:
        outcome = ride(random.Random(seed), Path(folder))
        problems = outcome.problems
        if problems:
            for log in sorted(Path(folder).glob("*.log")):
                print(f"--- {log.name}\n{log.read_text()[-3000:]}")
    print(json.dumps(outcome.figures))
    for problem in problems[:SHOWN_PROBLEMS]:
        print(f"problem: {problem}")
    if len(problems) > SHOWN_PROBLEMS:
        print(f"problem: and {len(problems) - SHOWN_PROBLEMS} more")
    took = f"{time.monotonic() - started:.0f} s, seed {seed}"
    print(f"STORM {'FAILED' if problems else 'PASSED'}: {outcome.summary} ({took})", flush=True)
    return 1 if problems else 0
