"""Codes, uses and steps of redemptions as the dashboard shows them."""

from typing import NamedTuple

from django.utils.translation import gettext

from lib.clock import now
from rewards.models import CodeUse, Redemption, RedemptionStep

State = Redemption.State
SHOWN = 4
FAILURES = frozenset({"unanswered", "put_off", "failed", "new_code"})


class Label(NamedTuple):
    """A state in words, and the type of Unfold's label for it."""

    text: str
    type: str


def masked(code: str, seen: bool) -> str:
    """The code, or only its end where the person must not use it."""
    return code if seen or not code else f"••••{code[-SHOWN:] if len(code) > 2 * SHOWN else ''}"


def state_label(redemption: Redemption) -> Label:
    """Where the redemption stands."""
    state, closing = redemption.state, redemption.closing
    if state == State.ISSUED and redemption.terms["kind"] == "custom":
        return Label(gettext("To hand over"), "warning")
    ended = redemption.expires_at is not None and redemption.expires_at <= now()
    if state == State.ISSUED and (closing == "lapsed" or ended):
        return Label(gettext("Run out"), "")
    if state == State.USED and redemption.terms["kind"] == "custom":
        return Label(gettext("Handed over"), "success")
    if state == State.USED and redemption.terms["kind"] == "store_credit":
        return Label(gettext("Credited"), "success")
    types = {
        State.RESERVED: "info",
        State.ISSUING: "info",
        State.ISSUED: "primary",
        State.USED: "success",
        State.CLOSING: "info",
        State.FAILED: "danger",
    }
    return Label(redemption.get_state_display(), types.get(State(state), ""))


def step_text(step: RedemptionStep) -> str:
    """What happened, in a few words."""
    said = {
        "reserved": gettext("Redeemed"),
        "issued": gettext("The code was made"),
        "adopted": gettext("The code was found at the store, made by an earlier attempt"),
        "credited": gettext("The store credited the customer"),
        "new_code": gettext("Another code was chosen"),
        "unanswered": gettext("The store gave no answer"),
        "put_off": gettext("The store did not do it; it is tried again"),
        "failed": gettext("The store refused"),
        "used": gettext("The code was used"),
        "unused": gettext("The code is unused again"),
        "undone": gettext("The order was undone"),
        "expired": gettext("The code has run out"),
        "lapsed": gettext("The code has run out; its points stay spent"),
        "revoked": gettext("It was taken back"),
        "refused": gettext("It is being ended"),
        "returned": gettext("Its points came back"),
        "fulfilled": gettext("It was handed over"),
        "retried": gettext("It is tried again"),
        "resent": gettext("The code was given out again"),
    }
    return said.get(step.what, step.what.replace("_", " ").capitalize())


def use_text(use: CodeUse) -> str:
    """On which order, or at which till, the code was used."""
    kind, _, reference = use.source.partition(":")
    if kind == "order":
        return gettext("Order %(number)s") % {"number": use.number or reference}
    return gettext("At a till, %(reference)s") % {"reference": use.number or reference}
