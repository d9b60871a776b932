"""The server API keeps to its OpenAPI document, whatever is sent: every operation, over HTTP, with a key."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any

import pytest
import requests
import schemathesis
from django.db import connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from pytest_django.plugin import DjangoDbBlocker
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from loyalty.actions.points import adjust
from rewards.actions.catalogue import create_reward
from rewards.actions.redeem import redeem
from shops.actions import create_api_key
from tests.conftest import corner_shop
from tests.properties import SOAK, tries
from tests.storefront_api.serving import served
from tests.storefront_api.stories import customer, order, store

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
# So that no key comes to its limit of requests in a minute.
KEYS = 40
CONFIG = SchemathesisConfig.from_dict({"seed": 1, "generation": {"allow-extra-parameters": False}})
described = SchemaGenerator().get_schema(public=True)
document = schemathesis.openapi.from_dict(described, config=CONFIG)
examples = settings(
    max_examples=tries(15, 300),
    derandomize=not SOAK,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class Shop:
    """A running shop: what is asked about is mostly there."""

    url: str
    keys: Iterator[str]
    session: requests.Session
    names: dict[str, list[Any]]

    def ask(self, case: schemathesis.Case) -> None:
        """Send what was made up, and hold the answer against the document."""
        if case.meta is None or case.meta.generation.mode.is_positive:
            self._settle(case)
        headers = {"Authorization": f"Bearer {next(self.keys)}"}
        response = case.call(base_url=self.url, session=self.session, headers=headers)
        case.validate_response(response, checks=CHECKS)

    def _settle(self, case: schemathesis.Case) -> None:
        """Put what is there in the place of most of the ids and codes."""
        for values in (case.path_parameters, case.query, case.body):
            if isinstance(values, dict):
                for name, known in self.names.items():
                    if name in values and (at := len(repr(values[name])) % (len(known) + 1)) < len(known):
                        values[name] = known[at]


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Shop]:
    with django_db_blocker.unblock():
        names, keys = open_for_business()
        with served() as url, requests.Session() as session:
            yield Shop(url, cycle(keys), session, names)
        connections.close_all()


def open_for_business() -> tuple[dict[str, list[Any]], list[str]]:
    """A shop with a member who redeemed one of each; what they are called, and keys to it."""
    opened = corner_shop()
    member = order(customer(store(opened), "7001", "ada@corner.example"), "order:1", "49.95")
    adjust(member, 1_000_000, "A start", actor="test", reference="start")
    catalogue = [
        {"kind": "fixed", "price": 500, "value": "5.00"},
        {"kind": "percentage", "price": 100, "value": "10", "most_discount": "20.00", "minimum_spend": "25"},
        {"kind": "variable", "price": 100, "value": "1.00", "max_order_percent": 50},
        {"kind": "custom", "price": 10},
        {"kind": "free_product", "price": 10, "value": "3.50", "product_ids": ["1"]},
    ]
    rewards = [create_reward(opened, f"Reward {number}", terms) for number, terms in enumerate(catalogue)]
    made = [
        redeem(member, reward.public_id, f"{number}", 1000 if reward.kind == "variable" else None)
        for number, reward in enumerate(rewards * 2)
    ]
    ids = [reward.public_id for reward in rewards]
    names: dict[str, list[Any]] = {
        "member_id": [member.pk],
        "member": [member.pk],
        "reward_id": ids,
        "reward": ids,
        "redemption_id": [redemption.public_id for redemption in made],
        "code": [redemption.code for redemption in made],
    }
    return names, [create_api_key(opened, f"till {number}")[1] for number in range(KEYS)]


def keeps_to_the_document(operation_id: str) -> Callable[..., None]:
    """A test of one operation."""

    @document.include(operation_id=operation_id).parametrize()
    @examples
    @pytest.mark.django_db
    @pytest.mark.soak
    def test(case: schemathesis.Case, shop: Shop) -> None:
        shop.ask(case)

    test.__name__ = f"test_{operation_id}"
    return test


@pytest.mark.django_db
@pytest.mark.parametrize("charset", ["zlib", "idna", "undefined"])
def test_a_charset_that_is_not_for_text_is_a_bad_request(shop: Shop, charset: str) -> None:
    headers = {"Content-Type": f"application/json; charset={charset}"}
    for path in ("/api/v1/members/?email=%C3", "/dashboard/?email=%C3"):
        answer = shop.session.get(shop.url + path, headers=headers, timeout=10)
        assert answer.status_code == 400


def test_examples_tell_what_is_told() -> None:
    """Every field of the answer, and no other."""
    schemas, seen = described["components"]["schemas"], 0
    for operations in described["paths"].values():
        for status, response in ((s, r) for o in operations.values() for s, r in o["responses"].items()):
            for content in response.get("content", {}).values() if status in ("200", "201") else ():
                for example in content.get("examples", {}).values():
                    fields = schemas[content["schema"]["$ref"].rpartition("/")[2]]["properties"]
                    value = example["value"]
                    if "results" in fields:
                        fields = schemas[fields["results"]["items"]["$ref"].rpartition("/")[2]]["properties"]
                        [value] = value["results"]
                    assert set(value) == set(fields)
                    seen += 1
    assert seen >= 11


# Each a function of its own: pytest would give those that schemathesis makes of one function the same name.
for operations in described["paths"].values():
    for operation in operations.values():
        globals()[f"test_{operation['operationId']}"] = keeps_to_the_document(operation["operationId"])
