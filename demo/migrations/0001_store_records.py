"""What the demo store's platform remembers, for all processes that play it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="StoreRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32)),
                ("key", models.CharField(max_length=255)),
                ("gid", models.CharField(max_length=255)),
                ("told", models.JSONField()),
            ],
            options={
                "indexes": [models.Index("kind", "gid", name="store_record_by_gid")],
                "constraints": [models.UniqueConstraint(fields=("kind", "key"), name="store_record_once")],
            },
        ),
    ]
