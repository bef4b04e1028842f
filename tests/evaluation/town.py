"""An invented town of 324 colonias with a programme whose truth is known."""

import tomllib

import numpy as np
import pandas as pd

from labtools.evaluation.protocol import Protocol
from tests.evaluation.protocols import PROTOCOL

SIDE, START = 18, 12
QUARTERS = pd.date_range("2020-01-01", periods=20, freq="QS")
KEYS = pd.Index([f"c{i:03d}" for i in range(SIDE**2)])
AT = np.array([(i, j) for i in range(SIDE) for j in range(SIDE)])
_NEAR = np.abs(AT[:, None] - AT[None]).max(axis=2) == 1
BESIDE = pd.DataFrame(_NEAR, KEYS, KEYS)


def plan(method="imputed_counts", chosen="by_lottery", neighbours="compared", **design):
    """Return a protocol for the town."""
    told = tomllib.loads(PROTOCOL)
    told["units"] |= {"chosen": chosen, "chosen_on": ["2022-12-01"], "months_looked_at": 0}
    told["design"] |= {"method": method, "neighbours": neighbours, **design}
    told["analysis"]["looks"] = ["2024-12"]
    return Protocol.model_validate(told)


def town(seed=1, places=40, effect=1.0, beside=1.0):
    """Return counts by quarter, and who entered in January 2023 by lot."""
    rng = np.random.default_rng(seed)
    mean = rng.gamma(4, 10, SIDE**2)[:, None] * np.exp(0.1 * np.sin(np.arange(20)))[None]
    chosen = rng.choice(SIDE**2, places, replace=False)
    touched = _NEAR[chosen].any(axis=0) & ~np.isin(np.arange(SIDE**2), chosen)
    mean[np.ix_(chosen, np.arange(START, 20))] *= effect
    mean[np.ix_(touched, np.arange(START, 20))] *= beside
    counts = rng.negative_binomial(mean, 0.5)
    entered = pd.Series(pd.NaT, KEYS, dtype="datetime64[ns]")
    entered.iloc[chosen] = QUARTERS[START]
    return pd.DataFrame(counts, KEYS, QUARTERS), entered
