"""A span's account belongs to its shop by the account's key; the shop need not be looked up a second time."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0018_progress_figures")]
    operations = [
        migrations.AlterField(
            "tierspan",
            "shop",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tier_spans",
                to="shops.shop",
            ),
        )
    ]
