"""What can go wrong with rewards, as exceptions that name the cause."""

from loyalty.errors import Problem


class InvalidReward(ValueError):
    """A reward that cannot be accepted. `errors` lists every problem as (field, message)."""

    def __init__(self, errors: list[Problem]) -> None:
        self.errors = errors
        super().__init__("\n".join(f"{field}: {message}" for field, message in errors))


class StaleReward(ValueError):
    """Somebody else has changed the reward since it was read. `revision` is the one it has now."""

    def __init__(self, message: str, revision: int) -> None:
        self.revision = revision
        super().__init__(message)


class NotRedeemed(ValueError):
    """A reward that this member cannot get now, in a sentence for the member; no points were taken.

    `code`: unknown_reward, withdrawn, not_open, ended, tier, per_member, sold_out, unavailable, not_connected,
    not_enough_points, frozen, changed; bad_key, bad_points, not_a_step, below_minimum, above_maximum, above_order,
    price_changed, bad_order_total. `field` names the input at fault, "" where it is none of them.
    """

    def __init__(self, code: str, message: str, field: str = "") -> None:
        self.code = code
        self.field = field
        super().__init__(message)


class KeyConflict(ValueError):
    """The same request key came again with other content."""


class InvalidPool(ValueError):
    """Codes that cannot be taken in. `errors` lists every problem as (line from 1, message); line 0 is the file."""

    def __init__(self, errors: list[tuple[int, str]]) -> None:
        self.errors = errors
        super().__init__("\n".join(f"{line}: {message}" if line else message for line, message in errors))


class NotPossible(ValueError):
    """Something that a redemption's state does not allow, in a sentence for the merchant."""


class CodeNotUsable(ValueError):
    """A code that cannot be used, in a sentence for the till.

    `code`: unknown (also another shop's, or not ready yet), elsewhere (its store checks it), used, expired, ended,
    released, minimum; bad_reference, bad_total.
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)
