"""Fetch a deposited edition: every byte is compared before it is there, and nothing is half."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from labtools.errors import SettingsError
from labtools.tables.store import make_folder, sync_folder
from labtools.workflow.deposit import File, Pointer, read_list, read_pointer
from labtools.workflow.objects import Objects, abreast, is_in_place, objects_at
from labtools.workflow.release import point_to


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched.

    Attributes
    ----------
    folder : pathlib.Path
        Of the edition.
    files, received : int
        How many files it has, and how many came now.
    removed : tuple of str
        Withdrawn editions that were taken away here.
    """

    folder: Path
    files: int
    received: int
    removed: tuple[str, ...]


def fetch(url: str, folder: Path, *, run_id: str = "latest") -> Fetched:
    """Bring an edition from an address into `folder`, beside others, and let it take their place.

    ``folder/latest`` names it once it is whole.  What an interrupted fetch left is compared and
    kept.  Editions that were withdrawn since are removed.

    Parameters
    ----------
    run_id : str, default "latest"
        Edition; with another one than the latest, ``latest`` stays as it is.

    Raises
    ------
    SettingsError
        If there is no such edition, the store does not answer, or a byte is not what was
        deposited: nothing is put in place then.
    """
    there = objects_at(url)
    pointer = read_pointer(there)
    run = pointer.run if run_id == "latest" else run_id
    make_folder(folder)
    fetched = _bring(there, folder, run, pointer) if run else (0, 0)
    if run and run_id == "latest":
        point_to(folder, run)
    removed = _take_away(folder, pointer.withdrawn)
    if not run:
        raise SettingsError(
            "The edition at {url} was withdrawn, and no other is in place there. {n} withdrawn "
            "editions were removed from {folder}.",
            url=url,
            n=len(removed),
            folder=str(folder),
        )
    return Fetched(folder / run, *fetched, removed)


def _bring(there: Objects, folder: Path, run: str, pointer: Pointer) -> tuple[int, int]:
    """Put an edition into `folder`; return how many files it has, and how many came now."""
    files = read_list(there, run, pointer)
    final, aside = folder / run, folder / f".{run}.fetching"
    if final.is_dir() and not _missing(final, files):
        return len(files), 0
    make_folder(aside, private=any(not name.startswith("public/") for name in files))
    missing = _missing(aside, files)
    for name in files:
        make_folder((aside / name).parent)
    abreast(lambda name: _receive(there, run, name, files[name], aside), missing)
    _drop_others(aside, files)
    sync_folder(aside)
    if final.is_dir():  # somebody changed it
        shutil.rmtree(final)
    aside.replace(final)
    return len(files), len(missing)


def _take_away(folder: Path, gone: tuple[str, ...]) -> tuple[str, ...]:
    """Remove withdrawn editions from `folder`, and ``latest`` where it names one of them."""
    removed = tuple(name for name in gone if (folder / name).is_dir())
    latest = folder / "latest"
    if latest.is_symlink() and latest.readlink().name in removed:
        latest.unlink()
    for name in removed:
        shutil.rmtree(folder / name)
    return removed


def _missing(folder: Path, files: dict[str, File]) -> list[str]:
    return [n for n, it in files.items() if not is_in_place(folder / n, it.size, it.sha256)]


def _receive(there: Objects, run: str, name: str, file: File, aside: Path) -> None:
    if there.get(f"{run}/{name}", file.size, aside / name) != file.sha256:
        raise SettingsError(
            "{name} at {url} is not what was deposited: its checksum is another one. Nothing was "
            "put in place; deposit the edition again.",
            name=f"{run}/{name}",
            url=there.url,
        )


def _drop_others(aside: Path, files: dict[str, File]) -> None:
    """Remove what is no file of the edition."""
    for path in aside.rglob("*"):
        if path.is_file() and path.relative_to(aside).as_posix() not in files:
            path.unlink()
