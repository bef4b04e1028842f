"""Portfolio of an edition: what a budget could avert.

Internal only.  Harm counts what was never recorded, with its doubt: as the edition's table of the
dark figure does, of which it takes the draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from labtools.settings import Targeting
from labtools.tables import vocabulary as words
from labtools.tables.contracts import check_table, empty_table
from labtools.tables.schemas.targeting import TABLES
from labtools.targeting.catalogue import read_interventions
from labtools.targeting.citation import cited
from labtools.targeting.fairness import allocation_if_reporting_moves
from labtools.targeting.floors import within_reach
from labtools.targeting.frontier import Stability, frontier, stability
from labtools.targeting.harm import harm_draws
from labtools.targeting.options import Action, Options, fear_averted, make_options
from labtools.targeting.portfolio import Portfolio, Rules, choose_portfolio
from labtools.targeting.signs import interval_draws, survey_draws
from labtools.workflow.dark_figure import probable_rates, reported_by_group, reported_share
from labtools.workflow.known import DRAWS, Known

_BEST_OF = 20  # draws whose own best choice is sought
_BUDGETS = (0.5, 1.0, 1.5)
_PER = 1_000


def portfolio_tables(
    known: Known,
    effects: Mapping[str, pd.DataFrame],
    proposals: pd.DataFrame,
    harm_now: Callable[[], Mapping[str, pd.DataFrame]],
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return ``portfolio`` and its companions; empty without a budget, costs or known residents.

    Parameters
    ----------
    effects : mapping of "crime" and "fear" to pandas.DataFrame
        Draws of change by action.
    proposals : pandas.DataFrame
        Canonical table ``proposals``: why a choice is also asked for, where it is.
    harm_now : callable
        Gives draws of a year's harm: see :func:`harm_of`.
    """
    plan = known.settings.targeting
    names = (
        "portfolio",
        "portfolio_floors",
        "portfolio_frontier",
        "portfolio_doubt",
        "allocation_if",
    )
    empty = {name: empty_table(name) for name in names}
    actions = priced_actions(plan, known.edition.references)
    felt = _fear(known, effects["fear"], rng)
    usable = [key for key in actions if key in effects["crime"].columns or key in felt]
    if not (usable and plan.budget and len(known.processed["quarters"])):
        return empty
    harm = harm_now()
    if not harm:
        return empty

    def chosen() -> dict[str, pd.DataFrame]:
        return _choice(known, harm, effects["crime"], felt, actions)

    made_from = [*harm.values(), effects["crime"], *felt.values(), known.places, known.people]
    told = [*harm, *felt, repr(actions), plan.model_dump(mode="json")]
    made = known.edition.fits.take("choice", [*made_from, *told], chosen)
    return {
        "portfolio": check_table(
            "portfolio", _reasoned(made["portfolio"], proposals, known, effects)
        ),
        "portfolio_floors": _floors(made["portfolio_floors"]),
        **{name: check_table(name, made[name]) for name in names[2:]},
    }


def _choice(
    known: Known,
    harm: Mapping[str, pd.DataFrame],
    effect: pd.DataFrame,
    felt: Mapping[str, pd.DataFrame],
    actions: Mapping[str, Action],
) -> dict[str, pd.DataFrame]:
    """Return the choice, its floors that gave way, and what it hangs on, without reasons."""

    def make(crimes: Mapping[str, pd.DataFrame], change: pd.DataFrame) -> Options:
        return make_options(crimes, change, actions, known.places, fear=felt)

    options = make(harm, effect)
    rules, lowered = within_reach(options.table, _rules(known.settings.targeting, known))
    chosen = choose_portfolio(options, rules)
    steady = stability(options, rules, chosen, draws=_BEST_OF)
    inputs = {
        "effects": make({group: _at_mean(table) for group, table in harm.items()}, effect),
        "crime": make(harm, _at_mean(effect)),
    }
    worth = {
        what: stability(one, rules, chosen, draws=_BEST_OF).certainty
        for what, one in inputs.items()
    }
    doubt = {"all": steady.certainty, **worth}
    return {
        "portfolio": _told(options, steady),
        "portfolio_floors": lowered,
        "portfolio_frontier": frontier(options, rules, _BUDGETS, chosen=chosen),
        "portfolio_doubt": pd.DataFrame({"what": list(doubt), "worth": list(doubt.values())}),
        "allocation_if": _moved(options, rules, chosen, known),
    }


