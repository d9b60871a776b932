"""The same work as a textbook does it: DRF, the ORM, a Celery message for each webhook. A baseline, not an example."""

from benchmarks.textbook.celery import app

__all__ = ["app"]
