"""Whether a group of crimes gains by borrowing from the others, and whether it can lose.

Cities in which the groups share nothing, half or four fifths of what tells areas apart.  Run
``make study``; the results stand in ``reports/studies/risk_groups.json``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from labtools.analysis.dispersion import dispersion_by_size
from labtools.analysis.ranks import place_intervals
from labtools.analysis.risk.discount import discounted
from labtools.analysis.risk.groups import pattern_of_others
from labtools.analysis.risk.surfaces import Beside, NoisyCounts, Surface, fit_surface_in_time
from tests.simulation.group_cities import MEANS, GroupCity, group_city

RESULTS = Path(__file__).parents[2] / "reports" / "studies" / "risk_groups.json"
AREAS, CITIES, FIRST_SEED = 128, 12, 500
SHARED = (0.0, 0.5, 0.8)
_SAME, _LAST_THREE_YEARS = 1e-9, 12


def surfaces(city: GroupCity, group: int, seed: int) -> dict[str, Surface]:
    """Return the surface of one group by itself, and with the pattern of the others."""
    own = city.quarters[group]
    others = sum(city.quarters[:group] + city.quarters[group + 1 :], start=own * 0)
    pattern = pattern_of_others(_effective(own, city), _effective(others, city))
    found = {}
    for name, beside in (("alone", None), ("together", Beside(others=pattern))):
        surface = fit_surface_in_time(
            own,
            city.residents,
            city.neighbours,
            rounded_cells=0.0,
            beside=beside,
            rng=np.random.default_rng(seed),
        )
        if surface is not None:
            found[name] = surface
    return found


def judged(surface: Surface, truth: np.ndarray) -> dict[str, float]:
    """Return how far a surface lies from the truth, and how often its intervals hold it."""
    draws = np.log(surface.draws.to_numpy())
    told = draws.mean(0) - draws.mean()
    limits = np.log(surface.table[["lower", "upper"]].to_numpy())
    shares = place_intervals(draws, surface.draws.columns)
    place = (stats.rankdata(truth) - 1) / (len(truth) - 1)
    placed = (shares["lower_share"] <= place + _SAME) & (place - _SAME <= shares["upper_share"])
    return {
        "rmse": float(np.sqrt(((told - truth + truth.mean()) ** 2).mean())),
        "cover_95": float(((limits[:, 0] <= truth) & (truth <= limits[:, 1])).mean()),
        "rank_cover_90": float(placed.mean()),
        "width": float((limits[:, 1] - limits[:, 0]).mean()),
    }


def main() -> None:
    """Run the study and write its results."""
    rows = []
    for shared in SHARED:
        for seed in range(FIRST_SEED, FIRST_SEED + CITIES):
            city = group_city(AREAS, seed, shared=shared)
            for group, mean in enumerate(MEANS):
                for model, surface in surfaces(city, group, seed).items():
                    figures = judged(surface, city.log_rate[:, group])
                    rows.append({"shared": shared, "mean": mean, "model": model, **figures})
    groups = pd.DataFrame(rows).groupby(["shared", "mean", "model"])
    table = groups.mean().join(groups.sem()[["rmse", "cover_95"]].add_suffix("_error")).round(4)
    told = table.reset_index().to_dict("records")
    found = {"areas": AREAS, "cities": CITIES, "first_seed": FIRST_SEED, "results": told}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _effective(quarters: pd.DataFrame, city: GroupCity) -> tuple[pd.Series, pd.Series]:
    told = discounted(quarters, city.residents, period_months=3)
    spread = dispersion_by_size(quarters.iloc[:, -_LAST_THREE_YEARS:])
    return NoisyCounts(told["events"], told["exposure"], spread).effective()


if __name__ == "__main__":
    main()
