"""How much a key may ask, and how the schema names it."""

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from lib.ratelimit import RateLimiter

_limiter = RateLimiter(settings.REDIS_URL, prefix="api")


class KeyThrottle(BaseThrottle):
    """So many requests for each key; without Redis each process counts alone."""

    requests_per_minute = 600

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.wait_s = _limiter.wait_s(str(request.auth.pk), self.requests_per_minute) if request.auth else 0
        return not self.wait_s

    def wait(self) -> float:
        return self.wait_s


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = "storefront_api.authentication.ApiKeyAuthentication"
    name = "API key"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
