"""What the answers about rewards, redemptions and codes look like, for the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_TERMS: dict[str, Any] = {
    "kind": "percentage",
    "price": 500,
    "value": "10",
    "tier_prices": {"gold": 400},
    "most_discount": "20.00",
    "min_points": None,
    "max_points": None,
    "max_order_percent": None,
    "minimum_spend": "25.00",
    "product_ids": [],
    "variant_ids": [],
    "collection_ids": [],
    "combines": ["shipping"],
    "validity_days": 30,
    "per_member": None,
    "starts": "",
    "ends": "",
    "tiers": [],
    "codes": "store",
    "return_unused": True,
    "instructions": "",
}
_REWARD = {
    "id": "rwd_7k3m9qxwb4tzh2",
    "name": "10% off",
    "description": "",
    "worth": "10% off, at most 20 €",
    "conditions": ["From 25 €", "Can be used for 30 days"],
    "currency": "EUR",
    "left": None,
    "terms": _TERMS,
    "member": {
        "price": 400,
        "affordable": False,
        "missing": 60,
        "redeemable": False,
        "reason": "not_enough_points",
        "message": "60 points to go",
        "choice": None,
    },
}
_REDEMPTION = {
    "id": "red_4tzh27k3m9qxwb",
    "member": 12,
    "reward": "rwd_7k3m9qxwb4tzh2",
    "name": "10% off",
    "state": "issued",
    "ending": "",
    "code": "GOLD-7K3M-9QXW-B4TZ-H2VPC",
    "points": 400,
    "value": "10",
    "currency": "EUR",
    "terms": _TERMS,
    "error": "",
    "created_at": "2026-03-05T08:00:00Z",
    "issued_at": "2026-03-05T08:00:01Z",
    "expires_at": "2026-04-04T22:00:00Z",
    "used_at": None,
    "returned_at": None,
}
_LIFE = {
    "uses": [],
    "steps": [
        {"what": "reserved", "detail": "10% off", "actor": "API key till", "at": "2026-03-05T08:00:00Z"},
        {"what": "issued", "detail": "", "actor": "", "at": "2026-03-05T08:00:01Z"},
    ],
}
_CODE = {
    "code": "GOLD-7K3M-9QXW-B4TZ-H2VPC",
    "redemption": "red_4tzh27k3m9qxwb",
    "reward": {"kind": "percentage", "name": "10% off"},
    "value": "10",
    "currency": "EUR",
    "discount": "5.00",
    "minimum": "25.00",
    "most_discount": "20.00",
    "max_order_percent": None,
    "product_ids": [],
    "variant_ids": [],
    "collection_ids": [],
    "combines": ["shipping"],
    "expires_at": "2026-04-04T22:00:00Z",
}


def _answer(value: dict[str, Any], name: str = "As it is told") -> OpenApiExample:
    return OpenApiExample(name, value, response_only=True)


REWARD = [_answer(_REWARD)]
REDEMPTION = [_answer(_REDEMPTION)]
FULL_REDEMPTION = [_answer(_REDEMPTION | _LIFE)]
CHECKED = [_answer(_CODE | {"valid": True, "reason": "", "message": ""})]
NOTED = [_answer(_CODE | {"reference": "receipt-1042", "state": "used"})]
