"""Which of pytest-xdist's workers runs what."""

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Only one of them needs the running installation then, and no browser waits for another.
LIVE = (
    "tests/browser/",
    "tests/test_material.py",
    "tests/storefront_api/test_redemptions_at_once.py",
    "tests/storefront_api/test_webhooks_wire.py",
)


class LiveTogether(LoadScopeScheduling):
    """The tests of the running installation go to one worker, first of all; others to whoever is free.

    Marks do not do it: pytest-xdist 3.8 writes them into the names of tests, which pytest 9.2 does not read.
    """

    def _split_scope(self, nodeid: str) -> str:
        return "live" if nodeid.startswith(LIVE) else nodeid
