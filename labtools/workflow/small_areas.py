"""What people of each colonia feel, by a model of the lab's survey, the census and neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy

from labtools.analysis.perception.area_models import fay_herriot_shares, unit_level_shares
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
#: Variance of log-odds that a colonia goes its own way in a quarter, beside its city's: what two
#: years of waves tell together is not how things stand at the last one.  Declared: a third of what
#: cities part from their country (ENSU 2019-2025, 95 cities: 0.137 in three quarters, beyond the
#: error of its samples), as colonias of one city share more than cities of one country.
_WANDERING = 0.015
_QUARTER = 91.3
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

    The model is that of ``[perception] model`` in ``lab.toml``.  How colonias differ is told by
    the waves of two years together, how high the city is by the last one, or by the official
    figure: each draw agrees with a draw of it (``[perception] benchmark`` and ``city``).
    """
    told = [processed[name] for name in ("survey", "indicators", "colonias")]
    told += [processed["city_perception"]] if settings.perception.city == "official" else []
    chosen = settings.perception.model_dump_json()
    settled = [edition.window.end, settings.lab.seed, settings.lab.crs, chosen]
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
        asked = Asked(indicator, recent, told)
        fit = _fit(asked, covariates, near, settings.perception.model, rng)
        fit = fit.wandered(np.sqrt(_WANDERING * asked.quarters_ago), rng)
        city = _city_share(asked, processed["city_perception"], settings)
        models[indicator] = _agreed(fit, city, colonias["population"], settings, rng)
    return models


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the waves that asked it, and its effective answers by colonia."""

    indicator: str
    waves: Sequence[SurveyWave]
    told: pd.DataFrame

    @property
    def quarters_ago(self) -> float:
        """Quarters between the last wave and the middle of all answers."""
        last = self.waves[-1].month
        ago = [(last - wave.month).days / _QUARTER for wave in self.waves]
        people = [wave.answers[self.indicator].notna().sum() for wave in self.waves]
        return float(np.average(ago, weights=people))


def _fit(
    asked: Asked, covariates: pd.DataFrame, near: np.ndarray, model: str, rng: np.random.Generator
) -> AreaShares:
    yes, people = asked.told["yes"], asked.told["asked"]
    if model == "fay_herriot":
        return fay_herriot_shares(yes, people, covariates, rng=rng)
    if model == "spatial_fay_herriot":
        return fay_herriot_shares(yes, people, covariates, rng=rng, neighbours=near)
    if model == "unit_level":
        answers = pd.concat([wave.answers[asked.indicator] for wave in asked.waves])
        where = pd.concat([wave.people["colonia_id"] for wave in asked.waves])
        return unit_level_shares(answers, where, covariates, rng=rng)
    return fit_area_shares(yes, people, covariates, rng=rng, neighbours=near)


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
    city: tuple[float, float] | None,
    people: pd.Series,
    settings: Settings,
    rng: np.random.Generator,
) -> AreaShares:
    """Return the shares made to agree with the city's figure, draw by draw."""
    by = settings.perception.benchmark
    if city is None or by == "none":
        return fit
    share, error = city
    drawn = rng.normal(scipy.special.logit(share), error / (share * (1 - share)), len(fit.draws))
    return fit.benchmarked(people, scipy.special.expit(drawn), by=by)


def _city_share(
    asked: Asked, official: pd.DataFrame, settings: Settings
) -> tuple[float, float] | None:
    """Return the share of the city and its standard error, of whom ``lab.toml`` says."""
    if settings.perception.city == "official":
        name = settings.lab.perception_city or settings.lab.municipality
        mine = official[official["city"] == name]
        published = _published(mine[mine["indicator"] == asked.indicator], asked.waves[-1].month)
        if published is not None:
            return published
    last = asked.waves[-1]
    city = estimate_share(last.design, last.answers[asked.indicator])
    if city.verdict(Precision()) == "insufficient":
        return None
    return city.value, city.standard_error


def _published(series: pd.DataFrame, month: pd.Timestamp) -> tuple[float, float] | None:
    """Return the last share of a series by `month`, and its error; None where there is none."""
    rows = series[(series["quarter"] <= month) & (series["cv"] > 0)]
    rows = rows[(rows["share"] > 0) & (rows["share"] < 1)].sort_values("quarter")
    if rows.empty:
        return None
    last = rows.iloc[-1]
    return float(last["share"]), float(last["cv"] * last["share"])


def _neighbours(colonias: pd.DataFrame, areas: pd.Index, crs: str) -> np.ndarray:
    shapes = gpd.GeoDataFrame(colonias.loc[areas])
    return np.asarray(find_neighbours(shapes, crs).toarray() > 0)
