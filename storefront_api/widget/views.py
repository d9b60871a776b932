"""Serving the widget's file, compressed once."""

import gzip
import json
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

SCRIPT = Path(__file__).with_name("regulars.js")
STYLE = SCRIPT.with_suffix(".css")


@lru_cache(maxsize=1)
def _file(_modified: float) -> tuple[bytes, bytes, str]:
    """The script with its style inside, the same compressed, and its digest."""
    style = json.dumps(STYLE.read_text())
    source = SCRIPT.read_text().replace('"regulars.css"', style, 1).encode()
    return source, gzip.compress(source, 9, mtime=0), blake2b(source, digest_size=9).hexdigest()


def regulars_js(request: HttpRequest) -> HttpResponse:
    """The widget. Any page may load it; it holds nothing of any shop."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    source, compressed, digest = _file(SCRIPT.stat().st_mtime + STYLE.stat().st_mtime)
    zipped = "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    etag = f'"{digest}{"-gz" if zipped else ""}"'
    if etag in request.META.get("HTTP_IF_NONE_MATCH", ""):
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(compressed if zipped else source)
        if zipped:
            response["Content-Encoding"] = "gzip"
    response["Content-Type"] = "text/javascript; charset=utf-8"
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=300"
    response["Vary"] = "Accept-Encoding"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["X-Content-Type-Options"] = "nosniff"
    return response
