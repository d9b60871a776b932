"""Records of the played Admin API in the database, where every process finds them."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from demo.models import StoreRecord
from demo.shopify_admin.state import Change, Record


@dataclass(frozen=True)
class InDatabase:
    """Records of one kind. See `demo.shopify_admin.state.Records`."""

    kind: str

    def get(self, key: str) -> Record | None:
        return self._told(key=key)

    def by_id(self, id: str) -> Record | None:
        return self._told(gid=id)

    def add(self, key: str, record: Record) -> bool:
        try:
            with transaction.atomic():
                StoreRecord.objects.create(kind=self.kind, key=key, gid=record["id"], told=record)
        except IntegrityError:
            return False
        return True

    def change(self, key: str, change: Change) -> Record | None:
        with transaction.atomic():
            row = StoreRecord.objects.select_for_update().filter(kind=self.kind, key=key).first()
            if row is None:
                return None
            change(row.told)
            row.save(update_fields=["told"])
        return dict(row.told)

    def remove(self, key: str) -> Record | None:
        with transaction.atomic():
            row = StoreRecord.objects.select_for_update().filter(kind=self.kind, key=key).first()
            if row is not None:
                row.delete()
        return dict(row.told) if row else None

    def all(self) -> list[Record]:
        rows = StoreRecord.objects.filter(kind=self.kind).order_by("id")
        return list(rows.values_list("told", flat=True))

    def _told(self, **by: Any) -> Record | None:
        rows = StoreRecord.objects.filter(kind=self.kind, **by).order_by("id")
        return rows.values_list("told", flat=True).first()
