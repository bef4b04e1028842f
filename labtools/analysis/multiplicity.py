"""Many tests at once: how many of the places pointed at may be false.

When to use it: whenever one test is made for every colonia.  When not: for one question
asked beforehand.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.errors import AnalysisError


def adjust_p_values(
    p_values: pd.Series, *, level: float = 0.05, smallest_possible: float = 0.0
) -> pd.Series:
    """Return Benjamini and Hochberg's adjusted p-values; at most `level` are discoveries.

    Among the discoveries, an expected share of at most `level` is false.  Missing p-values
    stay missing and are not counted among the tests.

    Parameters
    ----------
    p_values : pandas.Series
        One for each test, from 0 to 1.
    smallest_possible : float
        The least p-value that a test by permutation can give; 0 for an analytic one.

    Raises
    ------
    AnalysisError
        If a p-value lies outside 0 to 1, or if no result whatever could be a discovery
        because there are too few permutations for so many tests.

    References
    ----------
    Benjamini, Y. & Hochberg, Y. (1995). Controlling the false discovery rate. J. R. Stat.
    Soc. B 57, 289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    known = p_values.dropna()
    outside = known[~known.between(0, 1)]
    if len(outside):
        raise AnalysisError(
            "A p-value must lie from 0 to 1, and {n} do not; the first is {value}, of {key}. "
            "Check the test that made them.",
            n=len(outside),
            value=outside.iloc[0],
            key=outside.index[0],
        )
    tests = len(known)
    if tests and smallest_possible > level / tests:
        raise AnalysisError(
            "With {tests} tests, none could be found at {level}: the least p-value that the "
            "permutations can give is {least}, and it must not exceed {needed}. Use more "
            "permutations, or the analytic test.",
            tests=tests,
            level=level,
            least=smallest_possible,
            needed=level / tests,
        )
    order = np.argsort(known.to_numpy(), kind="stable")[::-1]
    stepped = known.to_numpy()[order] * tests / np.arange(tests, 0, -1)
    adjusted = np.empty(tests)
    adjusted[order] = np.minimum.accumulate(np.minimum(stepped, 1.0)) if tests else stepped
    return pd.Series(adjusted, index=known.index).reindex(p_values.index)
