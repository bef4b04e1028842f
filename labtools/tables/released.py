"""A ficha's released tables as one JSON file: what pages and dashboards may read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from labtools.errors import TableError
from labtools.tables.contracts import CONTRACTS, check_table
from labtools.tables.lineage import digest_of, sha256_of
from labtools.tables.store import writing

SCHEMA = 1
SEAL_DIGITS = 16

#: Rows of a table as a ficha's file holds them.
Rows = list[dict[str, object]]
#: The same, each already written as the line of the file that it is.
Lines = list[str]
_TABLES = '"tables": {\n'
_encoded = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode

#: The canonical tables that a ficha carries its slices of.
FICHA_TABLES = (
    "crime",
    "change",
    "place",
    "series",
    "years",
    "perception",
    "dark_figure",
    "fear_gap",
    "survey_plan",
    "indicators",
    "actions_done",
    "proposals",
    "unknowns",
    "sources",
    "period",
)


@dataclass(frozen=True, slots=True)
class Released:
    """What one ficha says, as tables.

    Attributes
    ----------
    colonia_id : str
        Key of the colonia in the register.
    tables : mapping of str to pandas.DataFrame
        Slices of the released tables (see `FICHA_TABLES`) and ``profile``, one row:
        name, borough, population, area_km2, entered_on.
    seal : str
        First 16 hexadecimal digits of the sha256 of the tables: two fichas with the same
        seal say the same.
    outdated : bool
        Whether this edition could not make it anew, and these are the figures of an earlier one.
    expires : mapping of str to str
        Section of the ficha → day from which it is hidden (``YYYY-MM-DD``).
    lines : mapping of str to list of str, optional
        The same tables as the file holds them, where they are at hand (see `lines_of`).
    """

    colonia_id: str
    tables: Mapping[str, pd.DataFrame]
    seal: str
    outdated: bool = False
    expires: Mapping[str, str] = field(default_factory=dict)
    lines: Mapping[str, Lines] | None = field(default=None, compare=False, repr=False)


def slug(colonia_id: str) -> str:
    """Return the file name of a colonia: made from its key, never from its name."""
    return re.sub(r"[^a-z0-9-]", "-", colonia_id.lower())


def seal_of(tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the seal of a ficha's tables."""
    return seal_of_lines({name: lines_of(table) for name, table in tables.items()})


def seal_of_lines(lines: Mapping[str, Lines]) -> str:
    """Return the seal of a ficha's tables, given as the lines of its file.

    It is the digest of their rows (see `digest_of`), which need not be written again for it.
    """
    told = (f"{_encoded(name)}: [{', '.join(lines[name])}]" for name in sorted(lines))
    return hashlib.sha256(f"[{{{', '.join(told)}}}]".encode()).hexdigest()[:SEAL_DIGITS]


def write_ficha(released: Released, path: Path) -> None:
    """Write a ficha's tables, a row in each line; the same tables give the same bytes."""
    with writing(path) as aside:
        aside.write_bytes(bytes_of(released))


def bytes_of(released: Released) -> bytes:
    """Return what the file of a ficha holds."""
    lines = released.lines
    if lines is None:
        lines = {name: lines_of(table) for name, table in released.tables.items()}
    told: dict[str, object] = {
        "colonia_id": released.colonia_id,
        "schema": SCHEMA,
        "seal": released.seal,
    }
    if released.outdated:
        told["outdated"] = True
    if released.expires:
        told["expires"] = dict(released.expires)
    head = "".join(f"{_encoded(name)}: {_encoded(value)},\n" for name, value in told.items())
    told_tables = ",\n".join(_block(name, lines[name]) for name in sorted(lines))
    return f"{{{head}{_TABLES}{told_tables}\n}}}}\n".encode()


def _block(name: str, lines: Lines) -> str:
    return f"{_encoded(name)}: [\n" + ",\n".join(lines) + "\n]"


def _of_block(block: str) -> tuple[str, Lines]:
    """Return a table's name and lines: none has a break in it, for JSON writes it as a word."""
    name, _, lines = block.partition(": [\n")
    return str(json.loads(name)), lines.split(",\n") if lines else []


def read_ficha(path: Path) -> Released:
    """Return the tables of a ficha, each checked against its contract.

    Raises
    ------
    TableError
        If the file is absent, is not a ficha of this version, or was changed after it was sealed.
    """
    return read_fichas([path])[0]


def read_fichas(paths: Sequence[Path]) -> tuple[Released, ...]:
    """Return many fichas; each table is checked once, for all of them together.

    Raises
    ------
    TableError
        As `read_ficha`.
    """
    told = [_sealed(path) for path in paths]
    names = dict.fromkeys(name for ficha in told for name in ficha["tables"])
    tables: list[dict[str, pd.DataFrame]] = [{} for _ in told]
    for name in names:
        having = [n for n, ficha in enumerate(told) if name in ficha["tables"]]
        found = _split(name, [told[n]["tables"][name] for n in having])
        for n, table in zip(having, found, strict=True):
            tables[n][name] = table
    return tuple(
        _released(ficha, {name: own[name] for name in ficha["tables"]})
        for ficha, own in zip(told, tables, strict=True)
    )


