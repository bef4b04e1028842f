"""The city-wide results of one edition, assembled from processed tables."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from labtools.analysis import profiles
from labtools.analysis.rates import poisson_interval
from labtools.analysis.trend import YearRatio, compare_years
from labtools.privacy.cards import cards_table
from labtools.privacy.release import (
    ROUNDING_SLACK,
    ROUNDING_VARIANCE,
    protect_months,
    protect_quarters,
)
from labtools.privacy.rounding import BASE
from labtools.privacy.years import protect_years, years_table
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_tables, empty_table
from labtools.tables.periods import Window
from labtools.workflow.edition import Edition
from labtools.workflow.evaluation import evaluation_tables
from labtools.workflow.fear_gap import felt_results
from labtools.workflow.forecasting import forecast_results
from labtools.workflow.patterns import pattern_results
from labtools.workflow.risk import city_risk, risk_tables
from labtools.workflow.unplaced import namesakes

_METRES_OF_DETAIL = 8
_FALSE_ALARM = 0.05
_YEAR = 12
_COUNTS = "of: counts"  # beside the tables: what they are of, protected in the public edition


def city_results(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> dict[str, pd.DataFrame]:
    """Return every result table of an edition, for all colonias.

    The public edition computes everything about crime from protected counts only.  What the
    figures were made of is noted: they are made again when that changed, and not when only the
    log of actions, say, did.
    """
    figures = edition.fits.follow(
        f"figures-{edition.audience}",
        edition.made_from(settings),
        processed,
        lambda tables: _figures(tables, edition.bare(), settings),
    )
    quarters = figures.pop(_COUNTS)
    keys = pd.Index(processed["colonias"]["colonia_id"])
    return {
        **figures,
        "unknowns": unknowns_table(processed, figures["crime"], edition),
        "indicators": _indicators(processed["indicators"], edition),
        "actions_done": _actions(processed["actions"], keys, edition.window),
        "sources": processed["sources"],
        "source_files": processed["source_files"],
        "colonias_shown": _colonias_shown(processed, edition, settings.lab.crs),
        "period": _period(processed, edition, settings),
        "cards": cards_table(edition.cards, edition.window.end),
        **evaluation_tables(processed, quarters, edition, settings),
    }


def _figures(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> dict[str, pd.DataFrame]:
    """Return the tables of figures, and the counts that they are of."""
    colonias = processed["colonias"]
    population = colonias.set_index("colonia_id")["population"]
    slack = ROUNDING_SLACK if edition.is_public else 0
    variance = ROUNDING_VARIANCE if edition.is_public else 0.0
    quarters = processed["quarters"]
    years = years_table(quarters)
    if edition.is_public:
        true, quarters = quarters, protect_quarters(quarters, edition.withheld, key=edition.key)
        years = protect_years(true, quarters, edition.withheld, key=edition.key)
    months = _municipal_months(processed["panel"], edition)
    municipality = municipality_table(months, population.sum(), edition, variance)
    rates = municipality.set_index("group")["rate"]
    keys = pd.Index(colonias["colonia_id"])
    series = series_of(quarters, colonias, slack=slack)
    spread = profiles.dispersion_table(series, edition.window, keys, noise_variance=variance)
    noise = profiles.Noise(spread, variance, slack)
    risk = city_risk(series, processed, edition, noise, settings)
    # Smoothed rates are of all that happened: what they stand beside is too.
    whole = rates / edition.recorded.get(_YEAR, 1.0)
    crime = profiles.crime_table(
        series, population, edition.window, whole, surfaces=risk.surfaces, noise=noise
    )
    change = profiles.change_table(
        series, edition.window, keys, noise=noise, complete=edition.recorded.get(_YEAR, 1.0)
    )
    by_month = months[months["group"] != words.SENSITIVE] if edition.is_public else months
    recorded = {"crime": crime, "municipality_crime": municipality}
    made = {
        "series": series,
        "years": years,
        "crime": states_of(crime, edition),
        "change": states_of(change, edition),
        "place": states_of(
            profiles.place_table(crime, surfaces=risk.surfaces, in_tenths=edition.is_public),
            edition,
        ),
        "municipality_series": by_month.reset_index(drop=True),
        "municipality_crime": municipality,
        **felt_results(processed, edition, settings, recorded, risk.draws),
        **risk_tables(risk, processed, crime, edition, settings.lab),
        **forecast_results(processed, edition),
        **pattern_results(processed, edition, settings),
    }
    return {**check_tables(made), _COUNTS: quarters}


def series_of(
    quarters: pd.DataFrame, colonias: pd.DataFrame, *, slack: int = ROUNDING_SLACK
) -> pd.DataFrame:
    """Return the canonical table ``series`` of counts; of protected ones, unless `slack` is told.

    Parameters
    ----------
    quarters : pandas.DataFrame
        Canonical table ``quarters``, protected or not.
    slack : int
        By how much a count may have been moved, in events.
    """
    return profiles.series_table(quarters, pd.Index(colonias["colonia_id"]), slack=slack)


def municipality_table(
    months: pd.DataFrame, population: float, edition: Edition, variance: float
) -> pd.DataFrame:
    """Return the canonical table ``municipality_crime`` from the municipality's months."""
    window = edition.window
    scale = profiles.PER / population if population else np.nan
    rows = []
    for group in (*words.GROUPS, words.TOTAL, words.SENSITIVE):
        counts = months[months["group"] == group].set_index("month")["events"].sort_index()
        noise = variance * (len(words.GROUPS) if group == words.TOTAL else 1)
        now = _summed(counts, window.start, window.end)
        complete = edition.recorded.get(_YEAR, 1.0)
        change = compare_years(counts, window.end, noise_variance=noise, complete=complete)
        spread = 1.0 if np.isnan(change.dispersion) else change.dispersion
        low, high = poisson_interval(np.array([now / spread]))
        rows.append(
            {
                "group": group,
                "before": _summed(counts, window.before_start, window.start),
                "now": now,
                "rate": now * scale,
                "lower": low[0] * spread * scale,
                "upper": high[0] * spread * scale,
                "ratio": change.ratio,
                "ratio_lower": change.lower,
                "ratio_upper": change.upper,
                "verdict": _verdict(change),
            }
        )
    return pd.DataFrame(rows)


