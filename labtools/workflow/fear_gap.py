"""Crime beside fear by colonia, and the sample that would answer what this one could not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from labtools.analysis.perception.area_shares import AreaShares
from labtools.analysis.perception.estimates import Precision, estimate_share
from labtools.analysis.perception.fear_gap import QUADRANTS, quadrant_chances, quadrant_verdicts
from labtools.analysis.perception.planner import (
    CAUTION_CV,
    PRECISE_CV,
    Fieldwork,
    likeness_of,
    sample_plan,
)
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.workflow.city_dark_figure import municipality_dark_figure_table
from labtools.workflow.dark_figure import (
    Reported,
    dark_figure_table,
    priority_tables,
    probable_crimes,
    probable_rates,
    recorded_rates,
    reported_share,
)
from labtools.workflow.edition import Edition
from labtools.workflow.feedback import feedback_table
from labtools.workflow.national_surveys import estimate_change_table
from labtools.workflow.peers import city_peers_table
from labtools.workflow.perception import perception_change_table, perception_table
from labtools.workflow.small_areas import WIDEST, area_models, model_rows
from labtools.workflow.survey import survey_waves, waves_asking

_FEAR = "insecurity"
_ADULTS = 0.7  # of residents: Mexico, census of 2020, people of 18 and more
_CITY_MARGIN = 0.03
_USUAL_SHARE, _USUAL_EFFECT, _USUAL_PER_CLUSTER = 0.5, 1.5, 5.0


def felt_results(
    processed: Mapping[str, pd.DataFrame],
    edition: Edition,
    settings: Settings,
    recorded: Mapping[str, pd.DataFrame],
    draws: Mapping[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """Return every result about perception, reporting and fear of an edition.

    Parameters
    ----------
    recorded : mapping of str to pandas.DataFrame
        Canonical tables ``crime`` and ``municipality_crime`` of the edition: rounded counts in
        the public one.
    draws : mapping of str to pandas.DataFrame, shape (n_draws, n_colonias)
        Of the rate of recorded crime of each group, by the edition's model of risk.
    """
    crime, city = recorded["crime"], recorded["municipality_crime"]
    models = area_models(processed, edition, settings)
    reported = reported_share(processed, edition, settings)
    rates = recorded_rates(crime, draws[words.TOTAL])
    probable = probable_crimes(crime, draws, reported, edition, settings)
    return {
        "perception": perception_table(
            processed, edition, settings, model_rows(models, processed, edition)
        ),
        "perception_change": perception_change_table(processed, edition, settings),
        "dark_figure": dark_figure_table(crime, probable, reported),
        "municipality_dark_figure": municipality_dark_figure_table(
            city, probable, reported, edition, settings
        ),
        "fear_gap": fear_gap_table(processed, crime, rates, reported, models),
        "survey_plan": survey_plan_table(processed, edition, settings),
        **({} if edition.is_public else _for_analysts(processed, edition, settings)),
        **({} if edition.is_public else priority_tables(rates, reported)),
    }


def _for_analysts(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> dict[str, pd.DataFrame]:
    city = settings.lab.perception_city or settings.lab.municipality
    return {
        "city_peers": city_peers_table(processed["city_perception"], city, edition.window),
        "estimate_change": estimate_change_table(processed["survey_estimates"], edition.window),
        "feedback": feedback_table(processed, edition),
    }


def fear_gap_table(
    processed: Mapping[str, pd.DataFrame],
    crime: pd.DataFrame,
    rates: pd.DataFrame,
    reported: Reported,
    models: Mapping[str, AreaShares],
) -> pd.DataFrame:
    """Return the canonical table ``fear_gap``: probable crime and fear against the city's."""
    if _FEAR not in models or rates.isna().all(axis=None):
        return empty_table("fear_gap")
    people = processed["colonias"].set_index("colonia_id")["population"]
    probable = probable_rates(rates.reindex(columns=reported.draws.columns), reported)
    # Draws of crime and of fear come from different data: any of one goes with any of the other.
    turn = np.arange(len(probable)) % len(models[_FEAR].draws)
    fear = models[_FEAR].draws.iloc[turn]
    chances = quadrant_chances(probable, fear, people=people)
    keys = people.index
    total = crime[crime["group"] == words.TOTAL].set_index("colonia_id").reindex(keys)
    chances = chances.reindex(keys)
    fear_of = models[_FEAR].frame(widest=WIDEST).reindex(keys)
    known = (total["state"] == words.SHOWN) & chances.notna().all(axis=1)
    # What `perception` refuses to say of a colonia's fear is not said here either.
    shown = known & (fear_of["verdict"] == "enough")
    state = total["state"].fillna(words.MISSING)
    state = state.mask((state == words.SHOWN) & ~known, words.MISSING)
    state = state.mask(known & ~shown, "insufficient")
    told = chances.where(shown).round(2)
    ratio = _against_city(probable, people).reindex(keys).where(shown).round(1)
    felt = fear_of[["value", "lower", "upper"]].where(shown).round(2)
    table = pd.DataFrame(
        {
            "colonia_id": keys,
            **{name: told[name].to_numpy() for name in QUADRANTS},
            "crime_ratio": ratio[1].to_numpy(),
            "crime_lower": ratio[0].to_numpy(),
            "crime_upper": ratio[2].to_numpy(),
            "fear": felt["value"].to_numpy(),
            "fear_lower": felt["lower"].to_numpy(),
            "fear_upper": felt["upper"].to_numpy(),
            "verdict": quadrant_verdicts(chances.where(shown)).to_numpy(),
            "state": state.to_numpy(),
        }
    )
    return check_table("fear_gap", table)


