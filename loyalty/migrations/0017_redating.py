"""How far open lots have been given the expiry of a new version."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0016_replayed")]
    operations = [
        migrations.AddField(
            "program", "redate_version", models.PositiveIntegerField(db_default=0, default=0)
        ),
        migrations.AddField("program", "redated_to", models.BigIntegerField(db_default=0, default=0)),
    ]