def _floors(lowered: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical table ``portfolio_floors``; without rows if every floor is kept."""
    if lowered.empty:
        return empty_table("portfolio_floors")
    return check_table("portfolio_floors", lowered)


def _at_mean(draws: pd.DataFrame) -> pd.DataFrame:
    """Return the same table with every draw at the mean: that input as if it were known."""
    middle = np.broadcast_to(draws.mean().to_numpy(), draws.shape)
    return pd.DataFrame(middle, index=draws.index, columns=draws.columns)


def _fear(known: Known, effects: pd.DataFrame, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return draws of fear averted by action; none without a survey or a weight."""
    weight = known.settings.targeting.fear
    if not weight:
        return {}
    insecure = survey_draws(
        known.results["perception"], "insecurity", known.boroughs, size=DRAWS, rng=rng
    )
    return {} if insecure is None else fear_averted(insecure, effects, known.people, weight=weight)


def _moved(options: Options, rules: Rules, chosen: Portfolio, known: Known) -> pd.DataFrame:
    """Return what each grade would receive if the most marginal reported otherwise."""
    grades = known.places["grade"]
    people = known.people.fillna(0).groupby(grades).sum()
    if people.empty:
        return empty_table("allocation_if")
    return allocation_if_reporting_moves(options, rules, people, chosen=chosen)


def _told(options: Options, steady: Stability) -> pd.DataFrame:
    """Return what was chosen and what cannot be told apart from it."""
    kept = steady.standing != "out"
    draws = options.benefit[:, kept.to_numpy()].astype(float)
    low, high = np.quantile(draws, [0.05, 0.95], axis=0)
    table = options.table[kept][["colonia_id", "intervention", "agency", "cost"]]
    return table.assign(
        averted=draws.mean(axis=0),
        lower=low,
        upper=high,
        often=steady.often[kept],
        standing=steady.standing[kept],
    ).reset_index(drop=True)


def _reasoned(
    told: pd.DataFrame,
    proposals: pd.DataFrame,
    known: Known,
    effects: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return the choice with its chain: the need it answers, and what may be cited for it.

    The need is that of the proposal; without one, the harm that it averts: crime where a verified
    figure tells it, else fear.
    """
    catalogue = read_interventions(known.edition.references).by_id()
    why = proposals.set_index(["colonia_id", "intervention"])["need"]
    pairs = pd.MultiIndex.from_frame(told[["colonia_id", "intervention"]])
    harm = ["crime" if key in effects["crime"].columns else "fear" for key in told["intervention"]]
    asked = pd.Series(why.reindex(pairs).to_numpy(), index=told.index)
    need = asked.fillna(pd.Series(harm, index=told.index))
    evidence = told["intervention"].map(lambda key: cited(catalogue[key].effect))
    chain = told.assign(need=need, evidence=evidence)
    return chain[list(TABLES["portfolio"])]


def priced_actions(plan: Targeting, references: Path | None) -> dict[str, Action]:
    """Return the actions that ``lab.toml`` prices and the catalogue allows."""
    catalogue = read_interventions(references).by_id()
    return {
        one.intervention: Action(
            one.agency or catalogue[one.intervention].agencies[0],
            one.cost,
            one.reach,
            catalogue[one.intervention].acts_on,
        )
        for one in plan.action
        if one.intervention in catalogue and catalogue[one.intervention].may_be_proposed
    }


def harm_of(known: Known, crimes: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return draws of a year's harm, what was never recorded included.

    Parameters
    ----------
    crimes : mapping of str to pandas.DataFrame
        Draws of recorded crimes: see :func:`recorded_crimes`.
    """
    weights: dict[str, float] = {**dict.fromkeys(words.GROUPS, 1.0)}
    weights.update({str(key): one for key, one in known.settings.targeting.harm.items()})
    return harm_draws(_crimes_of_a_year(known, crimes), None, weights)


def recorded_crimes(known: Known, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Return draws of a year's recorded crimes by group: the risk model's if there are any.

    Nothing where no colonia's residents are known: then there are no rates either.
    """
    people = known.people
    if not (people > 0).any():
        return {}
    drawn = known.results.get("risk_draws", empty_table("risk_draws"))
    crime = known.results["crime"].set_index("colonia_id")
    found = {}
    for group in words.GROUPS:
        rows = drawn[drawn["group"] == group]
        if len(rows):
            wide = rows.pivot(index="draw", columns="colonia_id", values="rate")
            rates = wide.reindex(columns=people.index)
            taken = rates.iloc[np.arange(DRAWS) % len(rates)].reset_index(drop=True)
        else:
            own = crime[crime["group"] == group][["smoothed_lower", "smoothed_upper"]]
            limits = own.set_axis(["lower", "upper"], axis=1).reindex(people.index)
            taken = interval_draws(limits, size=DRAWS, rng=rng)
        found[group] = taken * people.to_numpy() / _PER
    return found


def _crimes_of_a_year(known: Known, crimes: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return draws of a year's crimes by group, those never recorded included.

    The same draws of reporting as in the edition's ``dark_figure``, beside fear and in its lists
    of priority.  A colonia without census has the mean of the city, draw by draw.
    """
    if not crimes:
        return {}
    reported = reported_share(known.processed, known.edition, known.settings)
    shares = reported_by_group(known.results["crime"], reported, known.edition, known.settings)
    found = {}
    for group, drawn in crimes.items():
        share = shares[group].reindex(columns=drawn.columns)
        share = share.T.fillna(shares[group].mean(axis=1)).T
        found[group] = probable_rates(drawn, replace(reported, draws=share), group)
    return found


def _rules(plan: Targeting, known: Known) -> Rules:
    places, people = known.places, known.people.fillna(0)

    def floors(column: str) -> dict[str, float]:
        share = people.groupby(places[column]).sum() / max(people.sum(), 1.0)
        return (plan.floor * plan.budget * share).to_dict() if plan.floor else {}

    return Rules(
        plan.budget,
        capacity=plan.capacity,
        per_colonia=plan.per_colonia,
        borough_floor=floors("borough"),
        grade_floor=floors("grade"),
        aversion=plan.aversion,
    )
