"""Which errors of the database pass by themselves."""

import pytest
from django.db import DatabaseError, connection, transaction

from lib.rows import passing

pytestmark = pytest.mark.django_db

# Deadlock, disk full, too many connections, shutdown; then a limit, a timeout, memory, an overflow, a constraint.
PASSING = ("40P01", "40001", "53100", "53300", "57P01", "57P03", "08006", "58030")
LASTING = ("54000", "54001", "57014", "53200", "22003", "23505", "XX000", "P0001")


@pytest.mark.parametrize("code", PASSING + LASTING)
def test_what_passes_by_itself(code: str) -> None:
    with (
        pytest.raises(DatabaseError) as raised,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")
    assert passing(raised.value) == (code in PASSING)
