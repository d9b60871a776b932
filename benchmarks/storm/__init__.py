"""Faults under load: `make storm`."""
