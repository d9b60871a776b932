"""Where to paste the webhook address, platform by platform."""

from django.utils.translation import gettext


def guide(platform: str) -> list[str]:
    """The steps in the store's own admin, in order."""
    return {"shopify": _shopify, "woocommerce": _woocommerce}.get(platform, _standard)()


def _shopify() -> list[str]:
    return [
        gettext("In the Shopify admin, open Settings → Notifications → Webhooks."),
        gettext(
            "Create a webhook for each of: Order payment, Order update, Order cancellation, Refund create "
            "and Customer update. Choose the format JSON, and paste the address from above as the URL."
        ),
        gettext(
            "Below the list, Shopify says that the webhooks are signed with a secret. "
            "Copy it and enter it here under “Change the secret”, unless you did so already."
        ),
    ]


def _woocommerce() -> list[str]:
    return [
        gettext("In WordPress, open WooCommerce → Settings → Advanced → Webhooks and choose Add webhook."),
        gettext(
            "Add one for each of the topics Order created, Order updated and Order deleted. Set it to Active, "
            "paste the address from above as the Delivery URL, and the secret as the Secret."
        ),
        gettext("Save. WooCommerce sends a test at once; Regulars answers it and waits for the first order."),
    ]


def _standard() -> list[str]:
    return [
        gettext("Let your store send a POST to the address from above whenever an order changes."),
        gettext(
            "Sign it as a Standard Webhook with the secret: the headers are webhook-id, webhook-timestamp "
            "and webhook-signature."
        ),
        gettext(
            "The body is the event order.updated with the order as JSON; the documentation shows every field."
        ),
    ]
