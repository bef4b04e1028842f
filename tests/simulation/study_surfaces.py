"""Which surface of risk is nearest the truth, and whose intervals hold it.

Run ``make study``; the results stand in ``reports/studies/risk_surfaces.json``.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from labtools.analysis.forecast.baselines import CountForecast, History
from labtools.analysis.forecast.contagion import Rings
from labtools.analysis.forecast.discounted import discounted_counts, fit_discount
from labtools.analysis.forecast.space_time import learn_space_time
from labtools.analysis.ranks import place_intervals
from labtools.analysis.risk.bym2 import fit_bym2
from labtools.analysis.risk.discount import discounted
from labtools.analysis.risk.space_time import CountPanel, SpaceTimeOptions, fit_space_time
from labtools.analysis.risk.surfaces import Beside, fit_surface_in_time
from labtools.analysis.risk.traits import traits_of_level
from labtools.analysis.smoothing import fit_gamma_poisson
from tests.simulation.risk_cities import AHEAD, MONTHS, RECENT, RiskCity, risk_city

RESULTS = Path(__file__).parents[2] / "reports" / "studies" / "risk_surfaces.json"
DRAWS = 400
_SAME = 1e-9
_WITH_ERROR = ("rmse", "cover_95", "rank_cover_90", "crps", "regret")
_REFERENCE = "space_time"
#: Traits of pure chance, as many as a lab may bring.
_NOISE = 8
#: Declared before the first fit to any of them, when the programme had entered the surface.
CONFIRMED_FROM = 900
#: Draws of the log monthly rate by area, and of the rate in each of the months to come.
Answer = tuple[np.ndarray, np.ndarray]


def _recent(city: RiskCity) -> tuple[pd.Series, pd.Series]:
    counts = city.counts[:, MONTHS - RECENT : MONTHS].sum(1)
    return pd.Series(counts, city.exposure.index), city.exposure * RECENT


def _ahead(city: RiskCity, draws: np.ndarray) -> np.ndarray:
    """Rates to come where the model has none: the level, times the season of the city."""
    whole = city.counts[:, :MONTHS].sum(0).reshape(-1, 12)
    season = (whole / whole.mean(1, keepdims=True)).mean(0)[:AHEAD]
    return np.asarray(np.exp(draws)[:, :, None] * season)


def raw(city: RiskCity, rng: np.random.Generator) -> Answer:
    """The count over the exposure, with Jeffreys' law."""
    events, exposure = _recent(city)
    draws = np.log(
        rng.gamma(events.to_numpy() + 0.5, size=(DRAWS, len(events))) / exposure.to_numpy()
    )
    return draws, _ahead(city, draws)


def gamma_poisson(city: RiskCity, rng: np.random.Generator) -> Answer:
    """Global empirical Bayes on twelve months."""
    return _gamma(city, *_recent(city), rng)


def discounted_gamma(city: RiskCity, rng: np.random.Generator) -> Answer:
    """Global empirical Bayes on discounted counts."""
    told = _discounted(city)
    return _gamma(city, told["events"], told["exposure"] * 12, rng)


def bym2(city: RiskCity, rng: np.random.Generator) -> Answer:
    """BYM2 on twelve months."""
    return _map(city, *_recent(city), rng)


def discounted_bym2(city: RiskCity, rng: np.random.Generator) -> Answer:
    """BYM2 on discounted counts: the model of a run."""
    told = _discounted(city)
    return _map(city, told["events"], told["exposure"] * 12, rng)


def space_time(city: RiskCity, rng: np.random.Generator) -> Answer:
    """BYM2 levels, season, trend, covariates, programme (with Mundlak's term), AR(1)."""
    index = city.exposure.index
    ever = pd.Series(city.treated.any(1).astype(float), index)
    fit = fit_space_time(
        CountPanel(
            pd.DataFrame(city.counts[:, :MONTHS], index),
            city.exposure,
            city.covariates.assign(ever=ever - ever.mean()),
            {"programme": pd.DataFrame(city.treated.astype(float), index)},
        ),
        city.neighbours,
        rng=rng,
        options=SpaceTimeOptions(ahead=AHEAD, n_draws=DRAWS),
    )
    clumps = rng.gamma(fit.sizes[:, None, None], 1 / fit.sizes[:, None, None], fit.ahead.shape)
    return fit.draws.to_numpy(), np.exp(fit.ahead) * clumps


