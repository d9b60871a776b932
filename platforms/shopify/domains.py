"""What a Shopify store is called: the name that cannot be anybody else's."""

import re

_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_ADMIN = re.compile(r"(?:https?://)?admin\.shopify\.com/store/([^/?#]+)")


def is_domain(text: str) -> bool:
    """Whether it is exactly a name such as fern-and-clay.myshopify.com, in small letters."""
    return _DOMAIN.fullmatch(text) is not None


def domain_from(typed: str) -> str | None:
    """The domain that a person means: an address of the store or of its admin, or the name alone; None for others."""
    text = typed.strip().lower()
    admin = _ADMIN.match(text)
    host = admin[1] if admin else re.split(r"[/?#]", re.sub(r"^https?://", "", text), maxsplit=1)[0]
    if _NAME.fullmatch(host):
        host = f"{host}.myshopify.com"
    return host if is_domain(host) else None
