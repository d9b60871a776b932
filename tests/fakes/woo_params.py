"""What WordPress's REST server checks of the parameters of a call, before WooCommerce sees them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.fakes.http_server import Answer
from tests.fakes.woo_auth import problem

DISCOUNT_TYPES = ["percent", "fixed_cart", "fixed_product"]
COUPON: dict[str, dict[str, Any]] = {
    "code": {"type": "string"},
    "amount": {"type": "string"},
    "status": {"type": "string"},
    "discount_type": {"type": "string", "enum": DISCOUNT_TYPES},
    "description": {"type": "string"},
    "date_expires": {"type": "date-time"},
    "date_expires_gmt": {"type": "date-time"},
    "individual_use": {"type": "boolean"},
    "product_ids": {"type": "array", "items": {"type": "integer"}},
    "excluded_product_ids": {"type": "array", "items": {"type": "integer"}},
    "usage_limit": {"type": "integer"},
    "usage_limit_per_user": {"type": "integer"},
    "limit_usage_to_x_items": {"type": "integer"},
    "free_shipping": {"type": "boolean"},
    "product_categories": {"type": "array", "items": {"type": "integer"}},
    "excluded_product_categories": {"type": "array", "items": {"type": "integer"}},
    "exclude_sale_items": {"type": "boolean"},
    "minimum_amount": {"type": "string"},
    "maximum_amount": {"type": "string"},
    "email_restrictions": {"type": "array", "items": {"type": "string"}},
    "meta_data": {"type": "array", "items": {"type": "object"}},
}
WEBHOOK: dict[str, dict[str, Any]] = {
    "name": {"type": "string"},
    "status": {"type": "string", "enum": ["active", "paused", "disabled"]},
    "topic": {"type": "string"},
    "secret": {"type": "string"},
    "delivery_url": {"type": "string", "format": "uri"},
}
LIST: dict[str, dict[str, Any]] = {
    "page": {"type": "integer", "least": 1},
    "per_page": {"type": "integer", "least": 1, "most": 100},
    "order": {"type": "string", "enum": ["asc", "desc"]},
    "orderby": {"type": "string", "enum": ["date", "id", "include", "title", "slug", "modified"]},
    "after": {"type": "string", "format": "date-time"},
    "before": {"type": "string", "format": "date-time"},
    "modified_after": {"type": "string", "format": "date-time"},
    "modified_before": {"type": "string", "format": "date-time"},
    "dates_are_gmt": {"type": "boolean"},
    "force": {"type": "boolean"},
}


def refusal(given: Mapping[str, Any], schema: Mapping[str, Mapping[str, Any]]) -> Answer | None:
    """The error for wrong parameters; None is as good as not given, unknown names are ignored."""
    wrong = {
        name: found
        for name, rule in schema.items()
        if given.get(name) is not None and (found := _wrong(name, given[name], rule))
    }
    if not wrong:
        return None
    return problem(
        400,
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(wrong)}",
        params={name: message for name, (_, message) in wrong.items()},
        details={
            name: {"code": code, "message": message, "data": {"param": name}}
            for name, (code, message) in wrong.items()
        },
    )


def truth(value: object) -> bool:
    """A boolean as WordPress reads it from a query or from JSON."""
    return str(value).lower() in ("true", "1")


def _wrong(name: str, value: Any, rule: Mapping[str, Any]) -> tuple[str, str] | None:
    kind = rule["type"]
    if not _is(kind, value):
        return "rest_invalid_type", f"{name} is not of type {kind}."
    if "enum" in rule and value not in rule["enum"]:
        *most, last = rule["enum"]
        return "rest_not_in_enum", f"{name} is not one of {', '.join(most)}, and {last}."
    if "least" in rule and not rule["least"] <= int(value) <= rule.get("most", int(value)):
        if "most" not in rule:
            return "rest_out_of_bounds", f"{name} must be greater than or equal to {rule['least']}"
        bounds = f"{rule['least']} (inclusive) and {rule['most']} (inclusive)"
        return "rest_out_of_bounds", f"{name} must be between {bounds}"
    if rule.get("format") == "date-time" and _instant(value) is None:
        return "rest_invalid_date", "Invalid date."
    if "items" in rule:
        each = value if isinstance(value, list) else str(value).split(",")
        for index, item in enumerate(each):
            if found := _wrong(f"{name}[{index}]", item, rule["items"]):
                return found
    return None


def _is(kind: str, value: Any) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return str(value).lower() in ("true", "false", "1", "0", "")
    if kind == "integer":
        return not isinstance(value, bool) and str(value).removeprefix("-").isdecimal()
    if kind == "array":
        return isinstance(value, list | str | int)
    if kind == "object":
        return isinstance(value, dict)
    return True  # WordPress knows no type "date-time" and lets everything pass


def _instant(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
