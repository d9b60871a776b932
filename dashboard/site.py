"""The merchants' site: every page of it has found its desk, works inside the shop's scope and asks for rights."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django_scopes import scope
from unfold.sites import UnfoldAdminSite

from dashboard.desk import DeskRequest, Right, find_desk
from dashboard.forms.login import LoginForm

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Alpine, which Unfold is made with, evaluates expressions; Unfold writes its colours in a <style>.
CONTENT_SECURITY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}

View = Callable[..., HttpResponseBase]


class DashboardSite(UnfoldAdminSite):
    """A site without model pages: nothing is shown or changed but by the pages of `dashboard.urls`."""

    login_form = LoginForm
    login_template = "dashboard/login.html"
    logout_template = "dashboard/logged_out.html"
    password_change_template = "dashboard/password_form.html"
    password_change_done_template = "dashboard/password_done.html"
    site_title = gettext_lazy("Regulars")
    index_title = gettext_lazy("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and request.user.is_active

    def page(
        self, route: str, view: View, name: str, right: Right | None = None, leads_to: Sequence[str] = ()
    ) -> URLPattern:
        """A page at `route`. What is not a mere look at it needs `right`; without one it only shows.

        `leads_to`: other sites to which its form may lead in the end.
        """
        policy = CONTENT_SECURITY | ({"form-action": list(leads_to)} if leads_to else {})
        return path(route, csp_update(policy)(self.admin_view(self._at_desk(view, right))), name=name)

    def door(self, route: str, view: View, name: str) -> URLPattern:
        """A page on the way in or out, which needs no desk."""
        return path(route, csp_update(CONTENT_SECURITY)(never_cache(view)), name=name)

    def show(
        self, request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
    ) -> TemplateResponse:
        """Render `dashboard/<template>.html` in the site's frame."""
        request.current_app = self.name
        content = self.each_context(request) | {"desk": getattr(request, "desk", None)} | context
        return TemplateResponse(request, f"dashboard/{template}.html", content, status=status)

    def _at_desk(self, view: View, right: Right | None) -> View:
        @wraps(view)
        def at_desk(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            desk = find_desk(request)
            if desk is None:
                return self.show(request, "no_shop", {"title": gettext("No shop yet")}, status=403).render()
            here = cast(DeskRequest, request)
            here.desk = desk
            # The response is rendered in here, since a template may still ask the database or the clock.
            with scope(shop=desk.shop), timezone.override(desk.zone):
                response = self._answer(here, view, right, args, kwargs)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return at_desk

    def _answer(
        self,
        request: DeskRequest,
        view: View,
        right: Right | None,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase:
        try:
            if request.method not in SAFE_METHODS and (right is None or not request.desk.may(right)):
                raise PermissionDenied
            return view(request, *args, **kwargs)
        except Http404:
            return self.show(request, "missing", {"title": gettext("Not found")}, status=404)
        except PermissionDenied:
            return self.show(request, "denied", {"title": gettext("Not allowed")}, status=403)


site = DashboardSite(name="dashboard")
