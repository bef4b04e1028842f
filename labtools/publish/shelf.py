"""What was made for an earlier edition, by what it was made from: taken instead of made again.

A ficha's pages depend on its own tables, on the ground of the maps, on code and libraries, and on
nothing else; where those are the same, so are the bytes.  Of the pages that tell of all colonias
it is noted which tables they are made of (`Shelf.follow`).  Use it when an edition is published.
Never when one is to be proven: `labtools verify` makes everything anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from labtools.tables.lineage import code_digest, digest_of, packages_digest
from labtools.tables.noting import Noting
from labtools.tables.store import make_folder


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
        return self._read(self._name(made_from)) is not None

    def take(self, make: Callable[[], bytes], *made_from: object) -> bytes:
        """Return what is made from these plain values: what is kept, or else what `make` gives."""
        name = self._name(made_from)
        self._used.add(name)
        kept = self._read(name)
        if kept is not None:
            return kept
        made = make()
        self._put(name, made)
        return made

    def follow(
        self,
        make: Callable[[Mapping[str, pd.DataFrame]], bytes],
        tables: Mapping[str, pd.DataFrame],
        digest: Callable[[str], str],
        *made_from: object,
    ) -> bytes:
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
        known = self._read(place)
        if known is not None:
            asked = known.decode().split()
            name = self._name((*made_from, {it: digest(it) for it in asked}))
            if (kept := self._read(name)) is not None:
                self._used |= {place, name}
                return kept
        noting = Noting(tables)
        made = make(noting)
        asked = sorted(noting.asked)
        for name, held in (
            (place, " ".join(asked).encode()),
            (self._name((*made_from, {it: digest(it) for it in asked})), made),
        ):
            self._used.add(name)
            self._put(name, held)
        return made

    def clear(self) -> None:
        """Remove what was not used: it was made from what is no longer so."""
        for name in self._kept.keys() - self._used:
            self._kept.pop(name).unlink(missing_ok=True)

    def _put(self, name: str, made: bytes) -> None:
        if self._folder is None:
            return
        path = self._folder / f"{name}.{_digest(made)}"
        aside = path.with_name(f".{path.name}")
        aside.write_bytes(made)  # not synced: its digest tells whether it is whole
        aside.replace(path)
        before = self._kept.get(name)
        if before is not None and before != path:
            before.unlink(missing_ok=True)
        self._kept[name] = path

    def _name(self, made_from: tuple[object, ...]) -> str:
        return digest_of(self._shared, *made_from)

    def _read(self, name: str) -> bytes | None:
        path = self._kept.get(name)
        if path is None or not path.is_file():
            return None
        kept = path.read_bytes()
        if path not in self._whole and path.suffix != f".{_digest(kept)}":
            return None
        self._whole.add(path)
        return kept


def _digest(made: bytes) -> str:
    return hashlib.sha256(made).hexdigest()[:32]
