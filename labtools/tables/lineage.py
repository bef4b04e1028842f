"""Where a file came from: the inputs' checksums, the code and the settings that made it.

Lineage stands beside each file as ``<file>.lineage.json`` and holds no time: the same
inputs, code and settings give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

import labtools
from labtools.errors import TableError


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a file was made from.

    Attributes
    ----------
    step : str
        Verb that made the file.
    inputs : mapping of str to str
        File (relative to the workbench) → sha256 of its bytes.
    settings : str
        Digest of the settings that matter to the step.
    code : str
        Digest of the package's source.
    sha256 : str
        Checksum of the file itself; empty until it is written.
    """

    step: str
    inputs: Mapping[str, str]
    settings: str
    code: str
    sha256: str = ""


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal.

    Raises
    ------
    TableError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as unreadable:
        raise TableError(
            "{path} cannot be read ({reason}). Check that it exists and that you may read it.",
            path=str(path),
            reason=unreadable.strerror,
        ) from unreadable


def sha256_within(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file in a folder, and below, by its name relative to it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of(path) for path in files}


def digest_of(*parts: object) -> str:
    """Return a sha256 over plain values (text, numbers, lists, mappings)."""
    told = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def trace(step: str, inputs: Iterable[Path], *, root: Path, settings: object = None) -> Lineage:
    """Return the lineage of what `step` makes from `inputs`, named relative to `root`."""
    read = {_named(path, root): sha256_of(path) for path in sorted(set(inputs))}
    return Lineage(step, read, digest_of(settings), code_digest())


def write_lineage(path: Path, lineage: Lineage) -> Lineage:
    """Write the lineage of the file `path` beside it, and return it with its checksum."""
    signed = Lineage(lineage.step, lineage.inputs, lineage.settings, lineage.code, sha256_of(path))
    told = json.dumps(asdict(signed), indent=1, sort_keys=True, ensure_ascii=False)
    _beside(path).write_text(told + "\n", encoding="utf-8")
    return signed


def read_lineage(path: Path) -> Lineage | None:
    """Return the lineage that stands beside `path`, or None where there is none to be read.

    A lineage cut short (the machine stopped while it was written), or one that may not be read,
    counts as none: its file is made again.
    """
    try:
        return Lineage(**json.loads(_beside(path).read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError):
        return None


def is_current(path: Path, lineage: Lineage) -> bool:
    """Tell whether `path` was made from exactly this lineage and has not changed since."""
    written = read_lineage(path)
    if written is None or not path.is_file():
        return False
    same = (written.step, dict(written.inputs), written.settings, written.code) == (
        lineage.step,
        dict(lineage.inputs),
        lineage.settings,
        lineage.code,
    )
    return same and written.sha256 == sha256_of(path)


@cache
def code_digest() -> str:
    """Return the digest of the package's Python source and templates."""
    package = Path(labtools.__file__).parent
    code = hashlib.sha256(labtools.__version__.encode())
    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        if path.is_file() and "__pycache__" not in inside.parts and "_bundle" not in inside.parts:
            code.update(str(inside).encode())
            code.update(path.read_bytes())
    return code.hexdigest()


@cache
def packages_digest() -> str:
    """Return a digest of the name and version of every installed library."""
    return digest_of(sorted({_library(it) for it in distributions()}))


def _library(library: Distribution) -> str:
    """Return name and version; from the head of what it tells of itself, which is soon read."""
    head, _, _ = (library.read_text("METADATA") or "").partition("\n\n")
    told = dict(re.findall(r"^(Name|Version): *(\S+)", head, re.MULTILINE))
    name, version = told.get("Name") or library.name, told.get("Version") or library.version
    return f"{name}=={version}"


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".lineage.json")


def _named(path: Path, root: Path) -> str:
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.name
