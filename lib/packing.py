"""Raw bodies, compressed as they are stored and unpacked byte for byte."""

import threading

import zstandard

LEVEL = 1
# Larger than any body that is let in; a stored body never makes a worker reserve more.
LARGEST_BYTES = 64 * 1024 * 1024


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
    return _tools.unpack(packed, max_output_size=LARGEST_BYTES)
