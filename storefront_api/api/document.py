"""What the OpenAPI document says of every operation alike: how it may be refused."""

from typing import Any

JSON = dict[str, Any]

_TEXT: JSON = {"type": "string"}
# Of a field with fields of its own, the problems are an object again.
_PROBLEMS: JSON = {
    "type": "object",
    "description": "What is wrong, by the field at fault; `detail` where it is none of them.",
    "additionalProperties": {
        "anyOf": [
            _TEXT,
            {"type": "array", "items": {"anyOf": [_TEXT, {"type": "object"}]}},
            {"type": "object"},
        ]
    },
    "example": {"points": ["Must not be 0."]},
}
_PROBLEM: JSON = {
    "type": "object",
    "properties": {"detail": _TEXT, "code": {**_TEXT, "description": "The reason, for a program"}},
    "required": ["detail"],
}
_RETRY: JSON = {"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds"}}
_ALLOW: JSON = {"Allow": {"schema": _TEXT, "description": "The methods that this address has"}}
_CHALLENGE: JSON = {"WWW-Authenticate": {"schema": _TEXT}}


def _response(description: str, schema: str = "Problem", headers: JSON | None = None) -> JSON:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content} | ({"headers": headers} if headers else {})


_RESPONSES: JSON = {
    "400": _response("Something is missing or wrong; the answer names the field.", "Problems"),
    "401": _response("The API key is missing, not known, or revoked.", headers=_CHALLENGE),
    "404": _response("There is nothing of that name in the key's shop."),
    "405": _response("This address does not have that method.", headers=_ALLOW),
    "406": _response("The answer is JSON, which the Accept header rules out."),
    "409": _response("Not possible as things stand."),
    "413": _response("The body is larger than 256 kB."),
    "415": _response("The body has to be application/json."),
    "429": _response("Too many requests in this minute.", headers=_RETRY),
}
# What the generator does not see: the bounds of names in addresses and of pages.
_ID: JSON = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_PARAMETERS: dict[str, JSON] = {
    "member_id": _ID,
    "page": {"type": "integer", "minimum": 1},
    "page_size": {"type": "integer", "minimum": 1},
    "redemption_id": {"type": "string", "pattern": "^red_[0-9a-z]{1,36}$"},
    "reward_id": {"type": "string", "pattern": "^rwd_[0-9a-z]{1,36}$"},
}
_ALWAYS = ("400", "401", "404", "405", "406", "429")
_WITH_BODY = ("413", "415")


def with_refusals(result: JSON, **_: Any) -> JSON:
    """Give every operation its refusals, and those that it tells in words alone the shape of all the others."""
    result["components"]["schemas"] |= {"Problem": _PROBLEM, "Problems": _PROBLEMS}
    for operations in result["paths"].values():
        for operation in operations.values():
            _refuse(operation)
            for parameter in operation.get("parameters", ()):
                parameter["schema"] |= _PARAMETERS.get(parameter["name"], {})
    return result


def _refuse(operation: JSON) -> None:
    responses = operation["responses"]
    for status in (*_ALWAYS, *(_WITH_BODY if "requestBody" in operation else ())):
        responses.setdefault(status, _RESPONSES[status])
    for status, response in responses.items():
        if status in _RESPONSES and "content" not in response:
            responses[status] = _RESPONSES[status] | response
    operation["responses"] = dict(sorted(responses.items()))
