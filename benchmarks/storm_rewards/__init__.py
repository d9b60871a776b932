"""Redemptions under faults: `make storm-rewards`."""
