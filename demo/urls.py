"""Addresses of the demo store, under /demo/."""

from django.urls import path

from demo import views

urlpatterns = [
    path("", views.shop_page, name="demo"),
    path("guest/", views.shop_page, {"signed_in": False}, name="demo-guest"),
    path("token", views.token, name="demo-token"),
    path("orders", views.orders, name="demo-orders"),
    path("buy", views.buy, name="demo-buy"),
    path("return", views.give_back, name="demo-return"),
]
