"""What can go wrong in the loyalty app, as exceptions that name the cause."""

Problem = tuple[str, str]


class InvalidProgram(ValueError):
    """A program document that cannot be accepted. `errors` lists every problem as (field, message)."""

    def __init__(self, errors: list[Problem]) -> None:
        self.errors = errors
        super().__init__("\n".join(f"{field}: {message}" for field, message in errors))


class NothingToPublish(ValueError):
    """The draft is the same as the live version."""


class UnknownVersion(LookupError):
    """The shop has no program version of that number."""
