"""Writes what an installation holds: a bill of materials (CycloneDX 1.6) and the licences.

Run with ``make bill``; both come from ``requirements.lock``, whose hashes the bill repeats, and
from what each installed package says of itself.  The same lock file and the same environment give
the same bytes.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import labtools

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements.lock"
FOLDER = ROOT / "build" / "release"
UNKNOWN, ABSENT = "unknown", "not installed here"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_TROVE = "License :: OSI Approved :: "
_LONGEST = 60  # letters: what is longer is the whole text of a licence


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the lock file.

    Attributes
    ----------
    name, version : str
    sha256 : tuple of str
        Of each of its files that may be installed.
    licence : str
        As the package says it; “unknown” where it says nothing, “not installed here” where it is
        for another system or version of Python.
    """

    name: str
    version: str
    sha256: tuple[str, ...]
    licence: str

    @property
    def purl(self) -> str:
        """Its package URL."""
        return f"pkg:pypi/{re.sub(r'[-_.]+', '-', self.name).lower()}@{self.version}"


def packages_of(lock: str) -> Iterator[Package]:
    """Yield the packages that a lock file pins, in its order."""
    parts = re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)
    for part in parts:
        if found := _PINNED.match(part):
            name, version = found["name"], found["version"]
            yield Package(name, version, tuple(_HASH.findall(part)), licence_of(name))


def licence_of(name: str) -> str:
    """Return the licence that an installed package declares: expression, classifiers, words."""
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ABSENT
    if expression := said.get("License-Expression"):
        return str(expression)
    trove = [it.removeprefix(_TROVE) for it in said.get_all("Classifier", ())]
    named = sorted(it for it in trove if "License" in it and "::" not in it)
    words = str(said.get("License") or "").strip().splitlines()
    if named:
        return " OR ".join(named)
    return words[0] if words and len(words[0]) <= _LONGEST else UNKNOWN


def bill(packages: list[Package], lock: str) -> dict[str, object]:
    """Return the bill of materials, as CycloneDX 1.6 asks for it."""
    root = f"pkg:pypi/labtools@{labtools.__version__}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, root + lock)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "labtools",
                "version": labtools.__version__,
                "purl": root,
                "licenses": [{"license": {"id": "BSD-3-Clause"}}],
            }
        },
        "components": [_component(it) for it in packages],
        "dependencies": [{"ref": root, "dependsOn": [it.purl for it in packages]}],
    }


def _component(package: Package) -> dict[str, object]:
    found: dict[str, object] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
    }
    if package.licence not in {UNKNOWN, ABSENT}:
        found["licenses"] = [{"license": {"name": package.licence}}]
    # A component has one file; a lock file names all that may serve: each is a distribution.
    found["externalReferences"] = [
        {
            "type": "distribution",
            "url": package.purl,
            "hashes": [{"alg": "SHA-256", "content": it}],
        }
        for it in package.sha256
    ]
    return found


def report(packages: list[Package]) -> str:
    """Return the licences in Markdown: how many packages have each, then each package."""
    counted = Counter(it.licence for it in packages).most_common()
    lines = ["# Licences of what an installation holds", ""]
    lines += [f"From `requirements.lock`: {len(packages)} packages.", ""]
    lines += ["| licence | packages |", "|---|---|"]
    lines += [f"| {_cell(name)} | {n} |" for name, n in counted]
    lines += ["", "| package | version | licence |", "|---|---|---|"]
    lines += [f"| {it.name} | {it.version} | {_cell(it.licence)} |" for it in packages]
    return "\n".join(lines) + "\n"


def _cell(told: str) -> str:
    return told.replace("|", "/")


def main() -> None:
    """Write both below ``build/release/``."""
    lock = LOCK.read_text(encoding="utf-8")
    packages = list(packages_of(lock))
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = json.dumps(bill(packages, lock), indent=1) + "\n"
    (FOLDER / "labtools.cdx.json").write_text(told, encoding="utf-8")
    (FOLDER / "licences.md").write_text(report(packages), encoding="utf-8")
    unknown = [it.name for it in packages if it.licence == UNKNOWN]
    sys.stdout.write(f"{FOLDER}: {len(packages)} packages; licence unknown: {unknown}\n")


if __name__ == "__main__":
    main()
