"""What was made for an earlier edition, by what it was made from: taken instead of made again.

A ficha's pages depend on its own tables, on the ground of the maps, on code and libraries, and on
nothing else; where those are the same, so are the bytes.  Of the pages that tell of all colonias
it is noted which tables they are made of (`Shelf.follow`).  Use it when an edition is published.
Never when one is to be proven: `labtools verify` makes everything anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labtools.tables.lineage import code_digest, digest_of, packages_digest
from labtools.tables.noting import Noting
from labtools.tables.store import make_folder


@dataclass(frozen=True, slots=True)
class Held:
    """What a shelf holds, or what was made without one.

    Attributes
    ----------
    made : bytes or pathlib.Path
        The bytes, or the file of the shelf.
    """

    made: bytes | Path

    def put(self, path: Path) -> int:
        """Make the file `path` of it, and return its size.

        A file of the shelf is given a second name, not copied, where the disk allows it: an
        edition costs only what changed in it.  Neither is ever written to again.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(self.made, Path):
            return path.write_bytes(self.made)
        try:
            os.link(self.made, path)
        except OSError:  # another file system, or one without links
            shutil.copyfile(self.made, path)
        return path.stat().st_size


class Shelf:
    """A folder of made files; each is named by the digest of what it was made from, and its own.

    Parameters
    ----------
    folder : pathlib.Path or None
        Without one nothing is kept, and everything is made.
    shared : object
        Plain values that every file is made from; code and libraries are, without being told.
    """

    def __init__(self, folder: Path | None, *shared: object) -> None:
        self._folder = folder
        self._shared = digest_of(code_digest(), packages_digest(), *shared)
        found = make_folder(folder, private=True).glob("[!.]*.*") if folder else ()
        self._kept = {path.stem: path for path in found}
        self._used: set[str] = set()
        self._whole: set[Path] = set()

    def has(self, *made_from: object) -> bool:
        """Tell whether what is made from these plain values is here, as it was put here."""
        return self._found(self._name(made_from)) is not None

    def take(self, make: Callable[[], bytes], *made_from: object) -> Held:
        """Return what is made from these plain values: what is kept, or else what `make` gives."""
        name = self._name(made_from)
        self._used.add(name)
        return Held(self._found(name) or self._put(name, make()))

    def follow(
        self,
        make: Callable[[Mapping[str, pd.DataFrame]], bytes],
        tables: Mapping[str, pd.DataFrame],
        digest: Callable[[str], str],
        *made_from: object,
    ) -> Held:
        """Return what is made of `tables`, and stands while those that it asks for do.

        Parameters
        ----------
        make : callable
            Makes the bytes; the same of the same.
        tables : mapping of str to DataFrame
            What it may ask for.
        digest : callable
            Gives the digest of a table by its name.
        *made_from : object
            All else that it depends on, plain values.
        """
        place = self._name(("asked", *made_from))
        if (known := self._found(place)) is not None:
            asked = known.read_text(encoding="utf-8").split()
            name = self._name((*made_from, {it: digest(it) for it in asked}))
            if (kept := self._found(name)) is not None:
                self._used |= {place, name}
                return Held(kept)
        noting = Noting(tables)
        made = make(noting)
        asked = sorted(noting.asked)
        name = self._name((*made_from, {it: digest(it) for it in asked}))
        self._used |= {place, name}
        self._put(place, " ".join(asked).encode())
        return Held(self._put(name, made))

    def clear(self) -> None:
        """Remove what was not used: it was made from what is no longer so."""
        for name in self._kept.keys() - self._used:
            self._kept.pop(name).unlink(missing_ok=True)

    def _put(self, name: str, made: bytes) -> bytes | Path:
        """Return the file in which `made` is kept now, or itself where nothing is kept."""
        if self._folder is None:
            return made
        path = self._folder / f"{name}.{_digest(made)}"
        aside = path.with_name(f".{path.name}")
        aside.write_bytes(made)  # not synced: its digest tells whether it is whole
        aside.replace(path)
        before = self._kept.get(name)
        if before is not None and before != path:
            before.unlink(missing_ok=True)
        self._kept[name] = path
        self._whole.add(path)
        return path

    def _name(self, made_from: tuple[object, ...]) -> str:
        return digest_of(self._shared, *made_from)

    def _found(self, name: str) -> Path | None:
        """Return the file that is kept under a name, once its bytes proved to be what was kept."""
        path = self._kept.get(name)
        if path is None or not path.is_file():
            return None
        if path not in self._whole and path.suffix != f".{_digest(path.read_bytes())}":
            return None
        self._whole.add(path)
        return path


def _digest(made: bytes) -> str:
    return hashlib.sha256(made).hexdigest()[:32]
