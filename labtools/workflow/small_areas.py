"""What people of each colonia feel, by a model of the lab's survey, the census and neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import special

from labtools.analysis.perception.area_shares import (
    AreaShares,
    effective_answers,
    fit_area_shares,
)
from labtools.analysis.perception.estimates import Precision, estimate_share
from labtools.places.neighbours import find_neighbours
from labtools.settings import Settings
from labtools.tables import vocabulary as words
from labtools.tables.batteries import is_told_by_colonia
from labtools.workflow.edition import Edition
from labtools.workflow.survey import SurveyWave, questions_of, survey_waves, waves_asking

#: Questions asked of victims only: too few for a model of colonias.
OF_VICTIMS = ("reported",)
#: Waves of so many months speak together of how colonias differ; the level is the last one's.
_MONTHS = 24
_FEWEST_PEOPLE, _FEWEST_AREAS = 300, 20
#: An interval wider than this says nothing of a colonia.
WIDEST = 0.40
_FACTS, _DRAWS, _ASKED = "facts", ": draws", ": asked"
_DIGITS = 2


def census_covariates(processed: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the census indicators by colonia, of those where all are known.

    Crime is not among them on purpose: fear is set beside crime, and must not be made of it.
    """
    indicators = processed["indicators"]
    keys = pd.Index(processed["colonias"]["colonia_id"])
    if indicators.empty:
        return pd.DataFrame(index=keys)
    wide = indicators.pivot(index="colonia_id", columns="indicator", values="value")
    wide = wide.reindex(keys).dropna(axis="columns", how="all").dropna()
    return wide.loc[:, wide.std(ddof=0) > 0]


def area_models(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> dict[str, AreaShares]:
    """Return the model of each question that enough people were asked, by indicator.

    How colonias differ is told by the waves of two years together, how high the city is by
    the last one: each draw agrees with a draw of its direct estimate.
    """
    told = [processed[name] for name in ("survey", "indicators", "colonias")]
    settled = [edition.window.end, settings.lab.seed, settings.lab.crs]
    return _models_of(
        edition.fits.take(
            "small_areas",
            [*told, *settled],
            lambda: _frames_of(_fitted(processed, edition, settings)),
        )
    )


def _frames_of(models: Mapping[str, AreaShares]) -> dict[str, pd.DataFrame]:
    facts = {name: (model.spread, model.neighbourly) for name, model in models.items()}
    frames = {_FACTS: pd.DataFrame(facts, index=["spread", "neighbourly"], dtype=float)}
    for name, model in models.items():
        frames |= {f"{name}{_DRAWS}": model.draws, f"{name}{_ASKED}": model.asked.to_frame("asked")}
    return frames


def _models_of(frames: Mapping[str, pd.DataFrame]) -> dict[str, AreaShares]:
    return {
        str(name): AreaShares(
            frames[f"{name}{_DRAWS}"],
            float(fact["spread"]),
            float(fact["neighbourly"]),
            frames[f"{name}{_ASKED}"]["asked"],
        )
        for name, fact in frames[_FACTS].items()
    }


def _fitted(
    processed: Mapping[str, pd.DataFrame], edition: Edition, settings: Settings
) -> dict[str, AreaShares]:
    waves = survey_waves(processed["survey"], edition.window.end)
    first = edition.window.end - pd.DateOffset(months=_MONTHS)
    waves = tuple(wave for wave in waves if wave.month >= first)
    if not waves:
        return {}
    covariates = census_covariates(processed)
    colonias = processed["colonias"].set_index("colonia_id")
    near = _neighbours(colonias, covariates.index, settings.lab.crs)
    models: dict[str, AreaShares] = {}
    for indicator in questions_of(waves):
        if indicator in OF_VICTIMS or not is_told_by_colonia(indicator):
            continue
        recent = waves_asking(waves, indicator)
        told = _answers(recent, indicator, covariates.index)
        if told["asked"].sum() < _FEWEST_PEOPLE or (told["asked"] > 0).sum() < _FEWEST_AREAS:
            continue
        rng = np.random.default_rng([settings.lab.seed, 61, len(models)])
        fit = fit_area_shares(told["yes"], told["asked"], covariates, rng=rng, neighbours=near)
        models[indicator] = _agreed(fit, recent[-1], indicator, colonias, rng)
    return models


def model_rows(
    models: Mapping[str, AreaShares], processed: Mapping[str, pd.DataFrame], edition: Edition
) -> pd.DataFrame:
    """Return the models' rows of the canonical table ``perception``, in whole per cent."""
    keys = pd.Index(processed["colonias"]["colonia_id"], name="area")
    waves = survey_waves(processed["survey"], edition.window.end)
    parts = []
    for indicator, model in models.items():
        table = model.frame(widest=WIDEST).reindex(keys)
        shown = table["verdict"] == "enough"
        told = table[["value", "lower", "upper"]].where(shown).round(_DIGITS)
        parts.append(
            pd.DataFrame(
                {
                    "area_kind": "colonia",
                    "area": keys,
                    "indicator": indicator,
                    "period": waves_asking(waves, indicator)[-1].month,
                    "share": told["value"].to_numpy(),
                    "lower": told["lower"].to_numpy(),
                    "upper": told["upper"].to_numpy(),
                    "respondents": pd.array([pd.NA] * len(keys), dtype="Int64"),
                    "state": np.where(shown, words.SHOWN, "insufficient"),
                    "source": "model",
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _answers(waves: Sequence[SurveyWave], indicator: str, areas: pd.Index) -> pd.DataFrame:
    parts = []
    for wave in waves:
        people = wave.people
        told, _ = effective_answers(
            wave.answers[indicator], people["weight"], people["colonia_id"], people["cluster"]
        )
        parts.append(told.reindex(areas).fillna(0.0))
    return pd.DataFrame(sum(parts))


def _agreed(
    fit: AreaShares,
    last: SurveyWave,
    indicator: str,
    colonias: pd.DataFrame,
    rng: np.random.Generator,
) -> AreaShares:
    city = estimate_share(last.design, last.answers[indicator])
    if city.verdict(Precision()) == "insufficient":
        return fit
    error = city.standard_error / (city.value * (1 - city.value))
    draws = special.expit(rng.normal(special.logit(city.value), error, len(fit.draws)))
    return fit.benchmarked(colonias["population"], draws)


def _neighbours(colonias: pd.DataFrame, areas: pd.Index, crs: str) -> np.ndarray:
    shapes = gpd.GeoDataFrame(colonias.loc[areas])
    return np.asarray(find_neighbours(shapes, crs).toarray() > 0)