def shipped(city: RiskCity, rng: np.random.Generator) -> Answer:
    """What a run fits, told of traits what a lab has: the covariates, and its residents."""
    return _shipped(city, city.covariates, rng)


def shipped_noise(city: RiskCity, rng: np.random.Generator) -> Answer:
    """The same, told traits of pure chance."""
    noise = rng.standard_normal((len(city.exposure), _NOISE))
    return _shipped(city, pd.DataFrame(noise, city.exposure.index), rng)


def shipped_untold(city: RiskCity, rng: np.random.Generator) -> Answer:
    """The same without any trait but residents."""
    return _shipped(city, pd.DataFrame(index=city.exposure.index), rng)


def faded(city: RiskCity, rng: np.random.Generator) -> Answer:
    """The simplest of the forecasts beside the baselines, on the map of discounted counts."""
    history = _history(city, None)
    law = discounted_counts(history, AHEAD, fit_discount(history))
    return discounted_gamma(city, rng)[0], _drawn(city, law, rng)


def _shipped(city: RiskCity, told: pd.DataFrame, rng: np.random.Generator) -> Answer:
    traits = traits_of_level(told, city.exposure)
    months = city.counts[:, :MONTHS].reshape(len(city.exposure), -1, 3)
    quarters = pd.DataFrame(months.sum(2), city.exposure.index)
    force = city.treated.reshape(len(city.exposure), -1, 3).mean(2)
    surface = fit_surface_in_time(
        quarters,
        city.exposure * 12,
        city.neighbours,
        rounded_cells=0.0,
        beside=Beside(programme=pd.DataFrame(force, city.exposure.index), traits=traits),
        rng=rng,
    )
    if surface is None:
        return discounted_bym2(city, rng)
    history = _history(city, traits)
    law = learn_space_time(history)(history, AHEAD)
    return np.log(surface.draws.to_numpy()), _drawn(city, law, rng)


def _history(city: RiskCity, traits: pd.DataFrame | None) -> History:
    months = pd.date_range("2019-01-01", periods=MONTHS, freq="MS")
    index = city.exposure.index
    return History(
        pd.DataFrame(city.counts[:, :MONTHS], index, months),
        Rings((city.neighbours,), city.neighbours.sum(axis=0)[None]),
        traits=traits,
        programme=pd.DataFrame(city.treated.astype(float), index, months),
    )


def _drawn(city: RiskCity, law: CountForecast, rng: np.random.Generator) -> np.ndarray:
    """Rates of which Poisson counts have the negative binomial law of a forecast."""
    rates = rng.gamma(law.size, law.mean / law.size, (DRAWS, *law.mean.shape))
    return np.asarray(rates / city.exposure.to_numpy()[None, :, None])


MODELS: dict[str, Callable[[RiskCity, np.random.Generator], Answer]] = {
    "raw": raw,
    "gamma_poisson": gamma_poisson,
    "discounted_gamma": discounted_gamma,
    "bym2": bym2,
    "discounted_bym2": discounted_bym2,
    "space_time": space_time,
    "faded": faded,
    "shipped_untold": shipped_untold,
    "shipped_noise": shipped_noise,
    "shipped": shipped,
}


