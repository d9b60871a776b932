"""The database itself refuses to change or remove entries and published versions, also for the tables' owner."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION loyalty_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$
"""
FORWARD = [
    FUNCTION,
    *(
        statement
        for table in ("loyalty_entry", "loyalty_programversion")
        for statement in (
            f"""CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION loyalty_refuse_change()""",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only",
        )
    ),
    # These change as points are used and awards revised, but a row of them never goes.
    *(
        statement
        for table in ("loyalty_award", "loyalty_lot", "loyalty_lotuse")
        for statement in (
            f"""CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION loyalty_refuse_change()""",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER kept",
        )
    ),
]
BACKWARD = [
    "DROP TRIGGER kept ON loyalty_award",
    "DROP TRIGGER kept ON loyalty_lot",
    "DROP TRIGGER kept ON loyalty_lotuse",
    "DROP TRIGGER append_only ON loyalty_entry",
    "DROP TRIGGER append_only ON loyalty_programversion",
    "DROP FUNCTION loyalty_refuse_change()",
]


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_tenant_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
