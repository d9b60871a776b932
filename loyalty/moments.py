"""Dates and times of a program as they are written: on the shop's own clock, without a zone."""

import re
from datetime import datetime

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?", re.ASCII)


def local_moment(text: str) -> datetime:
    """ "2026-12-01" (the start of that day) or "2026-12-01T18:00" as a naive datetime. Raises ValueError."""
    if not _WRITTEN.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text)
