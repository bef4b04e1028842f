"""What each notebook of a run was made from: the reason to make it again, or not.

A trace is written when a notebook is finished, one line each, so that a run that was killed
goes on where it stood.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from labtools.messages import language, mark, say
from labtools.runs.jobs import Job
from labtools.tables.lineage import code_digest, digest_of, packages_digest, sha256_of

NAME = "traces.jsonl"

REASONS = MappingProxyType(
    {
        "new": mark("it was not made before"),
        "notebook": mark("its notebook changed"),
        "parameters": mark("its parameters changed"),
        "code": mark("the workbench's code changed"),
        "packages": mark("the libraries changed"),
        "language": mark("its language changed"),
        "tables": mark("the tables it reads changed"),
        "files": mark("what it wrote is missing or was changed"),
        "forced": mark("it was asked for"),
    }
)


@dataclass(frozen=True, slots=True)
class Trace:
    """What a notebook was made from, and what it wrote.

    Attributes
    ----------
    key : str
        The job's key.
    recipe : mapping
        Digests of the notebook, its parameters, the workbench's code and the libraries, and its
        language.
    reads : mapping
        What it read → digest (see `labtools.runs.reads`).
    files : mapping
        File, relative to the run's folder → sha256.
    """

    key: str
    recipe: Mapping[str, str]
    reads: Mapping[str, str]
    files: Mapping[str, str]


def recipe_of(job: Job) -> dict[str, str]:
    """Return the digests of what makes `job`, but for the tables that it reads."""
    return {
        "notebook": _sha256(job.notebook),
        "parameters": digest_of(dict(job.parameters)),
        "code": _code(),
        "packages": packages_digest(),
        "language": language(),
    }


def reason_to_run(
    job: Job, trace: Trace | None, digest_of_read: Callable[[str], str], made_in: Path
) -> str | None:
    """Return why `job` must be run again (a key of `REASONS`), or None if it need not.

    Parameters
    ----------
    trace
        Of the last time it was made.
    digest_of_read
        Digest of what a note names, now.
    made_in
        Folder of the run that the trace is of.
    """
    if trace is None:
        return "new"
    recipe = recipe_of(job)
    changed = next(
        (part for part, digest in recipe.items() if trace.recipe.get(part) != digest), None
    )
    if changed:
        return changed
    if any(digest_of_read(read) != digest for read, digest in trace.reads.items()):
        return "tables"
    return None if _are_whole(trace, made_in) else "files"


def reason_words(reason: str) -> str:
    """Return a reason as a reader sees it, in the language in force."""
    return say(REASONS[reason])


def take_over(trace: Trace, made_in: Path, run: Path) -> None:
    """Give `run` the files that another run's notebook wrote, without copying their bytes.

    Files of a run are never changed once written, so that both may share them.
    """
    if made_in == run:
        return
    for name in trace.files:
        target = run / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(made_in / name, target)
        except OSError:  # another file system, or one without links
            target.write_bytes((made_in / name).read_bytes())


def write_trace(trace: Trace, run: Path) -> None:
    """Add a trace to those of `run`."""
    line = json.dumps(asdict(trace), ensure_ascii=False, sort_keys=True)
    with (run / NAME).open("a", encoding="utf-8") as kept:
        kept.write(line + "\n")


def read_traces(run: Path) -> dict[str, Trace]:
    """Return the traces of a run by job; the last one of each, without a line cut short."""
    found: dict[str, Trace] = {}
    with (
        suppress(FileNotFoundError),
        (run / NAME).open(encoding="utf-8", errors="replace") as lines,
    ):
        for line in lines:
            with suppress(ValueError, TypeError):
                trace = Trace(**json.loads(line))
                found[trace.key] = trace
    return found


def files_of(paths: Iterable[Path], run: Path) -> dict[str, str]:
    """Return the sha256 of files of a run, by name relative to its folder."""
    return {path.relative_to(run).as_posix(): sha256_of(path) for path in sorted(paths)}


@cache
def _code() -> str:
    return code_digest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _are_whole(trace: Trace, run: Path) -> bool:
    for name, digest in trace.files.items():
        path = run / name
        if not path.is_file() or sha256_of(path) != digest:
            return False
    return bool(trace.files)
