"""Canonical tables are checked here, whenever one is written or read (see `store`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd
import pandera.pandas as pa

from labtools.errors import TableError
from labtools.loading import without
from labtools.tables.canonical import CONTRACTS

with without("hypothesis"):  # pandera loads it, to invent tables that nobody asks for
    import pandera.backends.pandas.builtin_checks  # noqa: F401

__all__ = ["CONTRACTS", "check_table", "empty_table"]


def empty_table(name: str) -> pd.DataFrame:
    """Return the table `name` with its columns and no row.

    Raises
    ------
    TableError
        If the canonical tables have no such name.
    """
    return _empty(name).copy()


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """Return `table` with the columns, order and types that its contract states.

    Raises
    ------
    TableError
        If it does not hold: which column, what was expected, the first case, and how many.
    """
    contract = _contract(name)
    if list(table.columns) != list(contract.columns):
        raise TableError(
            "The table {table} must have the columns {expected}, in this order, and has {found}. "
            "Mend the step that made the table.",
            table=name,
            expected=tuple(contract.columns),
            found=tuple(map(str, table.columns)),
        )
    try:
        return contract.validate(table, lazy=True)
    except pa.errors.SchemaErrors as broken:
        raise _explained(name, broken.failure_cases) from broken


def check_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables, by name, each as its contract has it.

    Raises
    ------
    TableError
        Of the first that breaks its contract.
    """
    return {name: check_table(name, table) for name, table in tables.items()}


@cache
def _empty(name: str) -> pd.DataFrame:
    columns = _contract(name).columns
    typed = {c: pd.Series([], dtype=_stored_as(column)) for c, column in columns.items()}
    return check_table(name, pd.DataFrame(typed))


def _stored_as(column: pa.Column) -> object:
    return getattr(column.dtype, "type", object)


def _contract(name: str) -> pa.DataFrameSchema:
    try:
        return CONTRACTS[name]
    except KeyError as unknown:
        raise TableError(
            "There is no canonical table called {name}. Those there are: {known}.",
            name=name,
            known=tuple(CONTRACTS),
        ) from unknown


def _explained(name: str, cases: pd.DataFrame) -> TableError:
    first = cases.iloc[0]
    same = cases[(cases["column"] == first["column"]) & (cases["check"] == first["check"])]
    return TableError(
        "The table {table} breaks its contract in column {column}: expected {expected}, found "
        "{value} in row {row}, the first of {n}. Mend the step that made the table.",
        table=name,
        column=str(first["column"]),
        expected=str(first["check"]),
        value=str(first["failure_case"]),
        row=str(first["index"]),
        n=len(same),
    )
