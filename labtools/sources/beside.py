"""Tables that a supplier ships beside the main one in a ZIP, joined to it row by row.

INEGI gives who answers (CB), who lives in the household (CS) and the dwelling with its municipality
(VIV) as tables apart.  When to use it: to choose rows by a column that only another table has, or
to read it.  When not: where a row may have several partners; such a join would count people twice.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from labtools.errors import SourceError
from labtools.forms import Beside
from labtools.sources.descriptor import Descriptor
from labtools.sources.files import read_cells
from labtools.sources.header import require_columns


class Besides:
    """The tables that stand beside a main one, read once; each batch is joined to them.

    Parameters
    ----------
    path : pathlib.Path
        The ZIP.
    descriptor : Descriptor
        Of the main table; its ``beside`` says what is joined by which keys.
    """

    def __init__(self, path: Path, descriptor: Descriptor) -> None:
        self._path, self._form = path, descriptor.file
        self._tables = [(it, self._read(it)) for it in descriptor.beside]

    def add(self, batch: pd.DataFrame) -> pd.DataFrame:
        """Return a batch of the main table with the columns that the others bring.

        Raises
        ------
        SourceError
            If a row has no partner, or both tables say otherwise of it what they both say.
        """
        for one, table in self._tables:
            require_columns(self._path, batch, {name: name for name in (*one.keys, *one.same)})
            partner = table.reindex(pd.MultiIndex.from_frame(_plain(batch[list(one.keys)])))
            partner = partner.set_axis(batch.index, axis=0)
            self._refuse_alone(one, batch, partner)
            for name in one.same:
                self._refuse_other(one, batch[name], partner[name])
            batch = batch.assign(**{ours: partner[name] for ours, name in one.bring.items()})
        return batch

    def _read(self, one: Beside) -> pd.DataFrame:
        table = read_cells(self._path, self._form.model_copy(update={"member": one.member}))
        wanted = list(dict.fromkeys([*one.keys, *one.same, *one.bring.values()]))
        require_columns(self._path, table, {name: name for name in wanted})
        keys = _plain(table[list(one.keys)])
        twice = keys.duplicated()
        if twice.any():
            raise SourceError(
                "{path}, table {member}: {n} rows have the keys of another; the first is {key}, "
                "row {row}. A join would count people twice: name more keys under [[beside]].",
                path=self._path.name,
                member=one.member,
                n=int(twice.sum()),
                key=" | ".join(keys[twice].iloc[0]),
                row=self._row(twice.idxmax()),
            )
        return table[wanted].fillna("").set_axis(pd.MultiIndex.from_frame(keys), axis=0)

    def _refuse_alone(self, one: Beside, batch: pd.DataFrame, partner: pd.DataFrame) -> None:
        alone = partner.isna().any(axis=1) & batch[list(one.keys)].notna().all(axis=1)
        if alone.any():
            first = alone.idxmax()
            raise SourceError(
                "{path}: {n} rows have no partner in the table {member}; the first is row {row}, "
                "{key}. Ask for tables of the same edition, or correct “keys” under [[beside]].",
                path=self._path.name,
                n=int(alone.sum()),
                member=one.member,
                row=self._row(first),
                key=" | ".join(str(batch.loc[first, name]) for name in one.keys),
            )

    def _refuse_other(self, one: Beside, mine: pd.Series, theirs: pd.Series) -> None:
        other = (_bare(mine) != _bare(theirs)) & mine.notna()
        if other.any():
            first = other.idxmax()
            raise SourceError(
                "{path}, column “{column}”: in {n} rows it is not what the table {member} says; "
                "the first is row {row}, “{value}” and “{told}”. Ask for tables of the same "
                "edition.",
                path=self._path.name,
                column=str(mine.name),
                n=int(other.sum()),
                member=one.member,
                row=self._row(first),
                value=str(mine[first]),
                told=str(theirs[first]),
            )

    def _row(self, at: object) -> int:
        return int(str(at)) + 2 + self._form.header_row


def _plain(keys: pd.DataFrame) -> pd.DataFrame:
    return keys.apply(_bare)


def _bare(written: pd.Series) -> pd.Series:
    """Return keys without the zeros before them, or the “.0” behind, that programs add or take."""
    plain = written.fillna("").astype("str").str.strip().str.upper()
    return plain.str.replace(r"^(\d+)\.0+$", r"\1", regex=True).str.replace(
        r"^0+(?=\d+$)", "", regex=True
    )
