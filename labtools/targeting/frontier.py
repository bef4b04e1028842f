"""What the choice hangs on: the frontier of budgets, how stable it is, what knowing is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from labtools.targeting.floors import within_reach
from labtools.targeting.options import Options
from labtools.targeting.portfolio import Portfolio, Rules, averse, best_value, choose_portfolio

FIRM, NOISE = 0.9, 0.1
_EXACT = 1e-6


@dataclass(frozen=True, slots=True)
class Stability:
    """How often each option is in the best choice, and what certainty would be worth.

    Attributes
    ----------
    often : pandas.Series, shape (n_options,)
        Share of draws in whose best choice the option is.
    standing : pandas.Series of str
        ``firm`` (chosen, and in nine of ten best choices), ``chosen`` (chosen, within the
        noise), ``alternative`` (not chosen, but in the best choice of one draw in ten or more:
        not distinguishable from what was chosen), or ``out``.
    certainty : float
        Harm that perfect knowledge would avert beyond this choice: expected value of perfect
        information; no study is worth more.  With options whose other inputs stand at their
        mean, the value of knowing the input that varies.  Whole choices are set against this
        whole choice: 0 where no draw differs from another.  With risk aversion, both are
        weighed with it.
    """

    often: pd.Series
    standing: pd.Series
    certainty: float


def frontier(
    options: Options, rules: Rules, shares: Sequence[float], *, chosen: Portfolio | None = None
) -> pd.DataFrame:
    """Return what budgets of so many times this one would avert.

    Columns: ``budget``, ``mean``, ``lower`` and ``upper`` (90 % of draws), ``worst``, ``price``
    (what the last peso buys) and ``actions``.  Floors that such a budget cannot keep are lowered
    as `labtools.targeting.floors` says.

    Parameters
    ----------
    chosen : Portfolio, optional
        What `choose_portfolio` gives with these rules, where that is known: it is not sought again.
    """
    rows = []
    for share in shares:
        scaled = replace(
            rules,
            budget=rules.budget * share,
            borough_floor=_scaled(rules.borough_floor, share),
            grade_floor=_scaled(rules.grade_floor, share),
        )
        if chosen is not None and share == 1:
            found = chosen
        else:
            scaled, _ = within_reach(options.table, scaled)
            found = choose_portfolio(options, scaled)
        low, high = np.quantile(found.draws, [0.05, 0.95])
        rows.append(
            {
                "budget": scaled.budget,
                "mean": found.mean,
                "lower": float(low),
                "upper": float(high),
                "worst": found.worst,
                "price": found.price,
                "actions": int(found.chosen.sum()),
            }
        )
    return pd.DataFrame(rows)


def stability(
    options: Options, rules: Rules, portfolio: Portfolio, *, draws: int = 40
) -> Stability:
    """Return how the choice would move if each of some draws were the truth.

    The first draws are taken: those of a posterior are in no order.
    """
    count = min(draws, len(options.benefit))
    often = np.zeros(len(options.table))
    best: list[float] = []
    ours: list[float] = []
    chosen = portfolio.chosen.to_numpy()
    for benefit in options.benefit[:count].astype(float):
        own = float(benefit[chosen].sum())
        value, point = best_value(benefit, options.table, rules)
        # Where nothing betters this choice by more than its sums are exact, it is the best.
        better = value > own + _EXACT * abs(own)
        often += point if better else chosen
        best.append(value if better else own)
        ours.append(own)
    certainty = averse(np.array(best), rules) - averse(np.array(ours), rules)
    share = pd.Series(often / count, index=options.table.index)
    standing = pd.Series("out", index=share.index)
    standing[~portfolio.chosen & (share >= NOISE)] = "alternative"
    standing[portfolio.chosen] = "chosen"
    standing[portfolio.chosen & (share >= FIRM)] = "firm"
    return Stability(share, standing, certainty)


def _scaled(floors: Mapping[str, float], share: float) -> dict[str, float]:
    return {name: least * share for name, least in floors.items()}
