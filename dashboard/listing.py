"""Pages of long lists."""

from typing import TypeVar, cast

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

PAGE_SIZE = 25
# Nobody turns to page 400, but the database would have to read all rows before it.
MOST_LISTED = 10_000

Row = TypeVar("Row", bound=Model)


class BoundedPaginator(Paginator):
    """Pages of the first `MOST_LISTED` rows; `more` tells that there are others."""

    @cached_property
    def count(self) -> int:
        return min(self._found, MOST_LISTED)

    @property
    def more(self) -> bool:
        return self._found > MOST_LISTED

    @cached_property
    def _found(self) -> int:
        rows = cast("QuerySet[Model]", self.object_list)
        return rows.order_by().values("pk")[: MOST_LISTED + 1].count()


def page_of(request: HttpRequest, rows: "QuerySet[Row]", size: int = PAGE_SIZE) -> "Page[Row]":
    """The page that `?page=` asks for; the nearest one where that is no page."""
    page: Page[Row] = BoundedPaginator(rows, size).get_page(request.GET.get("page"))
    return page
