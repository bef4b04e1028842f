"""Whether recording changed while the programme ran: then counts change without crime.

When to use it: with the revisions of the outcome's source, before a verdict is believed.  When
not: as proof that recording did not change; a supplier may never say so.
"""

from __future__ import annotations

import pandas as pd

from labtools.errors import AnalysisError
from labtools.findings import Finding, Severity
from labtools.messages import mark

#: Revised events, in per cent of those first told, from which readers must be warned.
_NOTABLE = 2.0
_PERCENT = 100.0


def recording_findings(
    revisions: pd.DataFrame, *, start: pd.Timestamp, smallest: float
) -> tuple[Finding, ...]:
    """Return what revisions say of the months before and after the start.

    Parameters
    ----------
    revisions : pandas.DataFrame
        ``month`` (datetime), ``first`` and ``last``: events as first told and as told now.
    start : pandas.Timestamp
        First month of the programme.
    smallest : float
        Smallest change, in per cent, that would be worth the programme: revisions that differ
        by more between before and after could make or hide it.

    Raises
    ------
    AnalysisError
        If there are no events before or after the start.
    """
    later = revisions["month"] >= start
    grown = {}
    for name, rows in (("before", revisions[~later]), ("after", revisions[later])):
        if rows.empty or not rows["first"].sum() > 0:
            raise AnalysisError(
                "The revisions tell of no events before or after {start}. Give those of the whole "
                "window.",
                start=start.date(),
            )
        grown[name] = _PERCENT * (rows["last"].sum() / rows["first"].sum() - 1)
    apart = grown["after"] - grown["before"]
    if abs(apart) >= smallest:
        severity = Severity.BLOCKER
    elif abs(apart) >= _NOTABLE:
        severity = Severity.CAUTION
    else:
        return ()
    told = {name: round(float(v), 1) for name, v in grown.items()}
    return (Finding(_SENTENCE, severity, told),)


_SENTENCE = mark(
    "Revisions changed the counts before the programme by {before} % and those after it by "
    "{after} %: part of the change may be of recording, not of crime."
)
