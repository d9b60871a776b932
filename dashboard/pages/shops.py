"""Turning to another shop."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, choose_shop
from dashboard.site import site


def shops(request: DeskRequest) -> HttpResponse:
    """The shops the person works in; a POST turns to one of them."""
    if request.method == "POST":
        chosen = next((one for one in request.desk.shops if one.public_id == request.POST.get("shop")), None)
        if chosen is None:
            raise Http404
        choose_shop(request, chosen)
        return redirect("dashboard:index")
    return site.show(request, "shops", {"title": gettext("Your shops")})
