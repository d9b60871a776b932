"""Addresses of the demo store: its pages and its Admin API under /demo/, and links with codes as on Shopify."""

from django.urls import include, path

from demo import views

PAGES = [
    path("", views.shop_page, name="demo"),
    path("guest/", views.shop_page, {"signed_in": False}, name="demo-guest"),
    path("token", views.token, name="demo-token"),
    path("orders", views.orders, name="demo-orders"),
    path("cart", views.cart, name="demo-cart"),
    path("buy", views.buy, name="demo-buy"),
    path("return", views.give_back, name="demo-return"),
    path("admin/api/<path:rest>", views.admin_api),
]
urlpatterns = [
    path("demo/", include(PAGES)),
    path("discount/<path:code>", views.apply_code, name="demo-discount"),
]
