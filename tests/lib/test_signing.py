import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from lib.signing import sign, signed_by, standard_key, standard_secret, standard_signature

VECTOR_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
VECTOR_SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_standard_webhooks_vector() -> None:
    signed = standard_signature(VECTOR_SECRET, VECTOR_ID, 1614265330, b'{"test": 2432232314}')
    assert signed == VECTOR_SIGNATURE


def test_the_reference_library_signs_alike() -> None:
    secret = standard_secret()
    at = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    body = '{"name": "Zoë"}'
    expected = Webhook(secret).sign("msg_1", at, body)
    assert standard_signature(secret, "msg_1", int(at.timestamp()), body.encode()) == expected


def test_a_signature_by_any_of_the_keys_counts() -> None:
    body = b'{"id": 1}'
    given = sign(b"old", body).decode()
    assert signed_by(given, body, [b"new", b"old"])
    assert not signed_by(given, body, [b"new"])
    assert not signed_by(given, body + b" ", [b"old"])
    assert not signed_by(given, body, [])


@pytest.mark.parametrize("spoiled", ["{}\n", " {}", "{}é", "{}\udc80", "{}=", ""])
def test_what_is_not_exactly_the_signature_is_not_it(spoiled: str) -> None:
    given = sign(b"key", b"body").decode()
    assert not signed_by(spoiled.replace("{}", given), b"body", [b"key"])


@pytest.mark.parametrize("size", [24, 25, 26, 32, 64])
def test_keys_with_and_without_padding_and_prefix(size: int) -> None:
    key = bytes(range(size))
    text = base64.b64encode(key).decode()
    for written in (text, text.rstrip("="), "whsec_" + text, "whsec_" + text.rstrip("=")):
        assert standard_key(written) == key


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_c2hvcnQ=", "whsec_" + "A" * 92, "whsec_****", "whsec_é" + "A" * 32, "A" * 33],
)
def test_unfit_secrets(secret: str) -> None:
    with pytest.raises(ValueError):
        standard_key(secret)
