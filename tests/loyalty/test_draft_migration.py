"""Drafts that were rows become documents."""

import json
from decimal import Decimal
from importlib import import_module

from django.db import connection

from loyalty.documents import Basis, Exclusions, PerCurrency, ProgramDocument
from loyalty.validation import validate

MIGRATION = import_module("loyalty.migrations.0007_draft_document")
# The columns as they were before, in temporary tables that hide today's.
BEFORE = """
CREATE TEMP TABLE shops_shop (id bigint, currency text) ON COMMIT DROP;
CREATE TEMP TABLE loyalty_program (
    id bigint, shop_id bigint, points_name text, rounding text, deficit text, award_guests_later boolean,
    include_tax boolean, include_shipping boolean, include_gift_cards boolean, exclusions jsonb, draft jsonb
) ON COMMIT DROP;
CREATE TEMP TABLE loyalty_earningrule (
    id bigint, shop_id bigint, program_id bigint, position int, kind text, key text, name text, active boolean,
    points numeric(12, 4), per numeric(12, 4)
) ON COMMIT DROP;
INSERT INTO shops_shop VALUES (1, 'EUR'), (2, 'JPY');
INSERT INTO loyalty_program VALUES
    (7, 1, 'Beans', 'half_up', 'clamp', false, true, false, true, '{"skus": ["A"], "tags": []}'),
    (8, 2, 'points', 'floor', 'carry', true, false, false, false, '{}');
INSERT INTO loyalty_earningrule VALUES
    (2, 1, 7, 1, 'per_currency', 'second', 'Second', false, 10, 100),
    (1, 1, 7, 0, 'per_currency', 'first', 'First', true, 0.5, 1200.25),
    (3, 2, 8, 0, 'per_currency', 'only', 'Only', true, 1, 100);
"""


def rule(key: str, points: str, per: str, active: bool = True) -> PerCurrency:
    return PerCurrency(key=key, name=key.title(), points=Decimal(points), per=Decimal(per), active=active)


def test_every_draft_is_what_its_rows_said(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(BEFORE)
        cursor.execute(MIGRATION.FILL)
        cursor.execute("SELECT draft::text FROM loyalty_program ORDER BY shop_id")
        drafts = [json.loads(draft) for (draft,) in cursor.fetchall()]
    assert (drafts[0]["rules"][0]["points"], drafts[0]["rules"][0]["per"]) == ("0.5", "1200.25")
    assert [validate(draft) for draft in drafts] == [
        ProgramDocument(
            currency="EUR",
            rules=(rule("first", "0.5", "1200.25"), rule("second", "10", "100", active=False)),
            points_name="Beans",
            rounding="half_up",
            deficit="clamp",
            award_guests_later=False,
            basis=Basis(include_tax=True, include_gift_cards=True),
            exclusions=Exclusions(skus=("A",)),
        ),
        ProgramDocument(currency="JPY", rules=(rule("only", "1", "100"),)),
    ]
