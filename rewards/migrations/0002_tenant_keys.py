"""Rows are known by (shop_id, id); a key between two rows of a shop is composite."""

from django.db import migrations

TABLES = [
    "rewards_reward",
    "rewards_redemption",
    "rewards_redemptionstep",
    "rewards_codeuse",
    "rewards_poolcode",
]

# (table, name, column, referenced table)
KEYS = [
    ("rewards_redemption", "redemption_account", "account_id", "loyalty_account"),
    ("rewards_redemption", "redemption_reward", "reward_id", "rewards_reward"),
    ("rewards_redemption", "redemption_connection", "connection_id", "shops_connection"),
    ("rewards_redemptionstep", "redemption_step_redemption", "redemption_id", "rewards_redemption"),
    ("rewards_codeuse", "code_use_redemption", "redemption_id", "rewards_redemption"),
    ("rewards_poolcode", "pool_code_reward", "reward_id", "rewards_reward"),
    ("rewards_poolcode", "pool_code_redemption", "redemption_id", "rewards_redemption"),
]

FORWARD = [
    *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (shop_id, id)" for table in TABLES),
    *(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (shop_id, {column}) REFERENCES {to} (shop_id, id)"
        for table, name, column, to in KEYS
    ),
]
BACKWARD = [
    *(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, name, _, _ in KEYS),
    *(f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY (id)" for table in TABLES),
]


class Migration(migrations.Migration):
    dependencies = [("rewards", "0001_rewards")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
