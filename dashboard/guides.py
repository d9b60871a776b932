"""Where to paste the webhook address, platform by platform, and how to put the widget on the storefront."""

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from shops.models import Shop


def guide(platform: str) -> list[str]:
    """The steps in the store's own admin, in order."""
    guides = {"shopify": _shopify, "woocommerce": _woocommerce, "bigcommerce": _bigcommerce}
    return guides.get(platform, _standard)()


def credentials_guide(platform: str) -> str:
    """Where the store shows what lets Regulars in, and what it must permit."""
    guides = {
        "shopify": gettext(
            "For a custom app of your own: in the Shopify admin, open Settings → Apps → Develop apps, create an app "
            "with the Admin API scopes read_orders, read_all_orders, read_customers, read_products and "
            "write_discounts (and write_gift_cards for gift cards), install it, and paste its access token. Enter "
            "its API secret key under “Change the webhook secret”: Shopify signs with it."
        ),
        "woocommerce": gettext(
            "In WordPress, open WooCommerce → Settings → Advanced → REST API, add a key with the permission "
            "Read/Write for a shop manager, and paste both parts. The store must answer by https."
        ),
        "bigcommerce": gettext(
            "From the store-level API account: the store hash stands in its API path. The client secret becomes "
            "the webhook secret by itself."
        ),
    }
    return guides.get(platform, "")


def _shopify() -> list[str]:
    return [
        gettext("In the Shopify admin, open Settings → Notifications → Webhooks."),
        gettext(
            "Create a webhook for each of: Order payment, Order update, Order cancellation, Refund create, "
            "Customer creation, Customer update and Customer marketing consent update. Choose the format JSON, "
            "and paste the address from above as the URL."
        ),
        gettext(
            "Below the list, Shopify says that the webhooks are signed with a secret. "
            "Copy it and enter it here under “Change the webhook secret”, unless you did so already."
        ),
    ]


def _woocommerce() -> list[str]:
    return [
        gettext("In WordPress, open WooCommerce → Settings → Advanced → Webhooks and choose Add webhook."),
        gettext(
            "Add one for each of the topics Order created, Order updated, Order deleted, Order restored, "
            "Customer created and Customer updated. "
            "Set it to Active, paste the address from above as the Delivery URL, and the secret as the Secret."
        ),
        gettext("Save. WooCommerce sends a test at once; Regulars answers it and waits for the first order."),
    ]


def _bigcommerce() -> list[str]:
    return [
        gettext(
            "In the BigCommerce control panel, open Settings → Store-level API accounts and create an account with: "
            "Orders read-only, Customers read-only, Information & settings read-only, Marketing modify."
        ),
        gettext("Enter its store hash, access token and client secret under “Access to the store”."),
        gettext("There is nothing to paste: Regulars makes the webhooks itself and fetches what they name."),
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


def widget_tag(shop: Shop) -> SafeString:
    """The script tag for the storefront, escaped to be shown as text."""
    tag = (
        f'<script src="{settings.PUBLIC_URL}/widget/v1/regulars.js"\n'
        f'  data-shop="{shop.public_id}"\n'
        '  data-token-url="/account/loyalty-token"\n'
        '  data-login-url="/account/login"\n'
        "  async></script>"
    )
    return format_html("{}", tag)


def widget_guide() -> list[str]:
    """The steps to a widget that knows who is signed in."""
    return [
        gettext("Paste this tag into the theme of your storefront, before the end of the page's body."),
        gettext(
            "Let data-login-url lead to your log-in page. Without data-token-url everybody is shown how to earn "
            "points, and nobody their own."
        ),
        gettext(
            'For shoppers who are signed in, let your server answer data-token-url with {"token": …}: a JWT, '
            "signed by HS256 with the storefront secret, whose iss is the shop's id, sub the customer's id in "
            "your store, and exp at most one hour ahead. docs/widget.md has it in Python, Node and PHP."
        ),
    ]
