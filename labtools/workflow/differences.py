"""Compare two runs: which figures differ, and what changed in what they were made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from labtools.messages import plural, say, text
from labtools.paths import Workbench
from labtools.runs.manifest import finished_run, read_manifest

_SHOWN = 5
#: What else than data makes two runs differ: name in the manifest.
_CAUSES = ("period_end", "settings", "code", "seed", "packages", "python")


@dataclass(frozen=True, slots=True)
class TableDifference:
    """What differs in one table.

    Attributes
    ----------
    table : str
    cells : pandas.DataFrame
        A row for each value that differs: the columns that name the row, then ``column``,
        ``before`` and ``after`` as text; a row that only one run has counts as one.
    """

    table: str
    cells: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared.

    Attributes
    ----------
    before, after : str
        The runs.
    causes : mapping
        What changed in what they were made from → before and after.
    tables : tuple of TableDifference
        Those where something differs.
    """

    before: str
    after: str
    causes: Mapping[str, tuple[str, str]]
    tables: tuple[TableDifference, ...]

    def lines(self) -> Iterator[str]:
        """Return the comparison as lines to read."""
        yield text("{before} → {after}", before=self.before, after=self.after)
        if not self.causes:
            yield text("Both were made from the same data, settings and code.")
        for name, (old, new) in self.causes.items():
            yield text("  changed: {name}: {old} → {new}", name=name, old=old, new=new)
        if not self.tables:
            yield text("No figure differs.")
        for found in self.tables:
            sentence = plural("{table}: {n} figure differs", "{table}: {n} figures differ")
            yield say(sentence, table=found.table, n=len(found.cells))
            for row in found.cells.head(_SHOWN).itertuples(index=False):
                *named, column, old, new = row
                where = " ".join(str(value) for value in named)
                yield f"    {where} {column}: {old} → {new}"
            if len(found.cells) > _SHOWN:
                yield text("    … and {n} more", n=len(found.cells) - _SHOWN)


def compare_runs(
    workbench: Workbench, before: str, after: str = "latest", *, audience: str = "public"
) -> Comparison:
    """Return what differs between two finished runs of a workbench.

    Raises
    ------
    SettingsError
        If one of them is not there.
    """
    runs = [finished_run(workbench, run) for run in (before, after)]
    told = [read_manifest(run) for run in runs]
    folders = [run / "internal" / "city" / audience for run in runs]
    names = sorted({path.stem for folder in folders for path in folder.glob("*.parquet")})
    tables = [TableDifference(name, _cells(name, *folders)) for name in names]
    return Comparison(
        runs[0].name,
        runs[1].name,
        dict(_causes(*told)),
        tuple(found for found in tables if len(found.cells)),
    )


def differing_cells(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the values that differ between two tables, each with what names its row.

    Rows are named by the fewest leading columns of text and dates that tell them apart in both
    tables; by their position where none do.
    """
    key = _key(before, after)
    old, new = _named(before, key), _named(after, key)
    both = old.index.union(new.index, sort=False)
    found = []
    only = both[~(both.isin(old.index) & both.isin(new.index))]
    for name in only:
        present = [text("no row"), text("a row")]
        found.append((name, "—", present[name in old.index], present[name in new.index]))
    shared = both[both.isin(old.index) & both.isin(new.index)]
    for column in dict.fromkeys([*old.columns, *new.columns]):
        values = [
            _as_text(table.loc[shared, column])
            if column in table
            else pd.Series(pd.NA, index=shared, dtype="string")
            for table in (old, new)
        ]
        differs = (values[0] != values[1]).fillna(values[0].isna() != values[1].isna())
        found += [
            (name, column, _shown(a), _shown(b))
            for name, a, b in zip(
                shared[differs], values[0][differs], values[1][differs], strict=True
            )
        ]
    rows = [((*(n if isinstance(n, tuple) else (n,)),), *rest) for n, *rest in found]
    names = key or ["row"]
    return pd.DataFrame(
        [(*named, *rest) for named, *rest in rows], columns=[*names, "column", "before", "after"]
    )


def _as_text(values: pd.Series) -> pd.Series:
    """Return values as they can be compared and shown; of bytes (a shape), their digest."""
    if any(isinstance(value, bytes) for value in values):
        values = values.map(lambda value: hashlib.sha256(value).hexdigest(), na_action="ignore")
    return values.astype("string")


def _shown(value: object) -> str:
    return "—" if pd.isna(value) else str(value)


def _key(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    texts = [
        name
        for name, kind in before.dtypes.items()
        if name in after and not pd.api.types.is_numeric_dtype(kind) and name != "geometry"
    ]
    for n in range(1, len(texts) + 1):
        key = [str(name) for name in texts[:n]]
        if not any(table.duplicated(key).any() for table in (before, after)):
            return key
    return []


def _named(table: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    plain = pd.DataFrame(table)
    if not key:
        return plain.reset_index(drop=True)
    return plain.assign(**{name: plain[name].astype("string") for name in key}).set_index(key)


def _cells(name: str, before: Path, after: Path) -> pd.DataFrame:
    paths = [folder / f"{name}.parquet" for folder in (before, after)]
    tables = [pd.read_parquet(path) if path.is_file() else None for path in paths]
    given = next(table for table in tables if table is not None)
    old, new = (given.iloc[:0] if table is None else table for table in tables)
    return differing_cells(old, new)


def _causes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[str, str]]]:
    old, new = before.get("snapshots", {}), after.get("snapshots", {})
    for source in sorted({*old, *new}):
        if old.get(source) != new.get(source):
            yield source, (old.get(source, "—"), new.get(source, "—"))
    for name in _CAUSES:
        if before.get(name) != after.get(name):
            yield name, (_short(before.get(name)), _short(after.get(name)))


def _short(value: object) -> str:
    told = "—" if value is None else str(value)
    return told if len(told) <= 12 else f"{told[:12]}…"  # noqa: PLR2004 - of a checksum
