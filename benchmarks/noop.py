"""The floor under reading: a Django view that does nothing, without middleware. Settings, addresses and WSGI."""

import os

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

SECRET_KEY = "of a process that lives for one measurement"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "benchmarks.noop"
LOGGING_CONFIG = None


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("storefront/v1/me", nothing)]

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.noop"
application = get_wsgi_application()