def read_heads(
    paths: Sequence[Path], known: Mapping[str, Released] = MappingProxyType({})
) -> tuple[Released, ...]:
    """Return many fichas with no table but ``profile``: their tables may not fit the memory.

    Parameters
    ----------
    known : mapping of str to Released, optional
        What `head_of` gave of files with this sha256, to whoever wrote them a moment ago: these
        are not read again.

    Raises
    ------
    TableError
        As `read_ficha`.
    """
    found = (known.get(sha256_of(path)) if known else None for path in paths)
    return tuple(head or _head(_sealed(path)) for path, head in zip(paths, found, strict=True))


def head_of(released: Released) -> Released:
    """Return a ficha with no table but ``profile``, as `read_heads` does."""
    lines = released.lines
    own = released.tables["profile"] if lines is None else _frame_of(lines["profile"])
    return replace(released, tables=MappingProxyType({"profile": own}), lines=None)


def _frame_of(lines: Lines) -> pd.DataFrame:
    return pd.DataFrame([json.loads(line) for line in lines])


def _head(told: Mapping[str, Any]) -> Released:
    return _released(told, {"profile": pd.DataFrame(told["tables"]["profile"])})


def _released(told: Mapping[str, Any], tables: dict[str, pd.DataFrame]) -> Released:
    outdated = bool(told.get("outdated", False))
    expires = MappingProxyType(dict(told.get("expires", {})))
    return Released(told["colonia_id"], MappingProxyType(tables), told["seal"], outdated, expires)


def read_as_lines(path: Path) -> Released:
    """Return a ficha with its tables as the lines of its file, and no table.

    Raises
    ------
    TableError
        As `read_ficha`.
    """
    found = _as_written(path)
    if found is not None:
        return found
    told = _sealed(path)
    lines = {name: [*map(_encoded, rows)] for name, rows in told["tables"].items()}
    return replace(_released(told, {}), lines=lines)


def _as_written(path: Path) -> Released | None:
    """Return a ficha whose file is, byte by byte, what `bytes_of` gives; None of any other."""
    try:
        text = path.read_text(encoding="utf-8")
        head, _, tables = text.partition(_TABLES)
        told = json.loads(f"{head}{_TABLES}}}}}")
        blocks = tables.removesuffix("\n]\n}}\n").split("\n],\n")
        found = replace(_released(told, {}), lines=dict(map(_of_block, blocks)))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    sealed = told.get("schema") == SCHEMA and found.seal == seal_of_lines(found.lines or {})
    return found if sealed and bytes_of(found) == text.encode() else None


def _sealed(path: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        schema, rows, seal = told["schema"], dict(told["tables"]), told["seal"]
        told["colonia_id"]
    except (OSError, ValueError, KeyError, TypeError) as unreadable:
        raise TableError(
            "{path} is not a ficha of this workbench ({reason}). Make it again: “labtools run”.",
            path=str(path),
            reason=str(unreadable),
        ) from unreadable
    if schema != SCHEMA:
        raise TableError(
            "{path} has version {found} of the ficha format and this workbench reads "
            "{expected}. Make it again: “labtools run”.",
            path=str(path),
            found=schema,
            expected=SCHEMA,
        )
    if seal != digest_of(rows)[:SEAL_DIGITS]:
        raise TableError(
            "{path} was changed after it was sealed ({seal}). Make it again: “labtools run”.",
            path=str(path),
            seal=seal,
        )
    return told


def lines_of(table: pd.DataFrame) -> Lines:
    """Return a table's rows as a ficha's file holds them: JSON, ten decimals, no geometry."""
    plain = table.drop(columns="geometry", errors="ignore")
    told: Rows = json.loads(
        plain.to_json(orient="records", date_format="iso", date_unit="s", double_precision=10)
    )
    return [*map(_encoded, told)]


def _split(name: str, fichas: Sequence[Rows]) -> list[pd.DataFrame]:
    """Return the table `name` of each ficha."""
    if name not in FICHA_TABLES:
        return [pd.DataFrame(rows) for rows in fichas]
    columns = CONTRACTS[name].columns
    if "colonia_id" in columns:
        return _checked_together(name, fichas)
    told = [_encoded(rows) for rows in fichas]
    distinct = dict(zip(told, fichas, strict=True))  # many fichas hold the very same rows
    if any(column.unique for column in columns.values()):
        known = {text: _table(name, rows) for text, rows in distinct.items()}
    else:
        known = dict(zip(distinct, _checked_together(name, list(distinct.values())), strict=True))
    return [known[text] for text in told]


def _checked_together(name: str, fichas: Sequence[Rows]) -> list[pd.DataFrame]:
    whole = _table(name, [row for rows in fichas for row in rows])
    ends = list(accumulate(len(rows) for rows in fichas))
    found = [whole.iloc[end - len(rows) : end] for rows, end in zip(fichas, ends, strict=True)]
    for table in found:
        table.index = pd.RangeIndex(len(table))  # several times sooner than reset_index
    return found


def _table(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    columns = CONTRACTS[name].columns
    table = pd.DataFrame(rows, columns=list(columns))
    for column, spec in columns.items():
        kind = str(spec.dtype)
        if kind.startswith("datetime64"):
            table[column] = pd.to_datetime(table[column]).dt.tz_localize(None)
        elif "str" in kind:
            table[column] = table[column].astype("str")
    return check_table(name, table)