def unknowns_table(
    processed: Mapping[str, pd.DataFrame], crime: pd.DataFrame, edition: Edition
) -> pd.DataFrame:
    """Return the canonical table ``unknowns``: what each colonia's ficha cannot say."""
    keys = processed["colonias"]["colonia_id"]
    total = crime[crime["group"] == words.TOTAL].set_index("colonia_id")
    no_population = total.index[~(total["person_years"] > 0)]
    told = _of_case_files(processed, edition)
    if edition.is_public and _has_figures(processed):
        told["withheld"] = keys[keys.isin(edition.withheld)]
    told["no_population"] = keys[keys.isin(no_population)]
    for what, name in (
        ("no_survey", "survey"),
        ("no_city_perception", "city_perception"),
        ("no_actions_log", "actions"),
    ):
        if processed[name].empty:
            told[what] = keys
    parts = [pd.DataFrame({"colonia_id": of, "what": what}) for what, of in told.items()]
    table = pd.concat(parts, ignore_index=True).assign(n=pd.NA)
    share = np.where(table["what"] == "not_located", edition.unplaced.share, np.nan)
    return table.assign(share=share).astype({"n": "Int64"})


def _of_case_files(processed: Mapping[str, pd.DataFrame], edition: Edition) -> dict[str, pd.Series]:
    """Return what case files cannot tell, and of which colonias."""
    colonias = processed["colonias"]
    keys = colonias["colonia_id"]
    if processed["quarters"].empty:
        return {"no_incident_file": keys}
    told = {"never_reported": keys, "sensitive_not_by_colonia": keys}
    if edition.unplaced.share > 0:
        told["not_located"] = keys
    if edition.unplaced.for_their_name:
        told["namesake"] = namesakes(colonias)
    return told


def _has_figures(processed: Mapping[str, pd.DataFrame]) -> bool:
    """Return whether there is anything of a colonia that could be withheld."""
    return any(len(processed[name]) for name in ("quarters", "survey", "indicators"))


