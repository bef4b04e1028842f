"""Indices of census areas (CONAPO's urban marginality): a figure of each AGEB and its people."""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.sources.figures import counts, missing_by_reason, refuse_no_percentage, row_in_file
from labtools.sources.protocol import Cleaned, Intake, accounted, cut_short, numbers, read_rows
from labtools.sources.repeats import repeated_rows

#: State, municipality, locality and AGEB, as in INEGI's geostatistical framework.
_AGEB = r"\d{12}[\dA-P]"
_WIDTH = 13


def clean_ageb_index(intake: Intake) -> Cleaned:
    """Return the canonical table ``census``: one row for each AGEB and variable.

    The variables are those that the descriptor's indicators name, and the population by which
    AGEBs weigh when they are shared out to colonias.

    Raises
    ------
    SourceError
        If an area's key is none, an area stands twice with other figures, its population is no
        count, or a percentage is outside 0 to 100.
    """
    rows = read_rows(intake, "id", "population")
    id_, population = (intake.descriptor.column(ours) for ours in ("id", "population"))
    indicators = intake.descriptor.indicator
    names = list(dict.fromkeys(name for it in indicators for name in it.numerator))
    reasons = cut_short(rows.cells)
    whole = rows.cells.loc[reasons.isna(), [id_, population, *names]]
    reasons[whole.index[repeated_rows(intake, whole, [population, *names])]] = "row_repeated"
    kept = rows.cells[reasons.isna()]
    ageb = _keys(intake, kept[id_])
    known = {population: counts(intake, kept, population, "population")}
    known |= {name: numbers(intake, kept, name) for name in names}
    for name in {it.numerator[0] for it in indicators if it.unit == "%"}:
        refuse_no_percentage(intake, known[name], name)
    parts = [
        pd.DataFrame({"ageb_id": ageb, "variable": name, "value": figure})
        for name, figure in known.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    why = missing_by_reason(intake, kept, known)
    return Cleaned({"census": table}, accounted(intake, rows, reasons, why))


def _keys(intake: Intake, written: pd.Series) -> pd.Series:
    key = written.str.strip().str.upper().str.zfill(_WIDTH)
    wrong = written[~key.str.fullmatch(_AGEB).fillna(value=False).astype(bool)]
    if len(wrong):
        raise SourceError(
            "{path}, column “{column}”: “{value}” in row {row} is no key of an AGEB ({n} such "
            "cells). Expected {width} signs: state, municipality, locality and AGEB. Ask for the "
            "file as CONAPO gives it.",
            path=intake.path.name,
            column=str(written.name),
            value=str(wrong.iloc[0]),
            row=row_in_file(intake, wrong.index[0]),
            n=len(wrong),
            width=_WIDTH,
        )
    return key
