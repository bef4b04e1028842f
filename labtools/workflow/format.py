"""Which form the files of a workbench have, and the steps from an older form to this one.

A workbench says its form in ``data/format.json``.  What changes a workbench refuses one of
another form; reading it goes on.  Each step can be taken again after it was interrupted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from labtools import __version__
from labtools.errors import SettingsError
from labtools.messages import text
from labtools.paths import Workbench
from labtools.privacy.ledger import LEDGER, chain_plain_lines
from labtools.tables.store import make_folder, writing

CURRENT = 2
#: Version 0.1.0 of labtools said nothing of its form.
_UNSAID = 1
#: Below ``data/interim``: their place is taken by ``kept``.
_UNREAD = ("forecast", "results", "fits")


def format_of(workbench: Workbench) -> int:
    """Return the form of a workbench's files; one that holds no data yet has this one."""
    path = _file(workbench)
    if not path.is_file():
        begun = workbench.raw.is_dir() and any(workbench.raw.iterdir())
        return _UNSAID if begun else CURRENT
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["format"])
    except (ValueError, KeyError, TypeError) as broken:
        raise SettingsError(
            "{path} does not say the form of this workbench. Restore it from the backup.",
            path=str(path),
        ) from broken


def stamp_format(workbench: Workbench) -> None:
    """Write down that a workbench has this form, unless it says its form already."""
    if not _file(workbench).is_file():
        _write(workbench, CURRENT)


def check_format(workbench: Workbench) -> None:
    """Refuse to change a workbench whose files have another form.

    Raises
    ------
    SettingsError
    """
    found = format_of(workbench)
    if found < CURRENT:
        raise SettingsError(
            "The files of {folder} have the form {found} and this version writes the form "
            "{current}. Bring them up to it with “labtools upgrade --workbench {folder}”.",
            folder=str(workbench.root),
            found=found,
            current=CURRENT,
        )
    _check_not_newer(workbench, found)


def upgrade(workbench: Workbench) -> tuple[str, ...]:
    """Bring a workbench up to this form, and return what was done, in words.

    Raises
    ------
    SettingsError
        If a newer version of labtools made it.
    """
    found, done = format_of(workbench), []
    _check_not_newer(workbench, found)
    for version in range(found, CURRENT):
        done += _STEPS[version](workbench)
        _write(workbench, version + 1)
    stamp_format(workbench)
    return tuple(done)


def _check_not_newer(workbench: Workbench, found: int) -> None:
    if found > CURRENT:
        raise SettingsError(
            "The files of {folder} have the form {found}, of a newer version of labtools than "
            "this one ({version}), which knows the form {current}. Install that version.",
            folder=str(workbench.root),
            found=found,
            version=__version__,
            current=CURRENT,
        )


def _file(workbench: Workbench) -> Path:
    return workbench.root / "data" / "format.json"


def _write(workbench: Workbench, version: int) -> None:
    make_folder(workbench.root / "data")
    with writing(_file(workbench), private=True) as aside:
        told = {"format": version, "labtools": __version__}
        aside.write_text(json.dumps(told) + "\n", encoding="utf-8")


def _chain_and_close(workbench: Workbench) -> list[str]:
    """From 1 to 2: the ledger's lines become a chain; folders of the lab shut out the others.

    What was kept in folders that are not read any more is made anew when it is asked for.
    """
    done = []
    ledger = workbench.reports / LEDGER
    kept = ledger.with_suffix(".jsonl.format-1")
    n = chain_plain_lines(ledger, kept)
    if n:
        done.append(
            text(
                "{n} decisions of the ledger are a chain now; {path} keeps the old lines",
                n=n,
                path=str(kept),
            )
        )
    unread = [it for name in _UNREAD if (it := workbench.interim(name)).is_dir()]
    for folder in unread:
        shutil.rmtree(folder)
    if unread:
        done.append(text("{n} folders that are not read any more are removed", n=len(unread)))
    opened = [folder for folder in _private_folders(workbench) if folder.stat().st_mode & 0o077]
    for folder in opened:
        folder.chmod(0o700)
    if opened:
        done.append(text("{n} folders are closed to other accounts now", n=len(opened)))
    return done


def _private_folders(workbench: Workbench) -> list[Path]:
    data = workbench.root / "data"
    inside = [data, workbench.raw, workbench.processed, workbench.secrets, data / "interim"]
    inside += [workbench.root / "suppliers", *(data / "interim").glob("*")]
    inside += [run / "internal" for run in workbench.reports.glob("*") if not run.is_symlink()]
    return [folder for folder in inside if folder.is_dir()]


#: Form → the step from it to the next.
_STEPS: Mapping[int, Callable[[Workbench], list[str]]] = MappingProxyType({1: _chain_and_close})
