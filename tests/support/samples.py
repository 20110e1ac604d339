"""Where the published messages of others are: beside the repository, or in HC_SAMPLES."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[2].parent / "shared/samples"
FOLDER = Path(os.environ.get("HC_SAMPLES") or BESIDE)
needed = pytest.mark.skipif(not FOLDER.is_dir(), reason="the samples are not on this machine")
