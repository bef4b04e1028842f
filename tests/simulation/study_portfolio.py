"""Does the recommended portfolio avert what it could?  On invented cities whose truth is known.

``python tests/simulation/study_portfolio.py`` writes ``reports/studies/portfolio.json``.

In each city (a seed of the demo) the planner sees what a lab would: twelve months of case
files, residents, and who told the survey that they reported.  The truth it is judged by: the
expected crimes of each colonia (never recorded ones too), and the effect of each action, drawn
from what verified evidence allows.  Two oracles: one knows crime and effects; one knows the
crime of every colonia and of effects what the planner does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from labtools.analysis.underreporting import Reporting
from labtools.demo.chance import generator
from labtools.demo.ground import lay_out
from labtools.demo.history import unfold
from labtools.demo.intensity import N_MONTHS, imagine
from labtools.demo.kinds import GROUPS
from labtools.demo.people import settle
from labtools.demo.surveys import OPENED, interview
from labtools.targeting.catalogue import read_interventions
from labtools.targeting.effects import effect_draws
from labtools.targeting.harm import crime_draws, harm_draws, reporting_draws
from labtools.targeting.options import Action, Options, make_options
from labtools.targeting.portfolio import Rules, choose_portfolio
from labtools.targeting.simple_rules import choose_simply

SEEDS = range(101, 125)
DRAWS, GRADES = 400, 5
SHOWN = ("violence", "robbery", "theft", "other")
HERE = Path(__file__).parents[2]
#: Costs and reach of the invented municipality: pesos for a colonia, share of its harm reached.
COSTS = {
    "street_lighting": (67_500.0, 0.30),
    "alley_gating": (90_000.0, 0.20),
    "shop_cpted": (40_000.0, 0.35),
    "problem_oriented_policing": (60_000.0, 0.25),
    "alcohol_hours": (30_000.0, 0.30),
    "violence_interrupters": (150_000.0, 0.50),
}
BUDGET = 6_000_000.0
RULES_SEEN = ("worst_first", "random", "equal_split")


@dataclass(frozen=True, slots=True)
class CityCase:
    """One invented city: what the planner sees, and what is true."""

    colonias: pd.DataFrame
    counts: pd.DataFrame
    truth: pd.DataFrame
    reported: pd.Series
    victims: pd.Series


def city_case(seed: int) -> CityCase:
    """Return a city grown from `seed`, without its files."""
    ground = lay_out(generator(seed, "ground"))
    people = settle(ground, seed)
    latent = imagine(ground, people, seed)
    history = unfold(ground, people, latent, seed)
    _, answers = interview(ground, people, latent, history, seed)
    table = people.colonias.set_index("colonia_id")
    grade = pd.qcut(table["marginality"], GRADES, labels=[str(k) for k in range(1, 6)]).astype(str)
    year = slice(N_MONTHS - 12, N_MONTHS)
    shown = [GROUPS.index(group) for group in SHOWN]
    recorded = history.recorded[:, year][:, :, shown].sum(axis=1)
    expected = np.exp(history.log_true[:, year]).sum(axis=1)[:, shown]
    told = answers[answers["VICTIMA"] == 1]
    by_grade = grade.to_numpy()[told["colonia"].to_numpy()]
    yes = (told["DENUNCIO"] == "1").groupby(by_grade).sum()
    asked = pd.Series(1, index=told.index).groupby(by_grade).sum()
    return CityCase(
        pd.DataFrame(
            {
                "borough": table["borough"].astype(str),
                "grade": grade,
                "population": table["population"],
            }
        ),
        pd.DataFrame(recorded, index=table.index, columns=list(SHOWN)),
        pd.DataFrame(expected, index=table.index, columns=list(SHOWN)),
        yes,
        asked,
    )


def planner_options(case: CityCase, effects: pd.DataFrame, rng: np.random.Generator) -> Options:
    """Return the options as the planner sees them."""
    people = case.colonias["population"].astype(float)
    crimes = crime_draws(case.counts, people, size=DRAWS, rng=rng)
    by_grade = reporting_draws(Reporting(1, 1), case.reported, case.victims, size=DRAWS, rng=rng)
    # Victims tell who denounced; recorded is what has a case file.
    share = by_grade[case.colonias["grade"]] * OPENED
    share.columns = case.colonias.index
    harm = harm_draws(crimes, share, dict.fromkeys(SHOWN, 1.0))
    return make_options(harm, effects, actions(), case.colonias)


def true_options(case: CityCase, effects: pd.DataFrame, like: Options) -> Options:
    """Return the same options with their true benefit."""
    rows = pd.RangeIndex(len(effects))
    harm = {
        group: pd.DataFrame(
            np.tile(case.truth[group].to_numpy(), (len(rows), 1)),
            index=rows,
            columns=case.truth.index,
        )
        for group in SHOWN
    }
    known = case.colonias.loc[list(dict.fromkeys(like.table["colonia_id"]))]
    kept = {group: table[known.index] for group, table in harm.items()}
    return make_options(kept, effects, actions(), known)


def actions() -> dict[str, Action]:
    """Return the actions of the invented municipality."""
    catalogue = read_interventions().by_id()
    return {
        key: Action(catalogue[key].agencies[0], cost, reach, catalogue[key].acts_on)
        for key, (cost, reach) in COSTS.items()
    }


def rules_for(case: CityCase) -> Rules:
    """Return the rules: half of what its people would give, to each borough and grade."""
    share = case.colonias.groupby("borough")["population"].sum()
    grades = case.colonias.groupby("grade")["population"].sum()
    return Rules(
        BUDGET,
        capacity={"public_services": 40, "public_works": 20, "security": 60},
        borough_floor=(0.5 * BUDGET * share / share.sum()).to_dict(),
        grade_floor=(0.5 * BUDGET * grades / grades.sum()).to_dict(),
    )


def judge(seed: int) -> dict[str, float]:
    """Return the true benefit of each way to choose, as a share of the oracles'."""
    case, rng = city_case(seed), np.random.default_rng([seed, 8])
    used = [one for one in read_interventions().proposable() if one.id in COSTS]
    effects = effect_draws(used, "crime", size=DRAWS, rng=rng)
    true = effect_draws(used, "crime", size=1, rng=np.random.default_rng([seed, 9]))
    options, rules = planner_options(case, effects, rng), rules_for(case)
    truth = true_options(case, true, options)
    benefit = truth.benefit[0].astype(float)
    knows_all = float(choose_portfolio(truth, rules).mean)
    plain = pd.DataFrame(effects.mean()).T
    as_known = true_options(case, plain, options)
    chosen = choose_portfolio(options, rules).chosen.to_numpy()
    knows_crime = choose_portfolio(as_known, rules).chosen.to_numpy()
    worth = as_known.benefit[0].astype(float)
    told = {
        "of_oracle_of_crime_and_effects": benefit[chosen].sum() / knows_all,
        "of_oracle_of_crime": worth[chosen].sum() / worth[knows_crime].sum(),
        "oracle_of_crime_of_all": benefit[knows_crime].sum() / knows_all,
    }
    recorded = case.counts.sum(axis=1)
    for rule in RULES_SEEN:
        simple = choose_simply(rule, options, rules, recorded, rng=rng).to_numpy()
        told[f"{rule}_of_all"] = benefit[simple].sum() / knows_all
        told[f"{rule}_of_crime"] = worth[simple].sum() / worth[knows_crime].sum()
    return {name: float(value) for name, value in told.items()}


