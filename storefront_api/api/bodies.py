"""What every request of the server API is held to: how large, under which name, and how a conflict is told."""

import re
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

MOST_BYTES = 256 * 1024
LONGEST_KEY = 200
_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_KEY_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": r"^[\x21-\x7e]+$"}


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE

    def __init__(self) -> None:
        super().__init__({"detail": _("The body is larger than 256 kB.")})


class Conflict(APIException):
    """What was asked cannot be done as things stand; `code` tells a program why."""

    status_code = status.HTTP_409_CONFLICT

    def __init__(self, detail: str, code: str) -> None:
        super().__init__({"detail": detail, "code": code})


class BoundedJSON(JSONParser):
    """JSON of a bounded size; nested deeper than Python can read it is a bad request, not a crash."""

    def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            return super().parse(BytesIO(body), *args, **kwargs)
        except RecursionError:
            raise ParseError(_("The JSON is nested too deeply.")) from None


def key_parameter(description: str, *, required: bool = True) -> OpenApiParameter:
    """The header Idempotency-Key, for the schema."""
    return OpenApiParameter(
        "Idempotency-Key", _KEY_SCHEMA, OpenApiParameter.HEADER, required=required, description=description
    )


def idempotency_key(request: Request) -> str:
    """The header's value. Raises ValidationError."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        message = _("Send this header with 1 to 200 visible ASCII characters that name the request.")
        raise ValidationError({"Idempotency-Key": [message]})
    return key
