"""What patrols discover, kept apart from what people report, so that attention feeds no model.

Where patrols look, they find; where they find, models send them again.  When to use it: with
sources that say how each event came to be known.  When not: where none does; nothing is then
told apart, and the audit says so by having no row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy

from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow.edition import Edition

_TAIL = 0.025
#: Files of known origin (on each side of a ratio) below which nothing is said.
_FEWEST_FILES = 30
#: Files of known origin of the municipality from which on their share is told of no one.
_MANY_FILES = 500
#: Files of known origin that the city's share stands for in each colonia.
_LIKE_THE_CITY = 10.0
_KINDS = (*words.GROUPS, words.TOTAL)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, its error, and the colonias less one that tell the error."""

    value: float
    error: float
    freedom: int

    @property
    def reach(self) -> float:
        """How far its limits lie (Student's, 95 %)."""
        return (
            float(scipy.stats.t.isf(_TAIL, self.freedom)) * self.error if self.freedom else np.nan
        )


def discovered_shares(processed: Mapping[str, pd.DataFrame], edition: Edition) -> pd.DataFrame:
    """Return the share of case files that patrols discovered, by colonia and group.

    A colonia's own share, drawn towards the city's of the same group as if ten files more of
    known origin were like the city's: one with few or none of them has the city's.  Zero where no
    source says any origin.

    Origins are true counts, of withheld colonias too: in the public edition every colonia has the
    share of the whole municipality, in whole per cent of at least five hundred files (no one, and
    no two, of them move it), and zero, every crime counting as reported, where there are fewer.
    """
    keys = pd.Index(processed["colonias"]["colonia_id"])
    found, told = _counts(processed, edition)
    files = told.sum()
    city = found.sum() / files.where(files > 0)
    if edition.is_public:
        city = city.where(files >= _MANY_FILES).round(2)
        city = city.fillna(city[words.TOTAL]).fillna(0.0)
        return pd.DataFrame([city] * len(keys), keys, list(_KINDS))
    # A group of which no origin is known has the share of all crime.
    city = city.fillna(city[words.TOTAL]).fillna(0.0)
    found, told = (table.reindex(keys, fill_value=0.0) for table in (found, told))
    return (found + _LIKE_THE_CITY * city) / (told + _LIKE_THE_CITY)


def feedback_table(processed: Mapping[str, pd.DataFrame], edition: Edition) -> pd.DataFrame:
    """Return the canonical table ``feedback``: how much of the record patrols make, and where.

    ``discovered_share``: of the case files whose origin is known, by group.
    ``programme_ratio``: that share in colonias of the programme over that elsewhere, kind by
    kind; above 1, attention makes records.  Intervals (95 %, Student's) take colonias, not
    events, for independent, and are never narrower than those of files drawn one by one.  Of
    fewer than thirty files nothing is said.
    """
    found, told = _counts(processed, edition)
    inside = told.index.isin(_in_programme(processed["programme"], edition))
    rows = []
    for group in _KINDS:
        whole = _share(found[group], told[group])
        rows.append(_row("discovered_share", group, told[group], whole))
        kinds = list(words.GROUPS) if group == words.TOTAL else [group]
        ratio = _ratio(found[kinds], told[kinds], inside)
        rows.append(_row("programme_ratio", group, told[group], ratio))
    known = [row for row in rows if not np.isnan(float(str(row["value"])))]
    table = pd.DataFrame(known) if known else empty_table("feedback")
    return check_table("feedback", table.astype({"events": "Int64"}))


