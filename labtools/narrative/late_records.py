"""Records still to come, in words: how much of the last months is reckoned to be there.

When to use it: beside every comparison of the last months with others.  When not: to correct a
count; the comparisons allow for it themselves.
"""

from __future__ import annotations

import pandas as pd

from labtools.messages import percent, text

_WHOLE = 0.995


def still_to_come(recorded_share: float | None) -> str:
    """Return what is known of the records of the last twelve months that are still to come.

    Parameters
    ----------
    recorded_share : float, optional
        Of the table ``period``; missing where it is not known.
    """
    if recorded_share is None or pd.isna(recorded_share):
        return text(
            "How many crimes of the last months are still to be recorded is not known yet: part of "
            "the difference may be records that have not come in."
        )
    if recorded_share >= _WHOLE:
        return text(
            "By what earlier editions told, hardly any crime of these twelve months is still to be "
            "recorded."
        )
    return text(
        "By what earlier editions told, about {share} of the crimes of these twelve months are "
        "recorded by now, and the comparison allows for those still to come.",
        share=percent(recorded_share),
    )
