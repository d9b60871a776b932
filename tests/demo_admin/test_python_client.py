"""Shopify's own Python client against the store, over https as it insists on.

It puts a shop's name before `myshopify_domain`: with the name 127 and the domain 0.0.1 it calls this machine.
"""

import json
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import shopify
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.server import serve
from tests.demo_admin.conftest import SCHEMA

SHOP = "127.0.0.1"
BACK = "https://loyalty.example/callback"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for this machine, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SHOP)])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(hours=1))
        .not_valid_after(at + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(SHOP))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "store.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def store(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AdminStore]:
    """A store over https that the client trusts and is set up for."""
    store = AdminStore(schema_path=SCHEMA)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("no_proxy", SHOP)
    with serve(store, certificate=certificate) as base:
        shopify.Session.setup(
            api_key=store.app.client_id,
            secret=store.app.client_secret,
            myshopify_domain="0.0.1",
            port=urlsplit(base).port,
        )
        yield store
    shopify.ShopifyResource.clear_session()
    shopify.Session.setup(api_key=None, secret=None, myshopify_domain="myshopify.com", port=None)


def test_it_installs_reads_and_makes_a_code(store: AdminStore, certificate: Path) -> None:
    session = shopify.Session(SHOP, "2026-04")
    page = session.create_permission_url(["write_discounts", "read_orders"], BACK, "nonce")
    trusted = ssl.create_default_context(cafile=certificate)
    answer = httpx.get(page, verify=trusted, trust_env=False)
    back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert back["state"] == "nonce"
    with pytest.raises(shopify.session.ValidationException):
        shopify.Session(SHOP, "2026-04").request_token(back | {"shop": "other.myshopify.com"})
    token = session.request_token(back)
    assert store.scopes_of(token) == ["write_discounts", "read_orders"]
    assert list(session.access_scopes) != []

    shopify.ShopifyResource.activate_session(session)
    shop = shopify.Shop.current()
    assert (shop.name, shop.myshopify_domain, shop.currency) == ("Clay & Co", "clay.myshopify.com", "EUR")
    told = json.loads(
        shopify.GraphQL().execute(
            "mutation M($d: DiscountCodeBasicInput!) { discountCodeBasicCreate(basicCodeDiscount: $d) "
            "{ codeDiscountNode { id } userErrors { message } } }",
            variables={
                "d": {
                    "title": "10 %",
                    "code": "TEN",
                    "startsAt": "2026-01-01T00:00:00Z",
                    "customerGets": {"value": {"percentage": 0.1}, "items": {"all": True}},
                }
            },
            operation_name="M",
        )
    )
    assert told["data"]["discountCodeBasicCreate"]["userErrors"] == []
    assert store.use("ten") is not None


def test_it_hears_that_its_token_is_gone(store: AdminStore) -> None:
    token = store.grant("read_orders")
    shopify.ShopifyResource.activate_session(shopify.Session(SHOP, "2026-04", token))
    assert shopify.Shop.current().name == "Clay & Co"
    store.uninstall()
    with pytest.raises(HTTPError) as refused:
        shopify.GraphQL().execute("{ shop { name } }")
    assert refused.value.code == 401
