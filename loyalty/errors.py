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


class NotEnoughPoints(ValueError):
    """A debit that the balance does not cover. `balance` is what there is."""

    def __init__(self, balance: int, wanted: int) -> None:
        self.balance = balance
        self.wanted = wanted
        super().__init__(f"The balance is {balance} points; {wanted} are needed.")


class MoreThanSpent(ValueError):
    """More points were to come back than a spending has not given back yet. `left` is what that is."""

    def __init__(self, left: int, wanted: int) -> None:
        self.left = left
        self.wanted = wanted
        super().__init__(f"{left} of the points spent can come back; {wanted} were to.")


class AccountFrozen(ValueError):
    """A debit of an account that is frozen because its figures differ."""


class ReferenceConflict(ValueError):
    """The same reference came again with other content."""


class InvalidAdjustment(ValueError):
    """An adjustment that cannot be made; `field` names the input."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class InvalidPin(ValueError):
    """A tier that cannot be given to a member; `field` names the input."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


class InvalidPeriod(ValueError):
    """A month of the journal that cannot be closed now."""


class JournalChanged(RuntimeError):
    """A closed month of the journal is not what it was when it was closed."""


class LedgerDamaged(RuntimeError):
    """The ledger's own figures contradict each other; nothing is written."""
