"""What the tests of the eight verbs share: five colonias of the demo, and ways to look at files."""

import hashlib
from pathlib import Path

#: Ordinary; with a survey of its own; where a change is certain; withheld; without any crime.
FICHAS = ("99001_0001", "99001_0023", "99001_0040", "99001_0142", "99001_0460")
WITHHELD = "99001_0142"
EARLIER = "2025-09"


def bytes_in(folder: Path) -> dict[str, str]:
    """Return the checksum of every file, by its place in the folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def times_in(folder: Path) -> dict[str, int]:
    """Return when each file was last written."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }
