"""Recorded and probable crime by colonia, and what the correction does to priorities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from labtools.privacy.rounding import variance_of_rounding
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow.edition import Edition
from labtools.workflow.feedback import discovered_shares
from labtools.workflow.reporting import files_opened, reporting_prior, victims_asked
from labtools.workflow.small_areas import census_covariates

_PER = 1_000
_QUARTERS = 4
_LEVEL = (0.025, 0.5, 0.975)
#: A list of priorities holds one colonia in ten.
_LISTED = 0.10
#: Victims of a colonia from whom on its figure is called its own, and not that of a model.
_OWN = 10
#: Where no rate can be had (nobody lives there) a count alone says what to expect: Jeffreys.
_JEFFREYS = 0.5
_NIL = 1e-9
_FILES = ("opened", "opened_lower", "opened_upper")


@dataclass(frozen=True, slots=True)
class Reported:
    """What is believed of reporting in an edition.

    Attributes
    ----------
    draws : pandas.DataFrame, shape (n_draws, n_colonias)
        Probability that a crime is recorded.
    prior : ReportingPrior
    basis : pandas.Series, shape (n_colonias,)
        What it rests on: "own" (enough victims of the colonia were asked), "model" (few or none
        of it, and others of the city) or "national" (the lab has asked none).
    discovered : pandas.DataFrame, shape (n_colonias, n_groups + 1)
        Share of recorded crime that patrols discovered: nobody had to report it, and it stands
        for no other.  In the public edition, that of the whole municipality.
    """

    draws: pd.DataFrame
    prior: ReportingPrior
    basis: pd.Series
    discovered: pd.DataFrame


def reported_share(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> Reported:
    """Return what is believed of reporting by colonia: the same draws for both editions.

    What patrols discovered is told apart by colonia in the internal edition only.
    """
    files = files_opened(processed["survey"], edition.window.end)
    prior = replace(reporting_prior(settings), files=files)
    asked = victims_asked(processed["survey"], edition.window.end)
    covariates = census_covariates(processed)

    def fitted() -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng([settings.lab.seed, 62])
        told, victims = asked["reported"], asked["victims"]
        return {"draws": reporting_draws(told, victims, covariates, prior=prior, rng=rng)}

    made_from = [asked.drop(columns="people"), covariates, repr(prior), settings.lab.seed]
    draws = edition.fits.take("reporting", made_from, fitted)["draws"]
    found = discovered_shares(processed, edition)
    people = asked["people"].reindex(draws.columns, fill_value=0)
    basis = np.where(people >= _OWN, "own", "model" if len(asked) else "national")
    return Reported(draws, prior, pd.Series(basis, draws.columns, dtype="str"), found)


@dataclass(frozen=True, slots=True)
class ProbableCrimes:
    """Draws of the crimes of a group in twelve months, and what they are made of.

    Attributes
    ----------
    group : str
    reporting : pandas.DataFrame, shape (n_draws, n_colonias)
        Probability that a crime is recorded.
    published : pandas.Series, shape (n_colonias,)
        Counts of case files; missing where not known.
    told : numpy.ndarray, shape (n_draws, n_colonias)
        Counts that the published ones may stand for: the same where they are not rounded.
    crimes : pandas.DataFrame, shape (n_draws, n_colonias)
        Recorded or not.
    rates : pandas.DataFrame, shape (n_draws, n_colonias)
        Of probable crime, per person-year.
    """

    group: str
    reporting: pd.DataFrame
    published: pd.Series
    told: np.ndarray
    crimes: pd.DataFrame
    rates: pd.DataFrame


def probable_crimes(
    crime: pd.DataFrame,
    draws: Mapping[str, pd.DataFrame],
    reported: Reported,
    edition: Edition,
    settings: Settings,
) -> tuple[ProbableCrimes, ...]:
    """Return draws of probable crime by group of crimes, and of them all; none without counts.

    How many crimes a colonia is expected to record comes from the edition's model of risk
    (draws of the rate, by group), which draws colonias with few towards the others: the rate of
    probable crime is the one that is set beside fear, and that lists and harm are made of.  The
    public edition starts from rounded counts; what rounding hides widens its intervals.
    """
    groups = crime[crime["group"] != words.TOTAL]
    counts = groups.pivot(index="colonia_id", columns="group", values="events").astype(float)
    if not counts.notna().to_numpy().any():
        return ()
    rng = np.random.default_rng([settings.lab.seed, 64, int(edition.is_public)])
    by_group = reported_by_group(crime, reported, edition, settings)
    areas = reported.draws.columns
    people = crime[crime["group"] == words.TOTAL].set_index("colonia_id")["person_years"]
    counts[words.TOTAL] = counts.sum(axis=1, skipna=False)
    parts, noise = [], np.zeros(reported.draws.shape)
    for group in (*words.GROUPS, words.TOTAL):
        part = replace(reported, draws=by_group[group])
        published = counts[group].reindex(areas)
        rates = recorded_rates(crime, draws[group], group).reindex(columns=areas)
        files = published.to_numpy(float)
        expected = _expected(rates, people.reindex(areas), files, rng, len(noise))
        own = _hidden(expected) if edition.is_public else np.zeros_like(noise)
        noise = noise if group == words.TOTAL else noise + own
        told = _possible(files, expected, noise if group == words.TOTAL else own, rng)
        share = reported.discovered[group].reindex(areas, fill_value=0.0).to_numpy()
        crimes = crime_draws(told, expected * (1 - share), part.draws, rng=rng)
        corrected = probable_rates(rates, part, group)
        parts.append(ProbableCrimes(group, part.draws, published, told, crimes, corrected))
    return tuple(parts)


def dark_figure_table(
    crime: pd.DataFrame, parts: Sequence[ProbableCrimes], reported: Reported
) -> pd.DataFrame:
    """Return the canonical table ``dark_figure``: recorded and probable crime by colonia."""
    if not parts:
        return empty_table("dark_figure")
    found = [_rows(one.group, one.reporting, one.crimes, one.rates) for one in parts]
    return _shown(pd.concat(found), crime, reported)


def reported_by_group(
    crime: pd.DataFrame, reported: Reported, edition: Edition, settings: Settings
) -> dict[str, pd.DataFrame]:
    """Return draws of the probability of being recorded by group of crimes, and of them all.

    The same draws whoever asks: for the edition's table and for the harm of its portfolio.
    """
    groups = crime[crime["group"] != words.TOTAL]
    counts = groups.pivot(index="colonia_id", columns="group", values="events").astype(float)
    rng = np.random.default_rng([settings.lab.seed, 63, int(edition.is_public)])
    apart = group_reporting(reported.draws, counts, reported.prior, rng=rng)
    return {**apart, words.TOTAL: reported.draws}


def probable_rates(
    rates: pd.DataFrame, reported: Reported, group: str = words.TOTAL
) -> pd.DataFrame:
    """Return draws of rates of probable crime from draws of rates of recorded crime.

    What people reported is corrected; what patrols discovered is counted as it is.
    """
    found = reported.discovered[group].reindex(rates.columns).fillna(0.0)
    corrected = corrected_rates(rates * (1 - found), reported.draws)
    return corrected + rates * found


def recorded_rates(
    crime: pd.DataFrame, draws: pd.DataFrame, group: str = words.TOTAL
) -> pd.DataFrame:
    """Return draws of the rate of recorded crime of a group, missing where it is not shown.

    Parameters
    ----------
    crime : pandas.DataFrame
        Canonical table ``crime``.
    draws : pandas.DataFrame, shape (n_draws, n_colonias)
        Of the rate, by the model of risk; it also speaks of colonias without a count.
    """
    rows = crime[crime["group"] == group].set_index("colonia_id")
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


def _expected(
    rates: pd.DataFrame, people: pd.Series, counts: np.ndarray, rng: np.random.Generator, size: int
) -> np.ndarray:
    """Return draws of how many crimes each colonia is expected to record."""
    turn = np.arange(size) % len(rates)
    expected = rates.to_numpy(float)[turn] * people.to_numpy(float)
    alone = rng.gamma(np.where(np.isnan(counts), 0.0, counts) + _JEFFREYS, size=expected.shape)
    return np.where(np.isnan(expected), alone, expected)


def _hidden(expected: np.ndarray) -> np.ndarray:
    """Return the variance that rounding each of four quarters adds to a year's count."""
    return _QUARTERS * variance_of_rounding(expected / _QUARTERS)