def judge(city: RiskCity, answer: Answer, rng: np.random.Generator) -> dict[str, float]:
    """Return how far an answer lies from the truth."""
    draws, rates = answer
    n = len(city.log_risk)
    truth = city.log_risk - city.log_risk.mean()
    centred = draws - draws.mean(1, keepdims=True)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0, method="weibull")
    held = (low <= city.log_risk) & (city.log_risk <= high)
    shares = place_intervals(draws, city.exposure.index)
    place = (stats.rankdata(city.log_risk) - 1) / (n - 1)
    placed = (shares["lower_share"] <= place + _SAME) & (place - _SAME <= shares["upper_share"])
    k = max(1, n // 10)
    chosen = np.argsort(-np.exp(draws).mean(0))[:k]
    risk = np.exp(city.log_risk)
    best = np.sort(risk)[-k:].sum()
    told = rng.poisson(rates * city.exposure.to_numpy()[None, :, None])
    return {
        "rmse": float(np.sqrt(((centred.mean(0) - truth) ** 2).mean())),
        "cover_95": float(held.mean()),
        "crps": float(_crps(told, city.counts[:, MONTHS:])),
        "rank_cover_90": float(placed.mean()),
        "regret": float(1 - risk[chosen].sum() / best),
        "width": float((high - low).mean()),
    }


def run(
    n: int, seeds: range, names: tuple[str, ...], *, mean: float, stress: bool = False
) -> dict[str, dict[str, float]]:
    """Return the mean figures of each named model over cities of `n` areas."""
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for seed in seeds:
        city = risk_city(n, seed, mean=mean, stress=stress)
        for name in names:
            rng = np.random.default_rng([seed, n])
            start = time.process_time()
            answer = MODELS[name](city, rng)
            spent = time.process_time() - start
            rows[name].append({**judge(city, answer, rng), "cpu_seconds": spent})
    found = {name: _summary(told) for name, told in rows.items()}
    if _REFERENCE in rows:
        for name in names:
            found[name] |= _against(rows[name], rows[_REFERENCE])
    return found


def _against(cities: list[dict[str, float]], reference: list[dict[str, float]]) -> dict[str, float]:
    """Return by how much figures are above the reference's, city by city, with the error."""
    apart = pd.DataFrame(cities) - pd.DataFrame(reference)
    told = {}
    for name in ("rmse", "crps", "regret"):
        told[f"{name}_beyond"] = round(float(apart[name].mean()), 4)
        told[f"{name}_beyond_error"] = round(float(apart[name].sem()), 4)
    return told


def _summary(cities: list[dict[str, float]]) -> dict[str, float]:
    """Return the mean of every figure over cities, and the standard error of those of cover."""
    table = pd.DataFrame(cities)
    found = table.mean()
    for name in _WITH_ERROR:
        found[f"{name}_error"] = table[name].sem()
    return {str(name): round(float(value), 4) for name, value in found.items()}


def _discounted(city: RiskCity) -> pd.DataFrame:
    counts = pd.DataFrame(city.counts[:, :MONTHS], city.exposure.index)
    return discounted(counts, city.exposure, period_months=1)


def _gamma(
    city: RiskCity, events: pd.Series, exposure: pd.Series, rng: np.random.Generator
) -> Answer:
    fit = fit_gamma_poisson(events, exposure)
    repeated = np.broadcast_to(events.to_numpy(), (DRAWS, len(events)))
    draws = np.log(fit.draws(repeated, exposure, rng=rng))
    return draws, _ahead(city, draws)


def _map(
    city: RiskCity, events: pd.Series, exposure: pd.Series, rng: np.random.Generator
) -> Answer:
    draws = fit_bym2(events, exposure, city.neighbours, rng=rng).draws.to_numpy()
    return draws, _ahead(city, draws)


def _crps(drawn: np.ndarray, observed: np.ndarray) -> float:
    """Continuous ranked probability score of draws, first axis, over all cells."""
    ordered = np.sort(drawn, axis=0)
    m = len(ordered)
    near = np.abs(ordered - observed).mean(0)
    weight = 2 * np.arange(1, m + 1) - m - 1
    apart = np.tensordot(weight, ordered, axes=(0, 0)) * 2 / m**2
    return float((near - apart / 2).mean())


def fresh() -> dict[str, object]:
    """Return the figures of what is shipped in cities that nothing was chosen by."""
    small = range(CONFIRMED_FROM, CONFIRMED_FROM + 40)
    large = range(CONFIRMED_FROM, CONFIRMED_FROM + 10)
    return {
        "cities": {"128": len(small), "700": len(large)},
        "first_seed": small[0],
        "128": run(128, small, ("shipped",), mean=2.5),
        "700": run(700, large, ("shipped",), mean=0.6),
        "stress_128": run(128, small[:24], ("shipped",), mean=2.5, stress=True),
    }


def main(quick: str = "", *only: str) -> None:
    """Run the study and write its results; of the models named in `only`, or of all."""
    names = only or tuple(MODELS)
    before = json.loads(RESULTS.read_text(encoding="utf-8")) if only else {}
    small, large = (
        (range(100, 103), range(100, 101)) if quick else (range(100, 124), range(100, 105))
    )
    told = {
        "cities": {"128": len(small), "700": len(large), "stress_128": len(small)},
        "first_seed": small[0],
        "128": before.get("128", {}) | run(128, small, names, mean=2.5),
        "stress_128": before.get("stress_128", {}) | run(128, small, names, mean=2.5, stress=True),
        "700": before.get("700", {}) | run(700, large, names, mean=0.6),
        "fresh": before.get("fresh", {}) | (fresh() if "shipped" in names and not quick else {}),
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
