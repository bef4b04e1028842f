"""The ledger of releases: what was decided, who signed, what was withdrawn, in a chain.

Lines are only added.  Each holds the checksum of the line before it, and a file beside the
ledger holds the last one: a line changed, removed, put in or moved is seen the next time that
anybody reads it.  Whoever can rewrite both files, from a line to the end, is not stopped;
keep a copy where others cannot write.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from labtools.errors import PrivacyError
from labtools.tables.store import writing

DECISION, APPROVAL, WITHDRAWAL, SEAL = "decision", "approval", "withdrawal", "seal"
ROTATION = "rotation"
KINDS = (DECISION, APPROVAL, WITHDRAWAL, SEAL, ROTATION)
#: The ledger's file, among a workbench's reports.
LEDGER = "ledger.jsonl"
#: How many of the reviewers sign a release.
SIGNATURES = 2
_FIRST = "0" * 64
_OWN = ("number", "kind", "decided", "by", "run", "previous", "sha256")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger.

    Attributes
    ----------
    number : int
        From 1.
    kind : {"decision", "approval", "withdrawal", "seal", "rotation"}
    decided : str
        When, UTC.
    by : str
        Who.
    run : str
        Of which edition; of a seal: which protocol.
    facts : mapping
        Of a decision: tables with rule and checksum, population, relation to earlier
        editions, result of the audit.  Of a withdrawal: the reason.  Of a rotation of the rounding
        key: the first day of the new one, and the reason.
    previous, sha256 : str
        Checksums of the line before and of this one.
    """

    number: int
    kind: str
    decided: str
    by: str
    run: str
    facts: Mapping[str, Any]
    previous: str
    sha256: str


def read_ledger(path: Path) -> tuple[Entry, ...]:
    """Return the entries, once the chain proves whole.

    Raises
    ------
    PrivacyError
        If the ledger was changed: the first line that is not what was written.
    """
    written = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries: list[Entry] = []
    last = _FIRST
    for number, line in enumerate(written, start=1):
        entry = _entry(line)
        if entry is None or (entry.number, entry.previous) != (number, last):
            raise _tampered(path, number)
        entries.append(entry)
        last = entry.sha256
    # A line whose checksum did not reach the file beside it: the power went between the two.
    unfinished = entries[-1].previous if entries else ""
    if _head(path) not in {last if entries else "", unfinished} and not _is_only(entries, path):
        raise _tampered(path, len(entries) + 1)
    return tuple(entries)


def decide(path: Path, run: str, facts: Mapping[str, object], *, by: str) -> Entry:
    """Add the decision to release a run; signatures for an earlier one of it do not count.

    Raises
    ------
    PrivacyError
        If the ledger was changed.
    """
    return _add(path, DECISION, run, facts, by)


def approve(path: Path, run: str, *, reviewer: str, reviewers: Collection[str]) -> Entry:
    """Add a reviewer's signature under the last decision about a run.

    Raises
    ------
    PrivacyError
        If there is nothing to sign, or it is withdrawn, or this person may not sign it, or did.
    """
    entries = read_ledger(path)
    if reviewer not in reviewers:
        raise PrivacyError(
            "{reviewer} is not a reviewer of this workbench. These are: {reviewers}. Name "
            "reviewers in [release] of lab.toml.",
            reviewer=reviewer,
            reviewers=tuple(reviewers) or ("—",),
        )
    decision = _last_decision(entries, run)
    if decision is None:
        raise PrivacyError(
            "There is no decision about the run {run} to sign, or it was withdrawn. Run "
            "“labtools protect” first.",
            run=run,
        )
    if reviewer in _signed(entries, decision):
        raise PrivacyError(
            "{reviewer} already signed the release of {run}. Another reviewer must sign too.",
            reviewer=reviewer,
            run=run,
        )
    return _add(path, APPROVAL, run, {"decision": decision.sha256}, reviewer)