def paired(table: pd.DataFrame, rule: str) -> dict[str, float]:
    """Return by how much the portfolio beats a rule, city by city, with 95 % limits, and wins."""
    gap = table["of_oracle_of_crime_and_effects"] - table[f"{rule}_of_all"]
    half = float(stats.t.ppf(0.975, len(gap) - 1) * gap.std() / np.sqrt(len(gap)))
    mean = float(gap.mean())
    return {
        "difference": round(mean, 4),
        "lower": round(mean - half, 4),
        "upper": round(mean + half, 4),
        "wins": int((gap > 0).sum()),
    }


def main() -> None:
    """Judge every seed and write means, worst and margins."""
    table = pd.DataFrame([judge(seed) for seed in SEEDS], index=list(SEEDS))
    told = {
        "what": "true benefit of a choice over that of an oracle; demo cities, one per seed",
        "seeds": [int(seed) for seed in SEEDS],
        "draws": DRAWS,
        "mean": table.mean().round(4).to_dict(),
        "lowest": table.min().round(4).to_dict(),
        "paired": {rule: paired(table, rule) for rule in RULES_SEEN},
        "se": (table.std() / np.sqrt(len(table))).round(4).to_dict(),
    }
    path = HERE / "reports" / "studies" / "portfolio.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=2))  # noqa: T201 - a command speaks


if __name__ == "__main__":
    main()
