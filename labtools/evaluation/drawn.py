"""The choice of places drawn again: who could have been in the programme, and who would compare.

When to use it: for limits that hold although neighbours do not compare: who lies beside is found
anew in each draw, so that the two sides lie in the city as they do in truth.  When not: for places
chosen for their records, which no lottery draws.
"""

from __future__ import annotations

import numpy as np

from labtools.evaluation.one_start import OneStart
from labtools.evaluation.randomisation import lottery


def drawn_again(
    start: OneStart, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return who is in and who compares, in the choice that was made and in as many that could be.

    Returns
    -------
    groups, others : numpy.ndarray of bool, shape (1 + draws, n_places)
    """
    draw = lottery(start.treated)
    groups = np.array([start.treated.to_numpy(bool), *(draw(rng) for _ in range(draws))])
    return groups, who_compares(start, groups)


def who_compares(start: OneStart, groups: np.ndarray) -> np.ndarray:
    """Return who would compare with each group: not those beside it, if they have their own effect.

    Parameters
    ----------
    groups : numpy.ndarray of bool, shape (n_choices, n_places)
    """
    others = ~groups
    if start.ring.any():
        others &= ~(groups.astype(float) @ start.beside.to_numpy(float) > 0)
    return others