def withdraw(path: Path, run: str, *, reason: str, by: str) -> Entry:
    """Add that a released edition was pulled, and why.

    Raises
    ------
    PrivacyError
        If the run was never decided, or is withdrawn already, or no reason is given.
    """
    if not reason.strip():
        raise PrivacyError("Say why {run} is withdrawn: readers will be told.", run=run)
    if _last_decision(read_ledger(path), run) is None:
        raise PrivacyError(
            "There is no release of {run} to withdraw, or it was withdrawn already.", run=run
        )
    return _add(path, WITHDRAWAL, run, {"reason": reason}, by)


def rotate(path: Path, first_day: str, *, reason: str, by: str) -> Entry:
    """Add that the rounding key is another one from a day on, and why.

    Raises
    ------
    PrivacyError
        If no reason is given, or the ledger was changed.
    """
    if not reason.strip():
        raise PrivacyError("Say why the rounding key changes: the ledger keeps the reason.")
    return _add(path, ROTATION, "", {"first_day": first_day, "reason": reason}, by)


def seal(path: Path, protocol: str, digest: str, *, by: str, when: datetime | None = None) -> Entry:
    """Add that a protocol was sealed: what it says, by its checksum, from this moment on.

    Parameters
    ----------
    when : datetime, optional
        For the invented municipality only, whose past is written at once.

    Raises
    ------
    PrivacyError
        If the ledger was changed, or this very content is sealed already.
    """
    sealed = [e for e in read_ledger(path) if e.kind == SEAL and e.run == protocol]
    if sealed and sealed[-1].facts["digest"] == digest:
        raise PrivacyError(
            "The protocol {id} is sealed already, since {day}, with this very content.",
            id=protocol,
            day=sealed[-1].decided[:10],
        )
    return _add(path, SEAL, protocol, {"digest": digest}, by, when)


def signatures(entries: Sequence[Entry], run: str) -> tuple[str, ...]:
    """Return who signed the last decision about a run; nobody signed one that was withdrawn."""
    decision = _last_decision(entries, run)
    return _signed(entries, decision) if decision else ()


def withdrawn(entries: Sequence[Entry]) -> Mapping[str, str]:
    """Return the runs that are withdrawn, each with its reason."""
    reasons: dict[str, str] = {}
    for entry in entries:
        if entry.kind == WITHDRAWAL:
            reasons[entry.run] = entry.facts["reason"]
        elif entry.kind == DECISION:
            reasons.pop(entry.run, None)
    return MappingProxyType(reasons)


def check_signed(path: Path, run: str, *, reviewers: Collection[str]) -> None:
    """Refuse to go on with a release that too few reviewers signed.

    Who is no longer a reviewer does not count.  A workbench without reviewers releases
    unsigned, and its ledger says so.

    Raises
    ------
    PrivacyError
        If signatures are missing: whose are there.
    """
    signed = tuple(name for name in signatures(read_ledger(path), run) if name in set(reviewers))
    if reviewers and len(signed) < SIGNATURES:
        raise PrivacyError(
            "The release of {run} needs {needed} signatures and has {n} ({names}). A reviewer "
            "signs with “labtools release --approve NAME”.",
            run=run,
            needed=SIGNATURES,
            n=len(signed),
            names=signed or ("—",),
        )


def chain_plain_lines(path: Path, kept: Path) -> int:
    """Make a chain of a ledger whose lines are not linked, as version 0.1.0 wrote them.

    Each decision keeps its day, its author, its run and what it says of the tables.  The old
    lines are kept beside, read-only, before the chain takes their place.

    Returns
    -------
    int
        How many decisions were linked; 0 where there is nothing to link.

    Raises
    ------
    PrivacyError
        If some lines are linked and others are not, or a line is no decision.
    """
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not lines or _entry(lines[0]) is not None:
        return 0
    plain = [_plain(line) for line in lines]
    wrong = [n for n, told in enumerate(plain, start=1) if told is None]
    if wrong:
        raise _tampered(path, wrong[0])
    if not kept.exists():
        with writing(kept, private=True) as aside:
            aside.write_bytes(path.read_bytes())
        kept.chmod(0o400)
    _put_chain_in_place(path, [told for told in plain if told is not None])
    return len(plain)