def _municipal_months(panel: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    files = panel[panel["record_type"] == "case_file"]
    months = files.groupby(["month", "group"], as_index=False)["events"].sum(min_count=1)
    if edition.is_public:
        months = protect_months(months, key=edition.key)
    shown = months[months["group"].isin(words.GROUPS)]
    total = shown.groupby("month", as_index=False)["events"].sum(min_count=len(words.GROUPS))
    table = pd.concat([months, total.assign(group=words.TOTAL)], ignore_index=True)
    return table[["month", "group", "events"]].sort_values(["group", "month"], ignore_index=True)


def _summed(counts: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> float:
    inside = counts[(counts.index >= start) & (counts.index < end)]
    whole = len(inside) == 12 and inside.notna().all()  # noqa: PLR2004 - months in a year
    return float(inside.sum()) if whole else np.nan


def _verdict(change: YearRatio) -> str:
    if np.isnan(change.ratio):
        return "unknown"
    # Six groups are judged at once: Bonferroni keeps one false alarm in twenty for them all.
    if change.p_value > _FALSE_ALARM / 6:
        return "none"
    return "increase" if change.ratio > 1 else "decrease"


def states_of(table: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    """Return a table whose states say, for the public, which colonias' figures are withheld."""
    if not edition.is_public:
        return table
    # Where no colonia of the city has a figure, there is none to withhold: it is missing.
    known = bool((table["state"] != words.MISSING).any())
    hidden = table["colonia_id"].isin(edition.withheld) & known
    return table.assign(state=table["state"].mask(hidden, words.SUPPRESSED))


def _indicators(indicators: pd.DataFrame, edition: Edition) -> pd.DataFrame:
    hidden = indicators["colonia_id"].isin(edition.withheld if edition.is_public else ())
    return indicators.assign(value=indicators["value"].mask(hidden))


def _actions(actions: pd.DataFrame, keys: pd.Index, window: Window) -> pd.DataFrame:
    recent = actions[(actions["done_on"] >= window.start) & (actions["done_on"] < window.end)]
    known = recent[recent["colonia_id"].isin(keys)]
    if known.empty:
        return empty_table("actions_done")
    grouped = known.groupby(["colonia_id", "action_type", "agency"], dropna=False)["done_on"]
    table = grouped.agg(times="size", first="min", last="max").reset_index()
    return table.astype({"times": "Int64"})


def _colonias_shown(
    processed: Mapping[str, pd.DataFrame], edition: Edition, crs: str
) -> gpd.GeoDataFrame:
    colonias = processed["colonias"]
    projected = colonias.to_crs(crs)
    simple = projected.geometry.simplify_coverage(_METRES_OF_DETAIL)
    entered = active_programme(processed["programme"], edition.window.end)
    return gpd.GeoDataFrame(
        {
            "colonia_id": colonias["colonia_id"],
            "name": colonias["name"],
            "borough": colonias["borough"],
            "population": colonias["population"].round(),
            "area_km2": (projected.area / 1e6).round(3),
            "entered_on": entered.reindex(colonias["colonia_id"]).to_numpy(),
            "has_ficha": colonias["colonia_id"].isin(edition.with_ficha),
            "geometry": simple.to_crs("EPSG:4326"),
        },
        crs="EPSG:4326",
    )


def active_programme(programme: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Return since when each colonia has been in the programme, of those in it before `day`."""
    inside = programme["entered_on"] < day
    inside &= programme["left_on"].isna() | (programme["left_on"] >= day)
    return programme[inside].groupby("colonia_id")["entered_on"].min()


def _period(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> pd.DataFrame:
    quarters = processed["quarters"]
    first = quarters["quarter"].min() if len(quarters) else edition.window.start
    return pd.DataFrame(
        {
            "first_month": [first],
            "before_start": edition.window.before_start,
            "window_start": edition.window.start,
            "window_end": edition.window.end,
            "municipality": settings.lab.municipality,
            "lab": settings.lab.name,
            "contact": settings.lab.contact or None,
            "colonias": len(processed["colonias"]),
            "fichas": len(edition.with_ficha),
            "rounding_base": BASE if edition.is_public else 1,
            "recorded_share": round(edition.recorded.get(_YEAR, np.nan), 2),
        }
    )
