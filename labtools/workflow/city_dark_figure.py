"""Recorded and probable crime of the whole municipality: the sum of draws, and no sum of medians.

When to use it: the figure of the city is asked for.  When not: to add up colonias' figures; the
middle of each lies below its mean, so that their sum would tell too few crimes, and the sum of
their limits would be far too wide or too narrow, as they share one doubt about reporting.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from labtools.privacy.rounding import variance_of_rounding
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow.dark_figure import ProbableCrimes, Reported
from labtools.workflow.edition import Edition

_MONTHS = 12
_LEVEL = (0.025, 0.5, 0.975)


def municipality_dark_figure_table(
    municipality: pd.DataFrame,
    parts: Sequence[ProbableCrimes],
    reported: Reported,
    edition: Edition,
    settings: Settings,
) -> pd.DataFrame:
    """Return the canonical table ``municipality_dark_figure``: the city's crimes, draw by draw.

    Parameters
    ----------
    municipality : pandas.DataFrame
        Canonical table ``municipality_crime``: it also counts files that no colonia could be
        given, for which reporting is taken to be that of the others.
    parts : sequence of ProbableCrimes
        Of the same edition: rounded counts in the public one.
    """
    if not parts or municipality["now"].isna().all():
        return empty_table("municipality_dark_figure")
    counts = municipality.set_index("group")["now"].astype(float)
    rng = np.random.default_rng([settings.lab.seed, 66, int(edition.is_public)])
    noise = {one.group: _rounding(counts[one.group], edition) for one in parts}
    noise[words.TOTAL] = sum(noise[group] for group in words.GROUPS)
    basis = "national" if (reported.basis == "national").all() else "survey"
    rows = []
    for one in parts:
        count = float(counts[one.group])
        hidden = _never_recorded(one, count)
        # What rounding hides of the city's own count is as likely up as down.
        files = np.maximum(count + rng.normal(0.0, np.sqrt(noise[one.group]), len(hidden)), 0.0)
        rows.append(_row(one.group, count, files, hidden) | {"basis": basis})
    return check_table("municipality_dark_figure", pd.DataFrame(rows).astype({"events": "Int64"}))


def _rounding(count: float, edition: Edition) -> float:
    """Return the variance that rounding each of twelve months adds to a year's count."""
    if not edition.is_public or np.isnan(count):
        return 0.0
    return float(_MONTHS * variance_of_rounding(np.array(count / _MONTHS)))


def _never_recorded(part: ProbableCrimes, count: float) -> np.ndarray:
    """Return draws of the city's crimes without a case file, shape (n_draws,).

    Where the city counts files that no colonia has, as many more go with each of them.
    """
    hidden = np.nansum(part.crimes.to_numpy(float) - part.told, axis=1)
    placed = float(part.published.sum())
    return np.asarray(hidden * (count / placed if placed > 0 and count > 0 else 1.0))


def _row(group: str, count: float, files: np.ndarray, hidden: np.ndarray) -> dict[str, object]:
    crimes = files + hidden
    share = np.divide(files, crimes, out=np.full_like(crimes, np.nan), where=crimes > 0)
    low, middle, high = np.quantile(crimes, _LEVEL).round()
    share_low, share_middle, share_high = np.quantile(share, _LEVEL).round(2)
    return {
        "group": group,
        "events": count,
        "reporting": share_middle,
        "reporting_lower": share_low,
        "reporting_upper": share_high,
        "probable": middle,
        "lower": low,
        "upper": high,
    }
