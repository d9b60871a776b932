"""Third-party bodies and vectors to test against, where a checkout has them beside it.

They are not part of this project: the folder is named by REGULARS_MATERIAL, or found next to the checkout.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _folder() -> Path | None:
    named = os.environ.get("REGULARS_MATERIAL")
    if named:
        return Path(named)
    return next((manifest.parent for manifest in ROOT.parent.glob("*/material/MANIFEST.md")), None)


MATERIAL = _folder()


def material(*parts: str) -> Path:
    """A file or folder of the material; skips the test where there is no material at all."""
    if MATERIAL is None:
        pytest.skip("no third-party material beside this checkout; set REGULARS_MATERIAL to its folder")
    return MATERIAL.joinpath(*parts)


def bodies(*parts: str) -> list[Path]:
    """The JSON files below a folder of the material, for parametrising; none where there is no material."""
    return sorted(MATERIAL.joinpath(*parts).glob("*.json")) if MATERIAL else []
