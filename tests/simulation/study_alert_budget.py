"""How often alerts are false, when nothing has changed: ours beside what is in use.

Run by hand: ``python tests/simulation/study_alert_budget.py``.  Cities of 400 areas and 72
months whose rates do not change, with Poisson or negative binomial counts; the last twelve
months are judged.
"""

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.analysis.forecast.alerts import alerts_within
from labtools.analysis.forecast.baselines import History
from labtools.analysis.forecast.discounted import discounted_counts, fit_discount
from labtools.analysis.forecast.farrington import MONTHLY, farrington_alarms

RESULTS = Path(__file__).parents[2] / "reports" / "studies" / "alert_budget.json"
AREAS, MONTHS, JUDGED, CITIES, BUDGET = 400, 72, 12, 30, 1.0
NULLS = {"poisson": np.inf, "negative_binomial_size_4": 4.0}
SURGE = 2.0


def main() -> None:
    """Write the mean number of false alerts a month in the city, by rule and null."""
    started = time.process_time()
    found = {name: null_of(size) for name, size in NULLS.items()}
    told = {
        "what": "False alerts a month among 400 areas whose rates do not change (72 months, the "
        "last 12 judged; mean 1.5 a month, log sd 0.8, season); of other rules the share of areas",
        "seed": 20260,
        "cities": CITIES,
        "budget": BUDGET,
        "cpu_seconds": round(time.process_time() - started, 1),
        **found,
    }
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def null_of(size: float) -> dict[str, float]:
    """Return what each rule says of cities without change, and of areas that doubled."""
    rng = np.random.default_rng(20260)
    rows = [one_city(rng, size) for _ in range(CITIES)]
    mean = pd.DataFrame(rows).mean()
    error = pd.DataFrame(rows).sem()
    return {
        **mean.round(4).to_dict(),
        "alerts_per_month_se": round(float(error["alerts_per_month"]), 4),
    }


def one_city(rng: np.random.Generator, size: float) -> dict[str, float]:
    """Draw a city and judge its last year."""
    season = np.exp(0.2 * np.sin(2 * np.pi * np.arange(MONTHS) / 12))
    mean = 1.5 * np.exp(rng.normal(-0.32, 0.8, (AREAS, 1))) * season
    rate = mean if np.isinf(size) else rng.gamma(size, mean / size)
    days = pd.date_range("2019-01-01", periods=MONTHS, freq="MS")
    counts = pd.DataFrame(rng.poisson(rate), columns=days)
    history = History(counts)
    how = fit_discount(history.until(MONTHS - JUDGED))
    alerts, seen = 0, []
    for month in range(MONTHS - JUDGED, MONTHS):
        law = discounted_counts(history.until(month), 1, how)
        alerts += alerts_within(counts.iloc[:, month], law, budget=BUDGET)["alert"].sum()
        busy = mean[:, month] >= 3
        surge = mean[:, month] * SURGE
        drawn = rng.poisson(surge if np.isinf(size) else rng.gamma(size, surge / size))
        told = alerts_within(pd.Series(drawn), law, budget=BUDGET)["alert"]
        seen.append(told[busy].mean())
    farrington = farrington_alarms(counts, days[-JUDGED:], MONTHLY)["alarm"].mean()
    last = counts.iloc[:, -JUDGED:].to_numpy()
    before = counts.iloc[:, -JUDGED - 36 : -JUDGED].to_numpy().mean(axis=1, keepdims=True)
    year = counts.iloc[:, -24:-12].to_numpy().sum(axis=1)
    return {
        "alerts_per_month": alerts / JUDGED,
        "share_seen_of_areas_that_doubled": float(np.nanmean(seen)),
        "farrington_share_of_areas": float(farrington),
        "traffic_light_share_red": float((last > before).mean()),
        "changed_by_20_percent_share": float(
            (np.abs(last.sum(axis=1) / np.maximum(year, 1) - 1) >= 0.2).mean()
        ),
    }


if __name__ == "__main__":
    main()
