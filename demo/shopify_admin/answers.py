"""What goes back over HTTP."""

import json
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """A status, headers, and a body: JSON, or bytes as they are."""

    status: int
    headers: dict[str, str]
    body: Any

    def raw(self) -> tuple[bytes, dict[str, str]]:
        """The bytes of the body, and all headers."""
        if isinstance(self.body, bytes):
            return self.body, {"Content-Type": "text/html; charset=utf-8", **self.headers}
        return json.dumps(self.body).encode(), {
            "Content-Type": "application/json; charset=utf-8",
            **self.headers,
        }


class ConnectionLost(Exception):
    """The caller gets no answer: the connection is held for a while and then dropped."""

    def __init__(self, held_s: float) -> None:
        super().__init__(f"held for {held_s} s")
        self.held_s = held_s
