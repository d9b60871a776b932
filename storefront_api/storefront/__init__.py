"""The shopper API: what the widget on a storefront reads. Plain views, without session or cookies."""
