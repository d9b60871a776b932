"""Pages of the server API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=` (more than 200 are never given)."""

    page_size_query_param = "page_size"
    page_size_query_description: Any = _("How many results a page has; at most 200.")
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("page_size", "1")
        if not (asked.isascii() and asked.isdigit() and len(asked) < 10 and int(asked)):
            raise ValidationError({"page_size": [_("Must be a whole number above 0.")]})
        return super().get_page_size(request)

    def get_page_number(self, request: Request, paginator: Any) -> int | str:
        """As it was sent, so that an empty one is no page either."""
        number: int | str = request.query_params.get(self.page_query_param, 1)
        return number
