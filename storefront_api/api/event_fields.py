"""What the server API takes and says of events and of what is known of members."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_args

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from lib.clock import now
from loyalty.actions.activities import Recorded
from loyalty.documents import Network
from loyalty.field_rules import EVENT
from loyalty.shape import shown_name
from platforms.birthdays import birthday as readable_birthday
from storefront_api.outcomes import points_of, sentence_of

BUILT_IN = ("review", "newsletter", "visit", "social_follow")
NETWORKS = ", ".join(get_args(Network))
# What nobody tells as an event: it follows from what is known of the member.
BY_ITSELF = ("signup", "birthday", "anniversary")
AHEAD = timedelta(minutes=5)
BACK = timedelta(days=731)
MOST_BYTES = 4096


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know: one that is misspelt is not left out unseen."""

    def to_internal_value(self, given: Any) -> Any:
        unknown = set(given) - set(self.fields) if isinstance(given, Mapping) else set()
        if unknown:
            raise serializers.ValidationError(
                {shown_name(name): [_("There is no such field.")] for name in sorted(unknown)}
            )
        return super().to_internal_value(given)


class InstantField(serializers.DateTimeField):
    """An instant: a time without its offset could be any of two dozen."""

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise serializers.ValidationError(_("Say the offset too, such as 2026-03-05T08:00:00Z."))
        return super().enforce_timezone(value)


class MemberName(Strict):
    """One of the three."""

    id = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    external_id = serializers.CharField(
        required=False, max_length=255, help_text=_("The customer's id on the store's platform")
    )
    email = serializers.CharField(required=False, max_length=320)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if len(given) != 1:
            raise serializers.ValidationError(_("Name the member by one of id, external_id and email."))
        return given


class EventSerializer(Strict):
    """Something a member did."""

    event = serializers.CharField(
        max_length=80,
        help_text=_("review, newsletter, visit, social_follow, or the name of a custom event"),
    )
    member = MemberName()
    reference = serializers.CharField(
        required=False,
        max_length=200,
        help_text=_("Your name for this event; sent again with the same content it earns nothing more."),
    )
    occurred_at = InstantField(required=False, help_text=_("Now unless given; at most two years back"))
    network = serializers.ChoiceField(
        required=False,
        choices=get_args(Network),
        help_text=_("Of a social_follow, and only there"),
        # What was sent is not told again: it may be what no answer can hold.
        error_messages={"invalid_choice": _("Must be one of %(choices)s.") % {"choices": NETWORKS}},
    )
    properties = serializers.DictField(
        required=False, help_text=_("Kept with the event; at most 4 kB of JSON")
    )

    def validate_event(self, event: str) -> str:
        if event in BY_ITSELF:
            raise serializers.ValidationError(
                _("This is awarded by itself; tell a birthday by PATCH of the member.")
            )
        if not EVENT.fullmatch(event):
            raise serializers.ValidationError(
                _("Use letters, digits and . _ : - only, and a letter or digit first.")
            )
        return event

    def validate_reference(self, reference: str) -> str:
        if not reference.isprintable():
            raise serializers.ValidationError(_("Use printable characters only."))
        return reference

    def validate_occurred_at(self, occurred_at: datetime) -> datetime:
        if occurred_at > now() + AHEAD:
            raise serializers.ValidationError(_("Must not be in the future."))
        if occurred_at < now() - BACK:
            raise serializers.ValidationError(_("Must not be more than two years back."))
        return occurred_at

    def validate_properties(self, properties: dict[str, Any]) -> dict[str, Any]:
        try:
            text = json.dumps(properties, ensure_ascii=False, allow_nan=False)
            size = len(text.encode())
        except (ValueError, RecursionError):
            raise serializers.ValidationError(_("Holds something that cannot be kept.")) from None
        if "\\u0000" in text:
            raise serializers.ValidationError(_("Holds something that cannot be kept."))
        if size > MOST_BYTES:
            raise serializers.ValidationError(_("At most 4 kB of JSON."))
        return properties

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        follow = given["event"] == "social_follow"
        if follow and "network" not in given:
            raise serializers.ValidationError({"network": _("Say which network was followed.")})
        if not follow and "network" in given:
            raise serializers.ValidationError({"network": _("Only a social_follow has a network.")})
        return given


class RecordedSerializer(serializers.Serializer[Recorded]):
    """An event that was kept, and what it earned."""

    id = serializers.IntegerField(source="activity.pk")
    event = serializers.SerializerMethodField()
    member = serializers.IntegerField(source="activity.account_id", help_text=_("The member's id"))
    occurred_at = serializers.DateTimeField(source="activity.occurred_at")
    points = serializers.SerializerMethodField(help_text=_("What it earned, even while that is on hold"))
    explanation = serializers.SerializerMethodField(help_text=_("Why, in a sentence for the shopper"))

    def get_event(self, recorded: Recorded) -> str:
        return recorded.activity.name or recorded.activity.kind

    def get_points(self, recorded: Recorded) -> int:
        return points_of(recorded)

    def get_explanation(self, recorded: Recorded) -> str:
        return sentence_of(recorded)


class MemberFactsSerializer(Strict):
    """What your server knows of a member; what is left out stays as it is."""

    birthday = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=10,
        help_text=_("MM-DD, or YYYY-MM-DD, whose year is not kept; null forgets it"),
    )
    subscribed = serializers.BooleanField(
        required=False, help_text=_("Whether they have agreed to your marketing")
    )

    def validate_birthday(self, birthday: str | None) -> str:
        """As "MM-DD", "" for none."""
        if birthday is None:
            return ""
        found = readable_birthday(birthday)
        if found is None or (len(birthday) == len("YYYY-MM-DD") and birthday > now().date().isoformat()):
            raise serializers.ValidationError(_("Must be a day such as 03-21 or 1990-03-21."))
        return found
