"""Establishments with their activity and their point (INEGI's DENUE); nobody's name is read.

When to use it: to tell how many places of a kind (bars, shops that sell drink, schools) a colonia
has.  When not: to point at one of them; names, telephones and addresses stay in the raw file.
"""

from __future__ import annotations

import pandas as pd

from labtools.errors import SourceError
from labtools.messages import mark
from labtools.sources.figures import row_in_file
from labtools.sources.points import read_points
from labtools.sources.protocol import (
    Cleaned,
    Intake,
    accounted,
    cut_short,
    keys,
    read_rows,
    require_some_valid,
    tidy,
)
from labtools.sources.repeats import refuse_pasted

#: A sector has two digits of SCIAN and a class six.
_ACTIVITY = r"\d{2,6}"
_NO_ACTIVITY = mark(
    "{path}, column “{column}”: none of its {n} cells is a code of SCIAN (two to six "
    "digits); the first is “{value}”. Correct the column in the descriptor."
)


def clean_establishments(intake: Intake) -> Cleaned:
    """Return the canonical table ``establishments``: one row for each place of business.

    Rejected: a row without a key or with the key of another, and one whose activity is no code of
    SCIAN.  A point that cannot be one is missing, and counted.

    Raises
    ------
    SourceError
        If a key stands twice with other activities, most points cannot be true, or no row has a
        code of activity.
    """
    rows = read_rows(intake, "id", "activity", "lon", "lat")
    column = intake.descriptor.column
    if not column("id"):
        refuse_pasted(intake, rows.cells)
    key, _ = keys(rows.cells[column("id")])
    activity = tidy(rows.cells[column("activity")]).str.replace(r"\.0$", "", regex=True)
    valid = activity.str.fullmatch(_ACTIVITY).fillna(value=False).astype(bool)
    written = rows.cells[intake.descriptor.column("activity")]
    require_some_valid(intake, "activity", written, valid, _NO_ACTIVITY)
    reasons = cut_short(rows.cells)
    good = reasons.isna() & valid & key.notna()
    reasons[good & key.where(good).duplicated()] = "row_repeated"
    _refuse_two_activities(intake, key[good], activity[good])
    reasons[~valid] = "code_not_valid"
    reasons[key.isna()] = "no_key"
    kept = rows.cells[reasons.isna()]
    points = read_points(intake, kept)
    staff = column("staff")
    table = pd.DataFrame(
        {
            "establishment_id": key[kept.index],
            "activity": activity[kept.index],
            "staff": tidy(kept[staff]) if staff else pd.Series(None, index=kept.index, dtype="str"),
            "lon": points.lon,
            "lat": points.lat,
        }
    ).reset_index(drop=True)
    account = accounted(intake, rows, reasons, points.changed)
    return Cleaned({"establishments": table}, account)


def _refuse_two_activities(intake: Intake, key: pd.Series, activity: pd.Series) -> None:
    said = pd.DataFrame({"key": key, "activity": activity})
    other = key.duplicated() & ~said.duplicated()
    if other.any():
        second = other.idxmax()
        raise SourceError(
            "{path}: rows {row} and {again} are of the same establishment {key} and give other "
            "activities ({n} such rows). Ask for one edition only: two may have been put together.",
            path=intake.path.name,
            row=row_in_file(intake, key.index[key == key[second]][0]),
            again=row_in_file(intake, second),
            key=str(key[second]),
            n=int(other.sum()),
        )
