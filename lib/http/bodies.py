"""Reading an answer's body without taking in more than was agreed."""

import zlib
from collections.abc import Iterable

from lib.http.reply import NotSent


def read_body(chunks: Iterable[bytes], encoding: str, most_bytes: int) -> bytes:
    """The body, decompressed; at most `most_bytes` before and after. Raises `NotSent`."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise NotSent(f"answered in an encoding that was not asked for: {encoding[:50]}", maybe_done=True)
    raw = bytearray()
    for chunk in chunks:
        raw += chunk
        if len(raw) > most_bytes:
            raise too_much(most_bytes)
    return _unzip(bytes(raw), most_bytes) if raw and encoding.endswith("gzip") else bytes(raw)


def too_much(most_bytes: int) -> NotSent:
    """What is raised about an answer that is too large."""
    return NotSent(f"answered more than {most_bytes} bytes", maybe_done=True)


def _unzip(packed: bytes, most_bytes: int) -> bytes:
    body = bytearray()
    try:
        while packed:
            member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            # One byte more than there is room for: enough to know, and never more in memory.
            body += member.decompress(packed, most_bytes - len(body) + 1)
            if len(body) > most_bytes:
                raise too_much(most_bytes)
            if not member.eof:
                raise NotSent("answered with half a gzip file", maybe_done=True)
            packed = member.unused_data
    except zlib.error as error:
        raise NotSent(f"answered with a broken gzip file: {error}", maybe_done=True) from error
    return bytes(body)
