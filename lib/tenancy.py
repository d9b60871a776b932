"""Foreign keys between rows of one shop."""

from typing import Any

from django.db import models


class TenantKey(models.ForeignKey):
    """A foreign key to a row of the same shop.

    Django sees an ordinary key on `id`. The database holds a composite one, (shop_id, id), made by the
    migration `*_tenant_keys`, so one shop's row cannot name another's.
    """

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **options: Any) -> None:
        options["db_constraint"] = False
        options.setdefault("db_index", False)
        super().__init__(to, on_delete, **options)