def _possible(
    published: np.ndarray, expected: np.ndarray, hidden: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return counts that the published one may stand for, given the variance that is `hidden`.

    What rounding hides is drawn beside what is expected, each as sure as it is: a published zero
    alone would have its noise on one side only, and stand for more than there is.
    """
    if not hidden.any():
        return np.broadcast_to(published, expected.shape)
    weight = expected / (expected + hidden)
    middle = published * weight + expected * (1 - weight)
    # Gamma and not normal: cut at zero, the draws of small counts would lie above their mean.
    scale = hidden * weight / np.maximum(middle, _NIL)
    drawn = rng.gamma(middle / np.maximum(scale, _NIL)) * scale
    # Up or down by chance, so that rounding to whole crimes keeps the mean.
    return np.asarray(np.floor(drawn + rng.random(drawn.shape)))


def _limits(draws: pd.DataFrame) -> np.ndarray:
    known = draws.notna().all().to_numpy()
    found = np.quantile(np.where(known, draws.to_numpy(), 0.0), _LEVEL, axis=0)
    return np.asarray(np.where(known, found, np.nan))


def _rows(
    group: str, reporting: pd.DataFrame, crimes: pd.DataFrame, rates: pd.DataFrame
) -> pd.DataFrame:
    told = np.quantile(reporting.to_numpy(), _LEVEL, axis=0).round(2)
    counted = _limits(crimes).round()
    rate = (_limits(rates) * _PER).round(1)
    return pd.DataFrame(
        {
            "group": group,
            "reporting": told[1],
            "reporting_lower": told[0],
            "reporting_upper": told[2],
            "probable": counted[1],
            "lower": counted[0],
            "upper": counted[2],
            "rate": rate[1],
            "rate_lower": rate[0],
            "rate_upper": rate[2],
        },
        index=reporting.columns.rename("colonia_id"),
    )


def _shown(found: pd.DataFrame, crime: pd.DataFrame, reported: Reported) -> pd.DataFrame:
    keys = ["colonia_id", "group"]
    rows = crime[[*keys, "events", "state"]]
    table = rows.merge(found.reset_index(), on=keys, how="left")
    shown = (table["state"] == words.SHOWN) & table["probable"].notna()
    told = [c for c in found.columns if c != "group"]
    table[told] = table[told].where(shown)
    state = table["state"].mask((table["state"] == words.SHOWN) & ~shown, words.MISSING)
    told_by = table["colonia_id"].map(reported.basis).where(shown)
    table = table.assign(state=state, basis=told_by, events=table["events"].where(shown))
    for name, value in zip(_FILES, reported.prior.opened_limits(), strict=True):
        table[name] = pd.Series(round(value, 3), table.index).where(shown)
    said_by = "own" if reported.prior.files[1] else "national"
    table["opened_basis"] = pd.Series(said_by, table.index, dtype="str").where(shown)
    order = [*keys, "events", *told, "basis", *_FILES, "opened_basis", "state"]
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
