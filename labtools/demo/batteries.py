"""Batteries of questions beside fear: more places, habits that changed, quarrels with neighbours.

Their columns are ENSU's.  Chance of their own, so that the answers asked before stay as they were.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from labtools.demo.chance import logistic


class Item(NamedTuple):
    """One question of a battery.

    Attributes
    ----------
    level : float
        Log-odds of yes in a place like the middle of the city.
    fear, disorder : float
        What one unit of the person's lean to fear, and of the colonia's disorder, adds.
    yes, no : int
        How the answers are coded.
    """

    level: float
    fear: float
    disorder: float
    yes: int = 1
    no: int = 2


ITEMS: dict[str, Item] = {
    "BP1_2_08": Item(0.75, 0.6, 0.0, yes=2, no=1),  # cash machines in the street
    "BP1_2_12": Item(-0.70, 0.5, 0.3, yes=2, no=1),  # parks
    "BP1_5_1": Item(-0.20, 0.5, 0.0),  # carrying valuables
    "BP1_5_2": Item(-0.35, 0.6, 0.1),  # walking near home after eight
    "BP1_5_3": Item(-1.30, 0.5, 0.0),  # visiting relatives
    "BP1_5_4": Item(0.00, 0.5, 0.1),  # letting children out
    "BP2_2_01": Item(-1.90, 0.0, 0.4),  # noise
    "BP2_2_03": Item(-2.00, 0.0, 0.5),  # rubbish
    "BP2_2_05": Item(-2.20, 0.0, 0.2),  # parking
}


def ask_batteries(
    lean: np.ndarray, disorder: np.ndarray, *, silent: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Return the coded answers of each person to each item; 9 where nothing was answered.

    Parameters
    ----------
    lean : ndarray, shape (n_persons,)
        Log-odds of feeling insecure, less those of the city.
    disorder : ndarray, shape (n_persons,)
        Of the colonia, as a standard score.
    silent : float
        Share who do not answer.
    """
    answers = {}
    for name, item in ITEMS.items():
        chance = logistic(item.level + item.fear * lean + item.disorder * disorder)
        coded = np.where(rng.random(len(lean)) < chance, item.yes, item.no)
        answers[name] = np.where(rng.random(len(lean)) < silent, 9, coded)
    return pd.DataFrame(answers)
