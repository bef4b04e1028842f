"""Numbers of files (folios) by which two rows are known to be of one event."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.errors import SourceError
from labtools.sources.figures import row_in_file
from labtools.sources.protocol import Intake, cell_of, fold_text, tidy
from labtools.sources.seen import Seen

#: What a spreadsheet leaves of a long number: only its first digits are known.
_ROUNDED = r"\d(?:[.,]\d+)?[eE]\+\d+"
#: A number of a file has a digit, and is not zeros alone.
_NUMBERED = r"^(?![0\W_]+$).*[0-9]"
#: Corrections sent beside what they correct are fewer; and so few say nothing.
_SLIPS, _FEW = 0.02, 5


class Folios:
    """Folios of a file, told one slice after the other.

    Parameters
    ----------
    intake : Intake
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._folios, self._said = Seen(), Seen()

    def add(self, cells: pd.DataFrame) -> None:
        """Note the folios of good rows: a bad row must not take its correction away with it.

        Raises
        ------
        SourceError
            If a spreadsheet rounded folios (1.23457E+12).
        """
        column = self._intake.descriptor.column
        folio = tidy(cells[column("folio")])
        # "S/N", "sin folio", "0" are what clerks type where there is none.
        folio = folio.where(numbered(folio))
        _refuse_rounded(self._intake, folio)
        # 101 and 101.0, CI/7 and ci/7: exports of one folio.
        folio = fold_text(folio).astype("str").str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
        known = folio.dropna()
        told = [column(ours) for ours in ("date", "subject") if column(ours)]
        said = cells.loc[known.index, told].apply(fold_text).assign(folio=known)
        self._folios.add(pd.util.hash_pandas_object(known, index=False))
        self._said.add(pd.util.hash_pandas_object(said, index=False))

    def repeated(self) -> np.ndarray:
        """Return the rows that bear the folio of a row before; one without repeats nothing.

        Raises
        ------
        SourceError
            If the folio is of the case file and not of each of its crimes: rows of one folio say
            other days or subjects.
        """
        pairs = np.concatenate(list(self._folios.repeats()))
        self._refuse_of_cases(pairs)
        return np.asarray(pairs["row"])

    def _refuse_of_cases(self, pairs: np.ndarray) -> None:
        alike = np.concatenate([part["row"] for part in self._said.repeats()])
        other = pairs[~np.isin(pairs["row"], alike)]
        if len(other) < _FEW or len(other) <= _SLIPS * self._folios.rows:
            return
        intake, first, second = self._intake, other["row_before"][0], other["row"][0]
        raise SourceError(
            "{path}: rows {row} and {again} have the folio “{value}” and are of another day or "
            "subject ({n} such rows): it is of the case file and not of each event, and rows would "
            "be lost. Take the folio out of the columns in lab.toml, so that each row counts, or "
            "ask for a number of each event.",
            path=intake.path.name,
            row=row_in_file(intake, first),
            again=row_in_file(intake, second),
            value=cell_of(intake, int(first), intake.descriptor.column("folio")),
            n=len(other),
        )


def numbered(folio: pd.Series) -> pd.Series:
    """Return which folios are numbers of something."""
    return folio.str.contains(_NUMBERED, regex=True).fillna(value=False).astype(bool)


def _refuse_rounded(intake: Intake, folio: pd.Series) -> None:
    rounded = folio[folio.str.fullmatch(_ROUNDED).fillna(value=False).astype(bool)]
    if len(rounded):
        raise SourceError(
            "{path}, column “{column}”: “{value}” in row {row} was rounded by a spreadsheet "
            "program, and so were {n} in all: nobody can tell its event from others. Ask the "
            "supplier for the file with that column as text.",
            path=intake.path.name,
            column=intake.descriptor.column("folio"),
            value=str(rounded.iloc[0]),
            row=row_in_file(intake, rounded.index[0]),
            n=len(rounded),
        )
