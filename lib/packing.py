"""Raw bodies, compressed as they are stored and unpacked byte for byte."""

import threading

import zstandard

LEVEL = 1


class _Tools(threading.local):
    """A compressor belongs to one thread."""

    def __init__(self) -> None:
        self.pack = zstandard.ZstdCompressor(level=LEVEL).compress
        self.unpack = zstandard.ZstdDecompressor().decompress


_tools = _Tools()


def pack(raw: bytes) -> bytes:
    """Compress with Zstandard."""
    return _tools.pack(raw)


def unpack(packed: bytes | memoryview) -> bytes:
    """What `pack` was given. Raises `zstandard.ZstdError` for anything else."""
    return _tools.unpack(packed)
