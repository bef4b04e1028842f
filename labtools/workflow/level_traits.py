"""What of each colonia's census the models of risk and the forecasts are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from labtools.analysis.risk.traits import traits_of_level


def level_traits(
    processed: Mapping[str, pd.DataFrame], *, withheld: Collection[str] = ()
) -> pd.DataFrame | None:
    """Return the traits of all colonias, in the order of the register; None without any.

    What a survey asks is never one, even where the register tells it: fear is set beside crime,
    and must not be in it.

    Parameters
    ----------
    processed : mapping of str to pandas.DataFrame
        With ``indicators``, ``colonias`` and ``survey``.
    withheld : collection of str
        Colonias whose traits are not public, and are as good as missing.
    """
    indicators = processed["indicators"]
    asked = set(processed["survey"]["indicator"])
    told = indicators[~indicators["indicator"].isin(asked)]
    told = told[~told["colonia_id"].isin(withheld)]
    population = processed["colonias"].set_index("colonia_id")["population"]
    values = told.pivot(index="colonia_id", columns="indicator", values="value")
    return traits_of_level(values, population)
