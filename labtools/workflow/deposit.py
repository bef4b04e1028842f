"""Deposit an edition in a store of objects, whole or not at all, and fetch it from there.

An address holds editions of one audience only, and says so (``deposit.json``).  The files of an
edition lie below its name as they lie in its folder, beside the list of their checksums
(``files.json``); ``latest.json`` names the edition in place and is written last, so that whoever
reads there sees the old edition or the new one.  What an interrupted deposit left is compared,
and only what differs is sent.
"""

from __future__ import annotations

import getpass
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from labtools.errors import PrivacyError, SettingsError
from labtools.paths import Workbench
from labtools.privacy.ledger import LEDGER, read_ledger, withdrawn
from labtools.runs.context import Audience
from labtools.runs.manifest import NAME as MANIFEST
from labtools.runs.manifest import finished_run, read_manifest
from labtools.tables.lineage import sha256_of
from labtools.workflow.objects import Objects, abreast, objects_at

MARK = "deposit.json"
LIST = "files.json"
POINTER = "latest.json"
RECORD = "deposits.jsonl"
_FORM = 1


@dataclass(frozen=True, slots=True)
class File:
    """A file of an edition: how many bytes, and their sha256."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """What an address says of itself.

    Attributes
    ----------
    run : str
        Edition in place; empty where the one that was is withdrawn.
    sha256 : str
        Checksum of the list of its files.
    withdrawn : tuple of str
        Editions that must not be shown any more.
    """

    run: str
    sha256: str
    withdrawn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deposited:
    """What a deposit did.

    Attributes
    ----------
    run : str
    files, sent, size : int
        How many files the edition has, how many were sent, and the bytes of these.
    removed : tuple of str
        Withdrawn editions that were taken away there.
    """

    run: str
    files: int
    sent: int
    size: int
    removed: tuple[str, ...]


def deposit(
    workbench: Workbench, url: str, *, run_id: str = "latest", audience: Audience = "public"
) -> Deposited:
    """Copy a finished run to an address, read it back, and let it take the old one's place there.

    Editions that the ledger says are withdrawn are taken away.

    Parameters
    ----------
    audience : {"public", "internal"}
        What is released, and nothing else; or the whole run, with the lab's own true counts.

    Raises
    ------
    PrivacyError
        If the address holds the other audience's editions or lies below them, the run was
        withdrawn, or a public file is not the one that its manifest names.
    SettingsError
        If there is no such run, the store does not answer or gives back other bytes, or the
        address holds something else.
    """
    run = finished_run(workbench, run_id)
    gone = withdrawn(read_ledger(workbench.reports / LEDGER))
    there = objects_at(url)
    _settle_audience(there, audience)
    if run.name in gone:
        removed = _take_away(there, gone)
        raise PrivacyError(
            "The edition {run} was withdrawn ({reason}) and is deposited nowhere. {n} withdrawn "
            "editions were taken away at {url}.",
            run=run.name,
            reason=gone[run.name],
            n=len(removed),
            url=url,
        )
    files = files_of_edition(run, audience)
    stood = there.sizes(run.name)
    tried = abreast(lambda name: _sent(there, run, name, files[name], stood), files)
    sent = [name for name in tried if name]
    listed = _listed(run, files)
    there.put(f"{run.name}/{LIST}", listed)
    there.put(POINTER, _pointer(run.name, hashlib.sha256(listed).hexdigest(), gone))
    size = sum(files[name].size for name in sent)
    done = Deposited(run.name, len(files), len(sent), size, _take_away(there, gone))
    _note(workbench, url, audience, done)
    return done


def _take_away(there: Objects, gone: Mapping[str, str]) -> tuple[str, ...]:
    """Remove withdrawn editions; if one of them is in place, none is any more."""
    removed = tuple(name for name in gone if there.read(f"{name}/{LIST}") is not None)
    if removed and read_pointer(there).run in gone:
        there.put(POINTER, _pointer("", "", gone))
    for name in removed:
        there.remove(name)
    return removed


def files_of_edition(run: Path, audience: Audience) -> dict[str, File]:
    """Return the files of an edition that an audience may have, by their place in the run.

    Raises
    ------
    PrivacyError
        If a public file is not the one that was published, or is none that was.
    """
    published: Mapping[str, str] = read_manifest(run)["outputs"]  # type: ignore[assignment]
    top = run if audience == "internal" else run / "public"
    files = {
        path.relative_to(run).as_posix(): File(path.stat().st_size, sha256_of(path))
        for path in sorted(top.rglob("*"))
        if path.is_file()
    }
    public = {name for name in files if name.startswith("public/")}
    altered = sorted(
        name
        for name in {*public, *published}
        if name not in files or files[name].sha256 != published.get(name)
    )
    if altered:
        raise PrivacyError(
            "{n} files of the edition {run} are not those that were published; the first is "
            "{first}. Nothing is deposited: publish it again with “labtools run --force”.",
            n=len(altered),
            run=run.name,
            first=altered[0],
        )
    return files


def read_pointer(there: Objects) -> Pointer:
    """Return which edition is in place at an address.

    Raises
    ------
    SettingsError
        If nothing was deposited there.
    """
    told = _parsed(there, POINTER, there.read(POINTER))
    pointer = Pointer(told["run"], told["sha256"], tuple(told["withdrawn"]))
    if not all(_is_name(name) for name in (pointer.run or "none", *pointer.withdrawn)):
        raise _broken(there, POINTER)
    return pointer


def read_list(there: Objects, run: str, pointer: Pointer) -> dict[str, File]:
    """Return the files of an edition at an address.

    Raises
    ------
    SettingsError
        If there is no such edition, or its list is not the one that was written.
    """
    name = f"{run}/{LIST}"
    listed = there.read(name) if _is_name(run) else None
    told = _parsed(there, name, listed)
    in_place = run == pointer.run
    if in_place and hashlib.sha256(listed or b"").hexdigest() != pointer.sha256:
        raise _broken(there, name)
    if told["run"] != run or not all(_is_inside(path) for path in told["files"]):
        raise _broken(there, name)
    return {path: File(*held) for path, held in told["files"].items()}


def _is_name(run: str) -> bool:
    return bool(run) and PurePosixPath(run).name == run and not run.startswith(".")


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    inside = path.parts[0] in {"public", "internal"} or name == MANIFEST
    return inside and ".." not in path.parts and path.as_posix() == name


def _sent(there: Objects, run: Path, name: str, file: File, stood: Mapping[str, int]) -> str:
    """Put a file there unless it is there already; return its name if it was sent."""
    place = f"{run.name}/{name}"
    if stood.get(place) == file.size and there.digest(place, file.size) == file.sha256:
        return ""
    there.put(place, run / name)
    if there.digest(place, file.size) != file.sha256:
        raise _broken(there, place)
    return name


def _settle_audience(there: Objects, audience: Audience) -> None:
    """Refuse an address of another audience, or one that holds what is none of ours."""
    for place in (there, *there.above()):
        mark = place.read(MARK, closed=place is not there)
        if mark is None:
            continue
        held = _parsed(place, MARK, mark).get("audience")
        if held != audience or place is not there:
            raise PrivacyError(
                "{url} holds editions of the audience “{held}”: one of the audience “{asked}” is "
                "not put there, nor below. Name another bucket or folder.",
                url=place.url,
                held=held,
                asked=audience,
            )
        return
    other = list(there.sizes())
    if other:
        raise SettingsError(
            "{url} holds something that is no deposit of ours ({n} objects; the first is "
            "{first}). Name an empty place.",
            url=there.url,
            n=len(other),
            first=other[0],
        )
    there.put(MARK, json.dumps({"form": _FORM, "audience": audience}).encode())


def _listed(run: Path, files: Mapping[str, File]) -> bytes:
    told = {"run": run.name, "files": {name: [it.size, it.sha256] for name, it in files.items()}}
    return json.dumps(told, indent=0, ensure_ascii=False).encode()


def _pointer(run: str, sha256: str, gone: Mapping[str, str]) -> bytes:
    return json.dumps({"run": run, "sha256": sha256, "withdrawn": sorted(gone)}).encode()


def _note(workbench: Workbench, url: str, audience: Audience, done: Deposited) -> None:
    """Add a line to the record of deposits: who took what where, and when."""
    told = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "who": getpass.getuser(),
        "url": url,
        "audience": audience,
        **asdict(done),
    }
    path = workbench.reports / RECORD
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as record:
        record.write(json.dumps(told, ensure_ascii=False) + "\n")


def _parsed(there: Objects, name: str, held: bytes | None) -> dict[str, Any]:
    if held is None:
        raise SettingsError(
            "There is no {name} at {url}: no whole edition was deposited there under that name. "
            "“labtools deposit” puts one there.",
            name=name,
            url=there.url,
        )
    try:
        told: dict[str, Any] = json.loads(held)
    except ValueError as broken:
        raise _broken(there, name) from broken
    return told


def _broken(there: Objects, name: str) -> SettingsError:
    return SettingsError(
        "{name} at {url} is not what was written there. Deposit the edition again; if it comes "
        "back, ask who keeps that store.",
        name=name,
        url=there.url,
    )