def _put_chain_in_place(path: Path, plain: Sequence[dict[str, Any]]) -> None:
    """Link lines aside; the chain's last checksum is in place before the chain is."""
    linked = path.with_name(f".{path.name}.chain")
    linked.unlink(missing_ok=True)
    _beside(linked).unlink(missing_ok=True)
    for told in plain:
        facts = {name: value for name, value in told.items() if name not in _OWN}
        when = datetime.fromisoformat(told["decided"])
        _add(linked, DECISION, told["run"], facts, told["by"], when)
    _beside(linked).replace(_beside(path))
    linked.replace(path)


def _plain(line: str) -> dict[str, Any] | None:
    """Return what a line of an unlinked ledger says; None if it is no decision."""
    try:
        told: dict[str, Any] = json.loads(line)
        datetime.fromisoformat(told["decided"])
        whole = {"by", "run", "tables"} <= set(told) and not {"sha256", "previous"} & set(told)
    except (ValueError, KeyError, TypeError):
        return None
    return told if whole else None


def _last_decision(entries: Sequence[Entry], run: str) -> Entry | None:
    last: Entry | None = None
    for entry in entries:
        if entry.run == run and entry.kind in (DECISION, WITHDRAWAL):
            last = entry if entry.kind == DECISION else None
    return last


def _signed(entries: Sequence[Entry], decision: Entry) -> tuple[str, ...]:
    return tuple(
        entry.by
        for entry in entries
        if entry.kind == APPROVAL and entry.facts["decision"] == decision.sha256
    )


def _add(
    path: Path,
    kind: str,
    run: str,
    facts: Mapping[str, object],
    by: str,
    when: datetime | None = None,
) -> Entry:
    entries = read_ledger(path)
    told: dict[str, Any] = {
        "number": len(entries) + 1,
        "kind": kind,
        "decided": (when or datetime.now(UTC)).isoformat(timespec="seconds"),
        "by": by,
        "run": run,
        **facts,
        "previous": entries[-1].sha256 if entries else _FIRST,
    }
    told["sha256"] = _checksum(told)
    with path.open("a", encoding="utf-8") as ledger:
        path.chmod(0o600)  # who signed and why is the lab's; readers see the edition
        ledger.write(json.dumps(told, ensure_ascii=False) + "\n")
        ledger.flush()
        os.fsync(ledger.fileno())
    with writing(_beside(path), private=True) as aside:
        aside.write_text(told["sha256"] + "\n", encoding="ascii")
    return read_ledger(path)[-1]


def _entry(line: str) -> Entry | None:
    """Return what a line says; None if it is not what was written."""
    try:
        told: dict[str, Any] = json.loads(line)
        own = {name: told[name] for name in _OWN}
    except (ValueError, KeyError, TypeError):
        return None
    without = {name: value for name, value in told.items() if name != "sha256"}
    if own["kind"] not in KINDS or _checksum(without) != own["sha256"]:
        return None
    facts = {name: value for name, value in told.items() if name not in _OWN}
    return Entry(**own, facts=MappingProxyType(facts))


def _checksum(told: Mapping[str, object]) -> str:
    written = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def _beside(path: Path) -> Path:
    return path.with_suffix(".head")


def _head(path: Path) -> str:
    beside = _beside(path)
    return beside.read_text(encoding="ascii", errors="replace").strip() if beside.exists() else ""


def _is_only(entries: Sequence[Entry], path: Path) -> bool:
    return len(entries) == 1 and not _beside(path).exists()


def _tampered(path: Path, number: int) -> PrivacyError:
    return PrivacyError(
        "The ledger of releases {path} was changed after it was written: line {line} is not the "
        "one that was added. Nothing is released until it is restored from its copy.",
        path=str(path),
        line=number,
    )
