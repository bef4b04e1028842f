"""Deliver an edition: to each list of ``lab.toml`` its letter, once, on record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from labtools.errors import SettingsError, TableError
from labtools.messages import text
from labtools.publish.delivery import (
    Post,
    Sent,
    compose_letter,
    hand_in,
    letter_words,
    shared_out,
)
from labtools.publish.figures import period_words
from labtools.settings import Delivery, MailingList
from labtools.tables.lineage import sha256_of
from labtools.tables.released import slug
from labtools.tables.store import read_table
from labtools.workflow.steps import Opened

RECORD = "delivery.jsonl"
PASSWORD = "LABTOOLS_SMTP_PASSWORD"  # noqa: S105 - the name of a variable
Before = Mapping[str, AbstractSet[str]]
_BRIEFING = "informe-cabildo.pdf"


@dataclass(frozen=True, slots=True)
class Delivered:
    """What one list got.

    Attributes
    ----------
    name : str
        Of the list.
    files : int
        Attachments.
    sent : Sent, optional
        How it fared; None where this edition was delivered to the list before.
    """

    name: str
    files: int
    sent: Sent | None


def deliver(
    opened: Opened, *, only: Sequence[str] = (), again: bool = False
) -> tuple[Delivered, ...]:
    """Send the latest edition to every list, or to those named.

    Parameters
    ----------
    only : sequence of str
        Names of lists; all of them where none is named.
    again : bool
        Send also what the record says was delivered.

    Raises
    ------
    SettingsError
        If ``lab.toml`` has no list, or none of that name.
    TableError
        If no edition is published, or what a list asks for was not printed.
    """
    how = opened.settings.delivery
    chosen = [one for one in how.list if not only or one.name in only]
    if not chosen:
        raise SettingsError(
            "lab.toml has no list to deliver to with that name; it has {names}. Write one under "
            "[[delivery.list]], with name and to.",
            names=tuple(one.name for one in how.list),
        )
    public = opened.workbench.latest / "public"
    run = opened.workbench.latest.resolve().name
    record = opened.workbench.reports / RECORD
    before: Before = {} if again else _delivered(record, run)
    return tuple(_deliver_to(how, one, public, record, run, before) for one in chosen)


def post_of(how: Delivery) -> Post:
    """Return where letters are handed in, with the password that the environment holds."""
    password = os.environ.get(PASSWORD, "")
    return Post(how.server, how.port, how.sender, how.user, password, how.encrypted)


def _deliver_to(
    how: Delivery, to: MailingList, public: Path, record: Path, run: str, before: Before
) -> Delivered:
    files = _files(to, public)
    left = [file for file in files if file.name not in before.get(to.name, ())]
    if to.name in before and not left:
        return Delivered(to.name, len(files), None)
    told = {name: read_table(name, public / "tables") for name in ("period", "unknowns")}
    lab = str(told["period"]["lab"].iloc[0])
    post, words = post_of(how), letter_words(lab, period_words(told))
    letters = shared_out(left, how.most_mb * 1_000_000)
    sent = Sent(ok=True, tries=0)
    for place, part in enumerate(letters, start=1):
        subject = text("{lab}: published figures", lab=lab)
        if len(letters) > 1:
            subject = text("{subject} ({k} of {n})", subject=subject, k=place, n=len(letters))
        letter = compose_letter(post, to.to, subject=subject, words=words, files=part)
        sent = hand_in(post, letter)
        _note(record, run, to, part, sent)
        if not sent.ok:
            break
    return Delivered(to.name, len(files), sent)


def _files(to: MailingList, public: Path) -> list[Path]:
    colonias = read_table("colonias_shown", public / "tables")
    wanted = colonias[colonias["has_ficha"] & _belongs(colonias, to)]
    endings = [ending for ending, asked in (("pdf", to.fichas), ("png", to.cards)) if asked]
    names = [f"colonias/{slug(key)}.{it}" for key in wanted["colonia_id"] for it in endings]
    files = [public / "site" / name for name in ([_BRIEFING] if to.briefing else []) + names]
    absent = [file.name for file in files if not file.is_file()]
    if absent:
        raise TableError(
            "{n} of the files for the list {name} were not printed; the first is {first}. Name a "
            "language under [publish] paper in lab.toml, and publish again.",
            n=len(absent),
            name=to.name,
            first=absent[0],
        )
    return files


def _belongs(colonias: pd.DataFrame, to: MailingList) -> pd.Series:
    if not to.colonias and not to.boroughs:
        return pd.Series(data=True, index=colonias.index)
    return colonias["colonia_id"].isin(to.colonias) | colonias["borough"].isin(to.boroughs)


def _delivered(record: Path, run: str) -> Before:
    """Return, of each list, the files that letters of this edition took there."""
    if not record.is_file():
        return {}
    lines = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines() if line]
    taken: dict[str, set[str]] = {}
    for line in lines:
        if line["run"] == run and line["ok"]:
            taken.setdefault(line["list"], set()).update(line["files"])
    return taken


def _note(record: Path, run: str, to: MailingList, files: Sequence[Path], sent: Sent) -> None:
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": run,
        "list": to.name,
        "to": len(to.to),
        "files": {file.name: sha256_of(file) for file in files},
        "ok": sent.ok,
        "tries": sent.tries,
        "reason": sent.reason,
    }
    with record.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(told, ensure_ascii=False, sort_keys=True) + "\n")
