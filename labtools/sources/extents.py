"""How much an edition of a source holds, against the one before: rows, areas, months, totals.

A file that lost a municipality, a month or half of its rows is read without a word by itself; only
beside the edition before does it show.  When not to use it: to find single figures said otherwise,
which the revision ledger tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labtools.findings import Finding, Severity
from labtools.messages import percent, plural, text
from labtools.sources.protocol import Cleaned
from labtools.tables.contracts import check_table

EXTENT = "edition_extent"

#: Canonical table → its column of areas, of days, and of what is added up ("": rows are counted).
_MEASURED: Mapping[str, tuple[str, str, str]] = {
    "official_counts": ("area", "month", "events"),
    "city_perception": ("city", "quarter", ""),
    "colonias": ("colonia_id", "", "population"),
    "ageb": ("ageb_id", "", ""),
    "census": ("ageb_id", "", ""),
    "establishments": ("", "", ""),
    "survey": ("", "wave", ""),
    "survey_estimates": ("domain", "", ""),
    "programme": ("colonia_id", "", ""),
    "actions": ("", "done_on", ""),
    "network_answers": ("", "held_on", ""),
}
#: A new edition of such a file holds all that the one before held, and more.
ACCUMULATING = frozenset({"events", "municipal_incidence", "state_victims", "actions"})
#: What became of each colonia of a register is told where registers are compared.
_COMPARED_APART = frozenset({"colonias"})
#: Below this share a difference is told of nobody; above the other it stops what accumulates.
_TOLD, _STOPS = 0.01, 0.10
#: So many times the rows of the edition before, or more for more months, may be a file put twice.
_MANY_MORE = 1.5
#: A total moves by chance as a Poisson count does; so many deviations are told.
_DEVIATIONS = 3.0
_ROWS, _AREA, _MONTH = "rows", "area", "month"


@dataclass(frozen=True, slots=True)
class Differences:
    """What an edition holds otherwise than the one before.

    Attributes
    ----------
    findings : tuple of Finding
        One for each contract that does not hold.
    stops : pandas.DataFrame
        ``cell`` (what was measured), ``before`` and ``after`` of those that nothing may be
        published from before somebody answers for them.
    """

    findings: tuple[Finding, ...]
    stops: pd.DataFrame


def measure_extent(cleaned: Cleaned, daily: pd.Series | None = None) -> pd.DataFrame:
    """Return the canonical table ``edition_extent`` of what was cleaned.

    Parameters
    ----------
    daily : pandas.Series, optional
        Of a file of events, whose tables are not at hand: how many there were on each day.
    """
    parts = [_measures(_ROWS, pd.Series({"": float(cleaned.account.kept)}))]
    if daily is not None:
        parts.append(_measures(_MONTH, daily.groupby(daily.index.strftime("%Y-%m")).sum()))
    for name, (area, day, figure) in _MEASURED.items():
        if name in cleaned.tables:
            table = cleaned.tables[name]
            amount = table[figure].astype(float) if figure else pd.Series(1.0, table.index)
            if area:
                parts.append(_measures(_AREA, amount.groupby(table[area].astype("str")).sum()))
            if day:
                parts.append(_measures(_MONTH, _by_month(amount, table[day])))
    return check_table(EXTENT, pd.concat(parts, ignore_index=True))


def compare_extents(
    before: pd.DataFrame, now: pd.DataFrame, *, source: str, edition: str, kind: str
) -> Differences:
    """Compare two tables of `measure_extent`.

    Parameters
    ----------
    source, edition, kind : str
        Of the source, the name of the edition before, and what kind of file it is: only of
        those that accumulate (`ACCUMULATING`) may a loss stop what is published.
    """
    facts, apart = {"source": source, "edition": edition}, kind in _COMPARED_APART
    told = [
        *(() if apart else _rows(before, now, facts)),
        *(() if apart else _gone(before, now, _AREA, facts)),
        *_gone(before, now, _MONTH, facts),
        *_total(before, now, facts),
    ]
    findings, stops = [], []
    for cell, finding, large in told:
        stop = large and kind in ACCUMULATING
        findings.append(
            Finding(
                finding.sentence,
                Severity.BLOCKER if stop else Severity.CAUTION,
                finding.facts,
            )
        )
        if stop:
            stops.append((cell, finding.facts["before"], finding.facts["after"]))
    return Differences(tuple(findings), pd.DataFrame(stops, columns=["cell", "before", "after"]))


def _measures(measure: str, counted: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {"measure": measure, "item": counted.index.astype("str"), "n": counted.to_numpy(float)}
    )


def _by_month(amount: pd.Series, day: pd.Series) -> pd.Series:
    """Return sums by month; of a month of which nothing is known, none."""
    known = amount.notna() & day.notna()
    return amount[known].groupby(day[known].dt.strftime("%Y-%m")).sum()


def _of(extent: pd.DataFrame, measure: str) -> pd.Series:
    return extent[extent["measure"] == measure].set_index("item")["n"]


_Told = tuple[str, Finding, bool]


def _rows(before: pd.DataFrame, now: pd.DataFrame, facts: Mapping[str, object]) -> list[_Told]:
    old, new = (float(_of(it, _ROWS).sum()) for it in (before, now))
    months = [max(len(_of(it, _MONTH)), 1) for it in (before, now)]
    fewer = (old - new) / old if old else 0.0
    doubled = bool(old) and new / old > _MANY_MORE * max(1.0, months[1] / months[0])
    if fewer <= _TOLD and not doubled:
        return []
    sentence = text(
        "{source}: this edition keeps {after} rows, and the one before ({edition}) kept {before}. "
        "Ask the supplier which ones are gone, or why there are so many more."
    )
    told = {**facts, "before": int(old), "after": int(new)}
    return [(text("rows"), Finding(sentence, Severity.CAUTION, told), fewer > _STOPS)]


def _gone(
    before: pd.DataFrame, now: pd.DataFrame, measure: str, facts: Mapping[str, object]
) -> list[_Told]:
    """Return what is told of areas, or months, that the edition before had and this one has not."""
    old, new = _of(before, measure), _of(now, measure)
    gone = old.index.difference(new.index)
    if gone.empty or new.empty:
        return []
    areas = plural(
        "{source}: one of {before} areas of the edition before ({edition}) is not in this one: "
        "{first}. Ask the supplier for it, or correct “where” in lab.toml.",
        "{source}: {n} of {before} areas of the edition before ({edition}) are not in this one; "
        "the first is {first}. Ask the supplier for them, or correct “where” in lab.toml.",
    )
    months = plural(
        "{source}: one of {before} months of the edition before ({edition}) is not in this one: "
        "{first}. Ask the supplier for the whole file.",
        "{source}: {n} of {before} months of the edition before ({edition}) are not in this one; "
        "the first is {first}. Ask the supplier for the whole file.",
    )
    cell, sentence = (text("areas"), areas) if measure == _AREA else (text("months"), months)
    told = {
        **facts,
        "n": len(gone),
        "first": gone[0],
        "before": len(old),
        "after": len(old) - len(gone),
    }
    large = measure == _MONTH or len(gone) > _STOPS * len(old)
    return [(cell, Finding(sentence, Severity.CAUTION, told), large)]


def _total(before: pd.DataFrame, now: pd.DataFrame, facts: Mapping[str, object]) -> list[_Told]:
    """Compare the sums of what both editions speak of: months, or areas where there are none."""
    measure = _MONTH if len(_of(before, _MONTH)) else _AREA
    old, new = _of(before, measure), _of(now, measure)
    both = old.index.intersection(new.index)
    first, last = float(old[both].sum()), float(new[both].sum())
    moved = abs(last - first)
    if not first or moved <= max(_TOLD * first, _DEVIATIONS * float(np.sqrt(first))):
        return []
    sentence = text(
        "{source}: what this edition and the one before ({edition}) both speak of adds up to "
        "{after} and did to {before} ({change}). Compare no figure across them before the "
        "supplier says why."
    )
    told = {
        **facts,
        "before": round(first),
        "after": round(last),
        "change": percent(last / first - 1, 1),
    }
    return [(text("sum"), Finding(sentence, Severity.CAUTION, told), False)]
