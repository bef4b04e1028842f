"""Recorded and probable crime by colonia, and what the correction does to priorities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from labtools.analysis.reporting import (
    ReportingPrior,
    chance_among_first,
    corrected_rates,
    crime_draws,
    group_reporting,
    list_overlap,
    reporting_draws,
)
from labtools.privacy.release import ROUNDING_VARIANCE
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow.edition import Edition
from labtools.workflow.feedback import discovered_shares
from labtools.workflow.reporting import reporting_prior, victims_asked
from labtools.workflow.small_areas import census_covariates

_PER = 1_000
_QUARTERS = 4
_LEVEL = (0.025, 0.5, 0.975)
#: A list of priorities holds one colonia in ten.
_LISTED = 0.10


@dataclass(frozen=True, slots=True)
class Reported:
    """What is believed of reporting in an edition.

    Attributes
    ----------
    draws : pandas.DataFrame, shape (n_draws, n_colonias)
        Probability that a crime is recorded.
    prior : ReportingPrior
    basis : {"survey", "national"}
        Whether victims of the city were asked.
    discovered : pandas.DataFrame, shape (n_colonias, n_groups + 1)
        Share of recorded crime that patrols discovered: nobody had to report it, and it stands
        for no other.  Zero in the public edition.
    """

    draws: pd.DataFrame
    prior: ReportingPrior
    basis: str
    discovered: pd.DataFrame


def reported_share(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> Reported:
    """Return what is believed of reporting by colonia: the same draws for both editions.

    What patrols discovered is told apart in the internal edition only.
    """
    prior = reporting_prior(settings)
    asked = victims_asked(processed["survey"], edition.window.end)
    covariates = census_covariates(processed)

    def fitted() -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng([settings.lab.seed, 62])
        told, victims = asked["reported"], asked["victims"]
        return {"draws": reporting_draws(told, victims, covariates, prior=prior, rng=rng)}

    made_from = [asked, covariates, repr(prior), settings.lab.seed]
    draws = edition.fits.take("reporting", made_from, fitted)["draws"]
    found = discovered_shares(processed, edition)
    return Reported(draws, prior, "survey" if len(asked) else "national", found)


def dark_figure_table(
    crime: pd.DataFrame, reported: Reported, edition: Edition, settings: Settings
) -> pd.DataFrame:
    """Return the canonical table ``dark_figure``: recorded and probable crime by colonia.

    The public edition starts from rounded counts; what rounding hides widens its intervals.
    """
    groups = crime[crime["group"] != words.TOTAL]
    counts = groups.pivot(index="colonia_id", columns="group", values="events").astype(float)
    if not counts.notna().to_numpy().any():
        return empty_table("dark_figure")
    rng = np.random.default_rng([settings.lab.seed, 63, int(edition.is_public)])
    by_group = group_reporting(reported.draws, counts, reported.prior, rng=rng)
    parts, total = [], pd.DataFrame(0.0, reported.draws.index, reported.draws.columns)
    for group in words.GROUPS:
        recorded = counts[group].reindex(reported.draws.columns)
        possible = _possible(recorded, len(reported.draws), edition, rng)
        share = reported.discovered[group].reindex(reported.draws.columns, fill_value=0.0)
        found = np.round(possible * share.to_numpy())
        crimes = crime_draws(possible - found, by_group[group], rng=rng) + found
        total = total + crimes
        parts.append(_rows(group, by_group[group], crimes))
    parts.append(_rows(words.TOTAL, reported.draws, total))
    return _shown(pd.concat(parts), crime, reported.basis)


def probable_rates(rates: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    """Return draws of rates of probable crime from draws of rates of recorded crime.

    What people reported is corrected; what patrols discovered is counted as it is.
    """
    found = reported.discovered[words.TOTAL].reindex(rates.columns).fillna(0.0)
    corrected = corrected_rates(rates * (1 - found), reported.draws)
    return corrected + rates * found


def recorded_rates(crime: pd.DataFrame, draws: pd.DataFrame) -> pd.DataFrame:
    """Return draws of the rate of all recorded crime, missing where its rate is not shown.

    Parameters
    ----------
    crime : pandas.DataFrame
        Canonical table ``crime``.
    draws : pandas.DataFrame, shape (n_draws, n_colonias)
        Of the rate, by the model of risk; it also speaks of colonias without a count.
    """
    rows = crime[crime["group"] == words.TOTAL].set_index("colonia_id")
    known = rows["smoothed"].notna().reindex(draws.columns, fill_value=False)
    return draws.where(known, axis=1).reset_index(drop=True)


def priority_tables(rates: pd.DataFrame, reported: Reported) -> dict[str, pd.DataFrame]:
    """Return what the correction does to a list of priorities: for analysts only.

    ``priority_shift``: each colonia's chance of being among the tenth with the highest rate,
    as recorded and as probable.  ``priority_sensitivity``: how much of the corrected list stays
    when reporting is other than believed.
    """
    known = rates.columns[rates.notna().all()].intersection(reported.draws.columns)
    if known.empty:
        return {name: empty_table(name) for name in ("priority_shift", "priority_sensitivity")}
    first = max(1, round(_LISTED * len(known)))
    recorded, believed = rates[known], reported.draws[known]
    corrected = probable_rates(recorded, reported)
    shift = list_overlap(recorded, corrected, first)
    shift = shift.rename_axis("colonia_id").reset_index().round({"before": 3, "after": 3})
    scenarios = {
        "reporting_everywhere_alike": recorded,
        "reporting_a_fifth_lower_where_it_is_low": probable_rates(
            recorded, replace(reported, draws=_where_low(believed, 0.8))
        ),
        "reporting_a_fifth_higher_where_it_is_low": probable_rates(
            recorded, replace(reported, draws=_where_low(believed, 1.2))
        ),
        "reporting_as_expected_without_doubt": probable_rates(
            recorded, replace(reported, draws=_without_doubt(believed))
        ),
        "counting_only_what_people_reported": corrected_rates(
            recorded * (1 - reported.discovered[words.TOTAL].reindex(known).fillna(0.0)), believed
        ),
    }
    rows = []
    base = _leading(corrected, first)
    for name, draws in scenarios.items():
        now = _leading(draws, first)
        rows.append({"scenario": name, "listed": first, "stay": len(base & now)})
    table = pd.DataFrame(rows).assign(overlap=lambda t: t["stay"] / t["listed"])
    return {
        "priority_shift": check_table("priority_shift", shift),
        "priority_sensitivity": check_table("priority_sensitivity", table),
    }


def _possible(
    recorded: pd.Series, size: int, edition: Edition, rng: np.random.Generator
) -> np.ndarray:
    """Return counts that the published one may stand for: the sum of four rounded quarters."""
    counts = np.broadcast_to(recorded.to_numpy(float), (size, len(recorded)))
    if not edition.is_public:
        return counts
    noise = rng.normal(0, np.sqrt(_QUARTERS * ROUNDING_VARIANCE), counts.shape)
    return np.asarray(np.clip(np.round(counts + noise), 0, None))


def _rows(group: str, reporting: pd.DataFrame, crimes: pd.DataFrame) -> pd.DataFrame:
    told = np.quantile(reporting.to_numpy(), _LEVEL, axis=0).round(2)
    known = crimes.notna().all().to_numpy()
    counted = np.quantile(np.where(known, crimes.to_numpy(), 0.0), _LEVEL, axis=0).round()
    counted = np.where(known, counted, np.nan)
    return pd.DataFrame(
        {
            "group": group,
            "reporting": told[1],
            "reporting_lower": told[0],
            "reporting_upper": told[2],
            "probable": counted[1],
            "lower": counted[0],
            "upper": counted[2],
        },
        index=reporting.columns.rename("colonia_id"),
    )


def _shown(found: pd.DataFrame, crime: pd.DataFrame, basis: str) -> pd.DataFrame:
    keys = ["colonia_id", "group"]
    rows = crime[[*keys, "events", "person_years", "state"]]
    table = rows.merge(found.reset_index(), on=keys, how="left")
    shown = (table["state"] == words.SHOWN) & table["probable"].notna()
    told = [c for c in found.columns if c != "group"]
    table[told] = table[told].where(shown)
    at_risk = table["person_years"].where(table["person_years"] > 0)
    for name in ("probable", "lower", "upper"):
        rate = "rate" if name == "probable" else f"rate_{name}"
        table[rate] = (table[name] / at_risk * _PER).round(1)
    state = table["state"].mask((table["state"] == words.SHOWN) & ~shown, words.MISSING)
    told_by = pd.Series(basis, table.index, dtype="str").where(shown)
    table = table.assign(state=state, basis=told_by, events=table["events"].where(shown))
    order = [*keys, "events", *told, "rate", "rate_lower", "rate_upper", "basis", "state"]
    return check_table("dark_figure", table[order])


def _where_low(reporting: pd.DataFrame, factor: float) -> pd.DataFrame:
    mean = reporting.mean()
    low = mean < mean.quantile(1 / 3)
    return (reporting * np.where(low, factor, 1.0)).clip(upper=1.0)


def _without_doubt(reporting: pd.DataFrame) -> pd.DataFrame:
    return reporting.mean().to_frame().T


def _leading(draws: pd.DataFrame, first: int) -> set[str]:
    chance = chance_among_first(draws, first)
    return set(chance.sort_values(ascending=False, kind="stable").index[:first])