def _counts(
    processed: Mapping[str, pd.DataFrame], edition: Edition
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return files discovered and files of known origin: colonias by group, of the window."""
    table = processed["origin_counts"]
    window = edition.window
    inside = (table["month"] >= window.start) & (table["month"] < window.end)
    table = table[inside & table["group"].isin(words.GROUPS) & (table["origin"] != "unknown")]
    told = _by_group(table)
    found = _by_group(table[table["origin"] == words.DISCOVERED])
    return found.reindex(told.index, fill_value=0.0), told


def _by_group(rows: pd.DataFrame) -> pd.DataFrame:
    sums = rows.groupby(["colonia_id", "group"], observed=True)["events"].sum()
    wide = sums.unstack(fill_value=0).reindex(columns=list(words.GROUPS), fill_value=0)
    wide = wide.astype(float)
    return wide.assign(**{words.TOTAL: wide.sum(axis=1)})


def _in_programme(programme: pd.DataFrame, edition: Edition) -> pd.Series:
    end = edition.window.end
    stays = programme["left_on"].isna() | (programme["left_on"] >= end)
    return programme.loc[(programme["entered_on"] < end) & stays, "colonia_id"]


def _share(found: pd.Series, told: pd.Series) -> Figure:
    """Return a share over colonias, and its error between them.

    Missing for fewer than two colonias, which do not vary, and for few files.
    """
    several, files = int((told > 0).sum()), float(told.sum())
    if several < 2 or files < _FEWEST_FILES:  # noqa: PLR2004
        return Figure(np.nan, np.nan, 0)
    share = float(found.sum() / files)
    away = found - share * told
    variance = _between(away, several) / files**2
    return Figure(share, float(np.sqrt(max(variance, _binomial(share, files)))), several - 1)


def _ratio(found: pd.DataFrame, told: pd.DataFrame, inside: np.ndarray) -> Figure:
    """Return what patrols discovered in the programme over what elsewhere's shares would give.

    Kind by kind, as kinds differ in how they come to be known and the programme has others than
    the rest of the city.  The error is that of the logarithm.
    """
    files = [told[part] for part in (inside, ~inside)]
    hits = [found[part] for part in (inside, ~inside)]
    several = [int((part.sum(axis=1) > 0).sum()) for part in files]
    both = (files[0].sum() > 0) & (files[1].sum() > 0)
    files, hits = ([part.loc[:, both] for part in one] for one in (files, hits))
    numbers = [float(part.to_numpy().sum()) for part in files]
    if min(several) < 2 or min(numbers) < _FEWEST_FILES:  # noqa: PLR2004
        return Figure(np.nan, np.nan, 0)
    share = hits[1].sum() / files[1].sum()
    seen, expected = float(hits[0].to_numpy().sum()), float((files[0].sum() * share).sum())
    if not (seen > 0 and expected > 0):
        return Figure(np.nan, np.nan, 0)
    ratio = seen / expected
    weight = files[0].sum() / files[1].sum()
    away = [
        (hits[0] - ratio * files[0] * share).sum(axis=1),
        ((hits[1] - files[1] * share) * weight).sum(axis=1),
    ]
    # At the least, each side varies as files drawn one by one would.
    own = hits[0].sum() / files[0].sum()
    least = [
        float((_binomial(own, files[0].sum()) * files[0].sum() ** 2).sum()),
        float((_binomial(share, files[1].sum()) * files[0].sum() ** 2).sum()),
    ]
    variance = [
        max(_between(one, n), few) for one, n, few in zip(away, several, least, strict=True)
    ]
    error = np.sqrt(variance[0] / seen**2 + variance[1] / expected**2)
    return Figure(ratio, float(error), min(several) - 1)


def _between(away: pd.Series, several: int) -> float:
    return float((away**2).sum()) * several / (several - 1)


def _binomial(share: Any, files: Any) -> Any:
    """Return the variance of a share of so many files, with one more of each (Agresti)."""
    moved = (share * files + 1) / (files + 2)
    return moved * (1 - moved) / (files + 2)


def _row(measure: str, group: str, told: pd.Series, found: Figure) -> dict[str, object]:
    value, reach = found.value, found.reach
    if measure == "programme_ratio":
        lower, upper = value * np.exp(-reach), value * np.exp(reach)
    else:
        lower, upper = max(0.0, value - reach), min(1.0, value + reach)
        # None or all discovered does not mean none or all ever: the exact end of a binomial.
        beyond = 1 - _TAIL ** (1 / max(float(told.sum()), 1.0))
        lower = 1 - beyond if value == 1 else lower
        upper = beyond if value == 0 else upper
    return {
        "measure": measure,
        "group": group,
        "value": value,
        "lower": lower,
        "upper": upper,
        "events": int(told.sum()),
    }
