"""The condition of a workbench's folders: what is wrong with each, and what mends it."""

from __future__ import annotations

import json
import shlex
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from labtools.errors import LabError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.privacy.keys import read_key
from labtools.privacy.ledger import LEDGER, read_ledger
from labtools.settings import REGISTER, Settings
from labtools.workflow.analyse import check_space
from labtools.workflow.backup import last_backup
from labtools.workflow.format import check_format
from labtools.workflow.intake import PSEUDONYM_KEY
from labtools.workflow.locking import holder_of
from labtools.workflow.prepared import ROUNDING_KEY
from labtools.workflow.workbenches import is_demo

_BACKUP_DAYS = 35


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, and what was seen, with its remedy."""

    ok: bool
    seen: str

    def __str__(self) -> str:
        return self.seen


def examine_folders(workbench: Workbench, settings: Settings) -> Iterator[Check]:
    """Return what was seen of keys, folders, bytes, lock, ledger, disk and backup."""
    yield _refused(text("the files have this version's form"), check_format, workbench)
    yield from _keys(workbench)
    yield _closed(workbench)
    yield from _suppliers_bytes(workbench, settings)
    yield _ledger(workbench)
    yield _lock(workbench)
    yield _refused(text("the disk has room for a run"), check_space, workbench)
    yield _backup(workbench)


def _refused(well: str, look: Callable[[Workbench], object], workbench: Workbench) -> Check:
    """Return that a thing is well, or what is said when it is looked at."""
    try:
        look(workbench)
    except LabError as wrong:
        return Check(ok=False, seen=str(wrong))
    return Check(ok=True, seen=well)


def _keys(workbench: Workbench) -> Iterator[Check]:
    rotated = sorted(path.stem for path in workbench.secrets.glob(f"{ROUNDING_KEY}-*.key"))
    for name in (PSEUDONYM_KEY, ROUNDING_KEY, *rotated):
        try:
            read_key(workbench.secrets, name)
        except LabError as wrong:
            yield Check(ok=False, seen=str(wrong))
            continue
        path = workbench.secrets / f"{name}.key"
        private = not stat.S_IMODE(path.stat().st_mode) & 0o077
        seen = (
            text("key {name} is there and private", name=name)
            if private
            else text("others can read the key {path}: chmod 400 {path}", path=str(path))
        )
        yield Check(private, seen)


def _closed(workbench: Workbench) -> Check:
    inside = (workbench.root / "data", workbench.raw, workbench.secrets, workbench.schedule)
    opened = [it for it in inside if it.is_dir() and stat.S_IMODE(it.stat().st_mode) & 0o077]
    if not opened:
        return Check(ok=True, seen=text("folders of individual records are closed to others"))
    paths = " ".join(shlex.quote(str(path)) for path in opened)
    return Check(
        ok=False,
        seen=text("others can open the folders of records: chmod 700 {paths}", paths=paths),
    )


def _suppliers_bytes(workbench: Workbench, settings: Settings) -> Iterator[Check]:
    """Look whether the bytes that were collected are there, and of their size."""
    names = [REGISTER, *(source.name for source in settings.source)]
    wrong = [name for name in names if not _is_kept_whole(workbench.raw / name)]
    if not wrong:
        yield Check(ok=True, seen=text("suppliers' bytes are kept, each of its size"))
        return
    for name in wrong:
        yield Check(
            ok=False,
            seen=text(
                "what was collected of the source {name} is not whole in {folder}: put the "
                "supplier's file back and run “labtools collect”, or “labtools restore” a backup",
                name=name,
                folder=str(workbench.raw / name),
            ),
        )


def _is_kept_whole(folder: Path) -> bool:
    """Return whether a source's current snapshot is whole; what was never collected is."""
    current = folder / "current"
    if not current.is_file():
        return True
    kept = folder / current.read_text(encoding="utf-8")
    try:
        told = json.loads((kept / "snapshot.json").read_text(encoding="utf-8"))
        return bool((kept / told["file"]).stat().st_size == told["size"])
    except (OSError, ValueError, KeyError):
        return False


def _ledger(workbench: Workbench) -> Check:
    well = text("the ledger of releases is whole")
    return _refused(well, lambda bench: read_ledger(bench.reports / LEDGER), workbench)


def _lock(workbench: Workbench) -> Check:
    """Look at who holds the workbench: a process at work, or one that died holding it."""
    holder = holder_of(workbench)
    if holder is None:
        return Check(ok=True, seen=text("nobody is working in the workbench"))
    facts = {name: str(holder.get(name, "—")) for name in ("process", "user", "since")}
    if holder["at_work"]:
        return Check(
            ok=True, seen=text("the process {process} of {user} is at work since {since}", **facts)
        )
    return Check(
        ok=False,
        seen=text(
            "the process {process} of {user} began on {since} and died in the middle of its work: "
            "labtools resume",
            **facts,
        ),
    )


def _backup(workbench: Workbench) -> Check:
    if is_demo(workbench):
        return Check(ok=True, seen=text("a demo needs no backup"))
    if not workbench.raw.is_dir() or not any(workbench.raw.iterdir()):
        return Check(ok=True, seen=text("nothing was collected yet that a backup could keep"))
    last = last_backup(workbench)
    if last is not None and datetime.now(UTC) - last < timedelta(days=_BACKUP_DAYS):
        return Check(ok=True, seen=text("last backup: {day}", day=f"{last:%Y-%m-%d}"))
    return Check(
        ok=False,
        seen=text(
            "the last backup is of {day}: labtools backup FOLDER, on another disk",
            day=f"{last:%Y-%m-%d}" if last else "—",
        ),
    )
