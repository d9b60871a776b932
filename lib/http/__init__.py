"""The only outbound HTTP client: bounded, without redirects, and never into private networks unasked."""

from lib.http.addresses import public_address
from lib.http.again import retry_after_s, send_again
from lib.http.client import send
from lib.http.reply import NotSent, Reply

__all__ = ["NotSent", "Reply", "public_address", "retry_after_s", "send", "send_again"]
