"""Places of business, as the directory of establishments (INEGI's DENUE) lists them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from labtools.demo.chance import generator
from labtools.demo.city import City
from labtools.demo.ground import OUTSIDE, degrees, scatter


class Trade(NamedTuple):
    """One kind of premises.

    Attributes
    ----------
    activity : str
        Code of SCIAN, six digits.
    per_1000 : float
        Premises per 1,000 persons at risk, in the middle of the scale of commerce.
    pull : float
        Change of the logarithm of that for one standard score of commerce.
    """

    activity: str
    per_1000: float
    pull: float


TRADES = (
    Trade("461110", 4.0, 0.2),  # grocers
    Trade("722514", 1.2, 0.5),  # kitchens
    Trade("812110", 1.0, 0.3),  # hairdressers
    Trade("463211", 0.8, 0.8),  # clothes
    Trade("722412", 0.25, 0.9),  # bars
    Trade("722411", 0.05, 1.1),  # night clubs
    Trade("611122", 0.20, 0.0),  # primary schools
    Trade("522110", 0.06, 1.2),  # banks
)
STAFF = ("0 a 5 personas", "6 a 10 personas", "11 a 30 personas", "31 a 50 personas")
STAFF_SHARES = (0.86, 0.08, 0.045, 0.015)
NO_POINT_SHARE = 0.004


def write_premises(city: City, path: Path) -> None:
    """Write the directory of establishments (commas, Latin-1; no names of owners, no telephones).

    Shops follow people and commerce; so does crime, and no shop makes any.
    """
    rng = generator(city.seed, "premises")
    commerce = city.people.colonias["commerce"].to_numpy()
    usual = city.people.exposure / 1_000
    trade, colonia = [], []
    for k, each in enumerate(TRADES):
        here = rng.poisson(each.per_1000 * usual * np.exp(each.pull * commerce))
        colonia.append(np.repeat(np.arange(len(here)), here))
        trade.append(np.full(here.sum(), k))
    kind, home = np.concatenate(trade), np.concatenate(colonia)
    blocks = city.ground.blocks["colonia"].to_numpy()
    weight = np.where(blocks == OUTSIDE, 0.0, rng.lognormal(0, 0.7, len(blocks)))
    places = scatter(city.ground, home, weight, rng)
    longitude, latitude = degrees(places[:, 0], places[:, 1])
    unknown = rng.random(len(kind)) < NO_POINT_SHARE
    table = pd.DataFrame(
        {
            "id": np.arange(1, len(kind) + 1),
            "codigo_act": np.array([each.activity for each in TRADES])[kind],
            "per_ocu": np.array(STAFF)[rng.choice(len(STAFF), len(kind), p=STAFF_SHARES)],
            "latitud": np.where(unknown, "", np.char.mod("%.7f", latitude)),
            "longitud": np.where(unknown, "", np.char.mod("%.7f", longitude)),
        }
    )
    table.to_csv(path, index=False, encoding="latin-1", lineterminator="\r\n")
