"""What a step did with every row it read: kept, or rejected and why.

No row is ever lost in silence: an account that does not add up is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pandas as pd

from labtools.errors import TableError
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.store import make_folder, writing


@dataclass(frozen=True, slots=True)
class Account:
    """Rows read by one step from one source, and what became of them.

    Attributes
    ----------
    step, source : str
        Which verb, on what.
    read, kept : int
        Rows.
    rejected : mapping of str to int
        Reason (a word, not a sentence) → rows.
    changed : mapping of str to int
        Rows kept although something in them was set to missing or counted apart; they are
        already inside `kept`.
    """

    step: str
    source: str
    read: int
    kept: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lost = self.read - self.kept - sum(self.rejected.values())
        if lost or min(self.kept, *self.rejected.values(), 0) < 0:
            raise TableError(
                "The account of {step} for {source} does not add up: {read} rows read, {kept} "
                "kept, {rejected} rejected. This is a fault of the step: please report it.",
                step=self.step,
                source=self.source,
                read=self.read,
                kept=self.kept,
                rejected=sum(self.rejected.values()),
            )


def write_account(account: Account, folder: Path) -> Path:
    """Write one account as JSON and return its file."""
    path = make_folder(folder) / f"{account.step}.{account.source}.json"
    with writing(path) as aside:
        told = json.dumps(asdict(account), indent=1, sort_keys=True, ensure_ascii=False)
        aside.write_text(told + "\n", encoding="utf-8")
    return path


def read_accounts(folder: Path) -> tuple[Account, ...]:
    """Return every account in `folder`, ordered by step and source."""
    return tuple(
        Account(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(folder.glob("*.json"))
        if not path.name.endswith(".lineage.json")
    )


def accounts_table(accounts: Iterable[Account]) -> pd.DataFrame:
    """Return accounts as the canonical table ``account``: one row for each reason."""
    rows = []
    for account in accounts:
        head = {name: getattr(account, name) for name in ("step", "source", "read", "kept")}
        found = sorted((reason, n) for reason, n in account.rejected.items() if n)
        reasons: list[tuple[str | None, int]] = [*found] or [(None, 0)]
        rows += [{**head, "reason": reason, "rejected": n} for reason, n in reasons]
    if not rows:
        return empty_table("account")
    return check_table("account", pd.DataFrame(rows).astype({"reason": "str"}))


def changes_table(accounts: Iterable[Account]) -> pd.DataFrame:
    """Return as the canonical table ``changes`` what was mended or set apart inside kept rows."""
    rows = [
        {"step": it.step, "source": it.source, "what": what, "rows": n}
        for it in accounts
        for what, n in sorted(it.changed.items())
        if n
    ]
    return check_table("changes", pd.DataFrame(rows)) if rows else empty_table("changes")
