"""How far the members of a shop have been replayed under its newest version."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0015_batch_keys")]
    operations = [
        migrations.AddField(
            "program", "replayed_version", models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("program", "replaying", models.PositiveIntegerField(db_default=0, default=0)),
        migrations.AddField("program", "replayed_to", models.BigIntegerField(db_default=0, default=0)),
    ]
