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
]
BACKWARD = [
    "DROP TRIGGER append_only ON loyalty_entry",
    "DROP TRIGGER append_only ON loyalty_programversion",
    "DROP FUNCTION loyalty_refuse_change()",
]


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0003_tenant_keys")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
