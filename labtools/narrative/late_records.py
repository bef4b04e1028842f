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


def level_so_far(recorded_share: float | None) -> tuple[str, ...]:
    """Return how much of the last twelve months a level is of, where part is still to come.

    A level tells what is recorded by now; that of the municipality too, so that what is said of one
    beside the other does not lean on records to come.

    Parameters
    ----------
    recorded_share : float, optional
        As in :func:`still_to_come`; nothing is said where it is not known, or hardly any is left.
    """
    if recorded_share is None or pd.isna(recorded_share) or recorded_share >= _WHOLE:
        return ()
    return (
        text(
            "About {share} of these twelve months is recorded by now, here and in the municipality "
            "alike: the counts and rates will rise, and how they compare stays.",
            share=percent(recorded_share),
        ),
    )
