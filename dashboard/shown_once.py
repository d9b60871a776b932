"""Fresh secrets, shown on the next page and never again."""

import json

from django.http import HttpRequest

from lib.vault import seal, unseal
from shops.models import Connection

SESSION_KEY = "dashboard_fresh_secrets"


def keep(request: HttpRequest, connection: Connection, secrets: dict[str, str]) -> None:
    """Keep the secrets, encrypted, for the page that is shown next."""
    request.session[SESSION_KEY] = [connection.public_id, seal(json.dumps(secrets))]


def take(request: HttpRequest, connection: Connection) -> dict[str, str]:
    """The secrets kept for this connection; they are forgotten by this."""
    public_id, sealed = request.session.get(SESSION_KEY) or ("", "")
    if public_id != connection.public_id:
        return {}
    del request.session[SESSION_KEY]
    secrets: dict[str, str] = json.loads(unseal(sealed))
    return secrets
