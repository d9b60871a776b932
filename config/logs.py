"""Structured logs: one JSON object a line, with request and delivery ids, without personal data or secrets."""

import contextlib
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec
import structlog
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


def shared_processors() -> list[Any]:
    """What happens to the events of other libraries."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def frames_only(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its type and places. Its message and variables may hold a shopper's data, or a secret."""
    error = event.pop("exc_info", None)
    error = sys.exc_info()[1] if error is True else error[1] if isinstance(error, tuple) else error
    if isinstance(error, BaseException):
        chain = [error]
        while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
            chain.append(cause)
        event["exception"] = [
            {"type": type(one).__name__, "at": [f"{f.filename}:{f.lineno} {f.name}" for f in _frames(one)]}
            for one in chain
        ]
    return event


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return list(traceback.extract_tb(error.__traceback__))[-12:]


class _StandardError:
    """Writes to the process's standard error itself, whole lines, whatever `sys.stderr` is by now."""

    def write(self, line: bytes) -> None:
        # A log that cannot be written never fails what was to be logged.
        with contextlib.suppress(OSError):
            os.write(2, line)

    def flush(self) -> None:
        """Nothing is held back."""


def configure(level: str) -> None:
    """Set up our own events: straight to standard error. Other libraries' come by way of `logging`."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_logger_name,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            frames_only,
            structlog.processors.JSONRenderer(serializer=_serialize),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(_StandardError()),  # type: ignore[arg-type]
        cache_logger_on_first_use=True,
    )


def _serialize(event: dict[str, Any], **_options: Any) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)


log = structlog.get_logger("regulars.request")


def request_log(get_response: GetResponse) -> GetResponse:
    """Give each request an id (answered as `X-Request-Id`) and log its end.

    The path is logged without its query, which may hold an e-mail or a token.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = get_response(request)
            log.info(
                "request",
                method=request.method,
                path=request.path_info,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        response["X-Request-Id"] = request_id
        return response

    return middleware
