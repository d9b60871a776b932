"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()

from config.machine_roads import fast_roads  # noqa: E402 - its views need the applications to be loaded

application = fast_roads(django_application)
