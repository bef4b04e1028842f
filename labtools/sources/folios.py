"""Numbers of files (folios) by which two rows are known to be of one event."""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.figures import row_in_file
from labtools.sources.protocol import Intake, fold_text, tidy

#: What a spreadsheet leaves of a long number: only its first digits are known.
_ROUNDED = r"\d(?:[.,]\d+)?[eE]\+\d+"
#: Corrections sent beside what they correct are fewer; and so few say nothing.
_SLIPS, _FEW = 0.02, 5


def repeated_folios(intake: Intake, cells: pd.DataFrame) -> pd.Series:
    """Return which rows bear the folio of a row before; a row without one repeats nothing.

    Parameters
    ----------
    cells : pandas.DataFrame
        Good rows only: a bad row must not take its correction away with it.

    Raises
    ------
    SourceError
        If a spreadsheet rounded folios (1.23457E+12), or the folio is of the case file and not
        of each of its crimes: rows of one folio say other days or subjects.
    """
    column = intake.descriptor.column("folio")
    folio = tidy(cells[column])
    rounded = folio[folio.str.fullmatch(_ROUNDED).fillna(value=False).astype(bool)]
    if len(rounded):
        raise SourceError(
            "{path}, column “{column}”: “{value}” in row {row} was rounded by a spreadsheet "
            "program, and so were {n} in all: nobody can tell its event from others. Ask the "
            "supplier for the file with that column as text.",
            path=intake.path.name,
            column=column,
            value=str(rounded.iloc[0]),
            row=row_in_file(intake, rounded.index[0]),
            n=len(rounded),
        )
    # 101 and 101.0, CI/7 and ci/7: exports of one folio.
    folio = fold_text(folio).astype("str").str.replace(r"^(\d+)\.0+$", r"\1", regex=True)
    repeated = folio.duplicated() & folio.notna()
    _refuse_of_cases(intake, cells, folio, repeated)
    return repeated


def _refuse_of_cases(
    intake: Intake, cells: pd.DataFrame, folio: pd.Series, repeated: pd.Series
) -> None:
    told = [intake.descriptor.column(ours) for ours in ("date", "subject")]
    said = cells[[name for name in told if name]].apply(fold_text).assign(folio=folio)
    other = repeated & ~said.duplicated()
    if other.sum() < _FEW or other.mean() <= _SLIPS:
        return
    second = other.idxmax()
    first = folio.index[folio == folio[second]][0]
    raise SourceError(
        "{path}: rows {row} and {again} have the folio “{value}” and are of another day or subject "
        "({n} such rows): it is of the case file and not of each event, and rows would be lost. "
        "Take the folio out of the columns in lab.toml, so that each row counts, or ask for a "
        "number of each event.",
        path=intake.path.name,
        row=row_in_file(intake, first),
        again=row_in_file(intake, second),
        value=str(cells.loc[first, intake.descriptor.column("folio")]).strip(),
        n=int(other.sum()),
    )
