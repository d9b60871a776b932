"""How hard the properties are tried: a little in every run, a lot in `make soak`."""

import os

from hypothesis import settings

SOAK = os.environ.get("REGULARS_SOAK") == "1"

if SOAK:
    # New examples each time, on a machine that tests changes too.
    settings.register_profile(
        "soak", max_examples=1000, deadline=None, derandomize=False, print_blob=True, database=None
    )
    settings.load_profile("soak")


def tries(few: int, many: int) -> int:
    """`few` in an ordinary run, `many` in a soak."""
    return many if SOAK else few
