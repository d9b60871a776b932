"""Naming the Shopify store that is to be connected."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import text
from platforms.shopify.domains import domain_from


class ShopifyStoreForm(forms.Form):
    """A store, by its name at Shopify."""

    domain = text(
        _("Your store at Shopify"),
        200,
        help_text=_(
            "For example my-store.myshopify.com, as Shopify's admin shows it under Settings → Domains"
        ),
        autocapitalize="none",
        spellcheck="false",
    )

    def clean_domain(self) -> str:
        domain = domain_from(self.cleaned_data["domain"])
        if domain is None:
            raise forms.ValidationError(gettext("That is not a store such as my-store.myshopify.com."))
        return domain
