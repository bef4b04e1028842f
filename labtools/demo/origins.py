"""How case files came to be known: somebody reported, or a patrol came upon it.

Drugs have no victim who reports: patrols find most of them, and more where the programme sends
them.  That is planted, so that the audit of feedback has something to find.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from labtools.demo.chance import generator
from labtools.demo.city import City
from labtools.demo.intensity import MONTHS, N_MONTHS
from labtools.demo.kinds import GROUPS, kinds, recorded_mix
from labtools.demo.programme import NEVER

REPORTED, DISCOVERED, UNTOLD = "Denuncia", "Flagrancia", ""
STORY = "drugs"  # the kinds that patrols come upon
ELSEWHERE, IN_PROGRAMME = 0.50, 0.90  # share of them that patrols discovered
UNTOLD_SHARE = 0.03  # of case files: the clerk wrote nothing
_GROUP = GROUPS.index("other")


def how_known(city: City) -> np.ndarray:
    """Return, for each case file, the word that the prosecutor's file has for its origin."""
    rng, events = generator(city.seed, "origins"), city.case_files
    found = _is_of_patrols(events["kind"].to_numpy())
    month = MONTHS.searchsorted(events["at"], side="right") - 1
    share = found_share(city)[events["colonia"].to_numpy(), month]
    by_patrol = found & (rng.random(len(events)) < share)
    origin = np.where(by_patrol, DISCOVERED, REPORTED)
    return np.where(rng.random(len(events)) < UNTOLD_SHARE, UNTOLD, origin)


def found_share(city: City) -> np.ndarray:
    """Return the share of recorded drug crimes that patrols discovered, shape (412, 72)."""
    first = city.history.programme.first_month[:, None]
    inside = (first != NEVER) & (np.arange(N_MONTHS) >= first)
    return np.where(inside, IN_PROGRAMME, ELSEWHERE)


def discovery_truth(city: City) -> pd.DataFrame:
    """Return what patrols discovered and what nobody will ever know of, by colonia and month.

    Columns: ``group`` (the one to which drugs belong), ``discovered_share`` (of its recorded
    crimes, expected) and ``unseen`` (its true crimes of which no victim knows, so that neither a
    survey nor a correction can tell of them).
    """
    rng = np.random.default_rng(generator(city.seed, "origins").spawn(1)[0])
    of_group = np.array([kind.story == STORY for kind in kinds() if kind.group == "other"])
    share = recorded_mix("other")[of_group].sum() * found_share(city)
    hidden = (city.history.true - city.history.recorded)[:, :, _GROUP]
    ids = city.people.colonias["colonia_id"].to_numpy()
    table = pd.DataFrame({"colonia_id": np.repeat(ids, N_MONTHS)})
    table["month"] = np.tile(MONTHS, len(ids))
    table["group"] = GROUPS[_GROUP]
    table["discovered_share"] = share.ravel()
    table["unseen"] = rng.binomial(hidden, share).ravel()
    return table


def _is_of_patrols(kind: np.ndarray) -> np.ndarray:
    return np.isin(kind, [k for k, one in enumerate(kinds()) if one.story == STORY])
