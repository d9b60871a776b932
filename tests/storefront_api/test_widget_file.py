"""The widget's file: small, safe under any page's policy, and cached."""

import gzip
import re

from django.test import Client

URL = "/widget/v1/regulars.js"
LARGEST = 25_000


def test_the_file_is_small_and_cached(client: Client) -> None:
    response = client.get(URL, headers={"Accept-Encoding": "gzip, br"})
    assert response["Content-Encoding"] == "gzip"
    assert len(response.content) < LARGEST
    plain = client.get(URL)
    assert gzip.decompress(response.content) == plain.content
    assert plain["ETag"] != response["ETag"]
    for given in (plain, response):
        assert given["Content-Type"] == "text/javascript; charset=utf-8"
        assert given["Cache-Control"] == "public, max-age=300"
        assert given["Access-Control-Allow-Origin"] == "*"
        assert given["X-Content-Type-Options"] == "nosniff"
        assert given["Vary"] == "Accept-Encoding"
        assert not given.cookies
    again = client.get(URL, headers={"If-None-Match": plain["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_only_reading(client: Client) -> None:
    assert client.head(URL).status_code == 200
    assert client.post(URL).status_code == 405


def test_the_file_runs_under_a_strict_policy(client: Client) -> None:
    """No text becomes code or markup, nothing is loaded, nothing is kept in the browser."""
    code = client.get(URL).content.decode()
    forbidden = (
        r"\beval\b|new Function|innerHTML|outerHTML|insertAdjacentHTML|document\.write|setAttribute\(.style"
        r"|\bimport\(|importScripts|localStorage|sessionStorage|document\.cookie|sendBeacon|<style"
    )
    assert not re.findall(forbidden, code)
    assert set(re.findall(r"https?://[^\"'`\s]+", code)) <= {"http://www.w3.org/2000/svg"}
