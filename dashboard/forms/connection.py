"""Linking a store, and changing its secret."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import LinesField, choice, secret, switch, text
from platforms.registry import PLATFORMS


def _platforms() -> list[tuple[str, str]]:
    return [(name, platform.label) for name, platform in PLATFORMS.items()]


class StoreForm(forms.Form):
    """A store to be linked."""

    platform = choice(_("Platform"), _platforms)
    domain = text(
        _("Store address"),
        300,
        help_text=_("For example my-store.myshopify.com or shop.example.com"),
        autocapitalize="none",
        spellcheck="false",
    )
    secret = text(
        _("Webhook secret"),
        255,
        required=False,
        help_text=_(
            "Shopify shows one under Settings → Notifications → Webhooks: paste it here. "
            "For every other store leave this empty and Regulars makes one."
        ),
        autocomplete="off",
        spellcheck="false",
    )
    storefront_domains = LinesField(
        _("More storefront domains"), _("Other domains on which the widget may be shown, one a line.")
    )


class SecretForm(forms.Form):
    """A new webhook secret."""

    secret = text(
        _("New webhook secret"),
        255,
        required=False,
        help_text=_("Only if the store gives you one. Leave it empty and Regulars makes one."),
        autocomplete="off",
        spellcheck="false",
    )


class ConnectionSettingsForm(forms.Form):
    """How a linked store is treated."""

    active = switch(_("Active"), _("While this is off, webhooks from the store are refused."))
    test_mode = switch(_("Test mode"), _("Orders that the store flags as tests earn points too."))


class CredentialsForm(forms.Form):
    """What lets Regulars into a store of this platform. What was kept, or entered before, is never shown."""

    def __init__(self, platform: str, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        for name, label in PLATFORMS[platform].credentials.items():
            make = secret if name.endswith(("_secret", "_token")) else text
            self.fields[name] = make(gettext(label), 500, autocomplete="off", spellcheck="false")
