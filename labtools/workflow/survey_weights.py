"""Weights of the lab's survey that agree with how many people live where."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from labtools.analysis.perception.calibrate import rake
from labtools.analysis.perception.design import survey_design


def agreeing_weights(
    survey: pd.DataFrame, colonias: pd.DataFrame, margins: Sequence[str]
) -> pd.DataFrame:
    """Return the canonical table ``survey`` with weights raked to the register, wave by wave.

    The weights of a wave still add up to what they added up to: only who stands for how many
    changes.  A respondent's borough is that of the colonia in the register, and what the survey
    says where no colonia is known; waves that know no colonia (ENSU's microdata) stay as they
    are.  Intervals are those of the weights given, without what agreeing gains: the safe side.

    Parameters
    ----------
    colonias : pandas.DataFrame
        Canonical table of the register.
    margins : sequence of str
        ``[survey] margins`` in ``lab.toml``; none: the survey as it is.

    Raises
    ------
    AnalysisError
        If nobody was asked in a borough where people live, or somebody was in one that the
        register does not know.
    """
    if not margins or survey.empty:
        return survey
    home = colonias.set_index("colonia_id")["borough"]
    table = survey.assign(borough=survey["colonia_id"].map(home).fillna(survey["borough"]))
    people = table.drop_duplicates("respondent").set_index("respondent")
    people = people[people["weight"] > 0]
    source = people.index.to_series().str.rsplit("-", n=1).str[0]
    weights = [
        _raked(wave, colonias, margins)
        for _, wave in people.groupby([people["wave"], source.rename("source")])
        if wave["colonia_id"].notna().any()
    ]
    if not weights:
        return survey
    raked = pd.concat(weights)
    return survey.assign(weight=survey["respondent"].map(raked).fillna(survey["weight"]))


def _raked(wave: pd.DataFrame, colonias: pd.DataFrame, margins: Sequence[str]) -> pd.Series:
    design = survey_design(wave, weight="weight", stratum="stratum", clusters=("cluster",))
    known = {}
    for margin in margins:
        lived = colonias.groupby(margin)["population"].sum()
        known[margin] = (wave[margin], lived * (wave["weight"].sum() / lived.sum()))
    return pd.Series(rake(design, known).weight, wave.index)