def survey_plan_table(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> pd.DataFrame:
    """Return the canonical table ``survey_plan``: whom the next wave must ask, and where.

    By colonia for a precise figure and for one to be used with caution (variation of 15 and
    30 %), and for the city with a margin of three points; the expected share and the effect of
    clusters are those of the last wave, or usual ones.  How many of those chosen answer is what
    the lab says (``[survey] answering``).
    """
    colonias = processed["colonias"]
    share, fieldwork = _last_fieldwork(processed["survey"], edition)
    fieldwork = replace(fieldwork, answering=settings.survey.answering)
    adults = (colonias.set_index("colonia_id")["population"] * _ADULTS).round()
    precise = sample_plan(adults, share=share, fieldwork=fieldwork, cv=PRECISE_CV)
    caution = sample_plan(adults, share=share, fieldwork=fieldwork, cv=CAUTION_CV)
    whole = pd.Series({"city": adults.sum()})
    margin = _CITY_MARGIN / 1.96 / min(share, 1 - share)
    city = sample_plan(whole, share=share, fieldwork=fieldwork, cv=margin).iloc[0]
    table = pd.DataFrame(
        {
            "colonia_id": adults.index,
            "indicator": _FEAR,
            "people_precise": precise["people"].to_numpy(),
            "clusters_precise": precise["clusters"].to_numpy(),
            "people_caution": caution["people"].to_numpy(),
            "clusters_caution": caution["clusters"].to_numpy(),
            "reachable": precise["reachable"].to_numpy(),
            "city_people": city["people"],
            "city_clusters": city["clusters"],
        }
    )
    return check_table("survey_plan", table)


def _last_fieldwork(survey: pd.DataFrame, edition: Edition) -> tuple[float, Fieldwork]:
    waves = waves_asking(survey_waves(survey, edition.window.end), _FEAR)
    if not waves:
        likeness = likeness_of(_USUAL_EFFECT, _USUAL_PER_CLUSTER)
        return _USUAL_SHARE, Fieldwork(int(_USUAL_PER_CLUSTER), likeness)
    last = waves[-1]
    found = estimate_share(last.design, last.answers[_FEAR])
    if found.verdict(Precision()) == "insufficient":
        likeness = likeness_of(_USUAL_EFFECT, _USUAL_PER_CLUSTER)
        return _USUAL_SHARE, Fieldwork(int(_USUAL_PER_CLUSTER), likeness)
    weight = last.people["weight"]
    weighting = float(1 + (weight.std(ddof=0) / weight.mean()) ** 2)
    blocks = last.people.groupby(["stratum", "cluster"]).ngroups
    per_cluster = max(1, round(len(last.people) / blocks))
    # Inside a colonia weights hardly differ: they cost at the city's level only.
    likeness = likeness_of(found.design_effect, per_cluster, weighting=weighting)
    return found.value, Fieldwork(per_cluster, likeness, weighting)


def _against_city(rates: pd.DataFrame, people: pd.Series) -> pd.DataFrame:
    weight = people.reindex(rates.columns).fillna(0.0).to_numpy(float)
    values = rates.to_numpy(float)
    counted = np.where(np.isnan(values), 0.0, weight)
    city = np.nansum(values * counted, axis=1) / counted.sum(axis=1)
    known = ~np.isnan(values).any(axis=0)
    ratio = np.where(known, values, 0.0) / city[:, None]
    ends = np.where(known, np.quantile(ratio, (0.025, 0.5, 0.975), axis=0), np.nan)
    return pd.DataFrame(ends.T, index=rates.columns)
