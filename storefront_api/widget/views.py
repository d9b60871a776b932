"""Serving the widget's file, compressed once."""

import gzip
import json
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

SCRIPT = Path(__file__).with_name("regulars.js")
INCLUDED = tuple(
    SCRIPT.with_name(f"{name}.js")
    for name in ("elements", "server", "program", "rewards", "shelf", "redeeming", "account")
)
PARTS = (SCRIPT.with_suffix(".css"), SCRIPT.with_name("texts.json"))


@lru_cache(maxsize=1)
def _file(_modified: float) -> tuple[bytes, bytes, str]:
    """The script with the included files and, as strings, the parts inside; the same compressed; its digest."""
    script = SCRIPT.read_text()
    for file in INCLUDED:
        script = script.replace(f"/* {file.name} */", file.read_text(), 1)
    for part in PARTS:
        script = script.replace(f'"{part.name}"', json.dumps(part.read_text()), 1)
    source = script.encode()
    return source, gzip.compress(source, 9, mtime=0), blake2b(source, digest_size=9).hexdigest()


def regulars_js(request: HttpRequest) -> HttpResponse:
    """The widget. Any page may load it; it holds nothing of any shop."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    source, compressed, digest = _file(sum(path.stat().st_mtime for path in (SCRIPT, *INCLUDED, *PARTS)))
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
