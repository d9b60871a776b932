"""Webhooks in: verify, keep once, queue a task."""

import base64
import hashlib
import hmac
import os

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.textbook.models import Webhook
from benchmarks.textbook.tasks import apply_webhook


class Webhooks(APIView):
    def post(self, request: Request, connection: str) -> Response:
        digest = hmac.new(os.environ["TEXTBOOK_SECRET"].encode(), request.body, hashlib.sha256).digest()
        given = request.headers.get("X-Shopify-Hmac-Sha256", "")
        if not hmac.compare_digest(given, base64.b64encode(digest).decode()):
            return Response(status=401)
        webhook, created = Webhook.objects.get_or_create(
            delivery_id=request.headers["X-Shopify-Webhook-Id"],
            defaults={"topic": request.headers["X-Shopify-Topic"], "body": request.data},
        )
        if created:
            apply_webhook.delay(webhook.pk)
        return Response({"status": "accepted"})
