"""What a text is a sign of: the risk factors of PRONAPRED, by rules, persons and the text model.

When to use it: on subjects and narratives without people in them, to count what citizens and
clerks tell of drink, quarrels at home, dark streets.  When not: to say of a colonia or of anybody
that the factor is there: a sign is what somebody wrote, and streets without a patrol write less.
"""

from __future__ import annotations

import tomllib

import pandas as pd

from labtools import paths
from labtools.classify.crosswalk import fold_subject, pattern_of
from labtools.classify.unnamed import Coded, code_unnamed
from labtools.errors import TableError
from labtools.tables import vocabulary as words
from labtools.tables.action_words import FACTORS

#: Stands for a text that is a sign of none.
NO_FACTOR = "none"
_CODES = {code: code for code in (*FACTORS, NO_FACTOR, words.UNCLASSIFIED)}


def factors_by_rule(texts: pd.Series) -> pd.Series:
    """Return the factor of each text by the rules of ``factor_signs.toml``, or unclassified."""
    path = paths.bundled("data", "reference", "taxonomies", "factor_signs.toml")
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    rules = [(pattern_of(rule), code) for rule, code in told["rules"]]

    def factor_of(text: str) -> str:
        folded = fold_subject(text)
        found = (code for pattern, code in rules if pattern.search(folded))
        return next(found, words.UNCLASSIFIED)

    known = {text: factor_of(text) for text in texts.dropna().unique()}
    return texts.map(known).fillna(words.UNCLASSIFIED).astype("str")


def code_factors(texts: pd.Series, codings: pd.DataFrame, *, confidence: float) -> Coded:
    """Return the factor of each text: what rules say, then persons, then what the model is sure of.

    Parameters
    ----------
    texts : pandas.Series of str
        Without people in them.
    codings : pandas.DataFrame
        Canonical table ``factor_codings``.
    confidence : float
        Declared share of what the model codes that must be right.

    Returns
    -------
    Coded
        ``crime_code`` of its codes is the factor; its queue waits for a person.

    Raises
    ------
    TableError
        If a person gave a factor that is none.
    """
    check_factors(codings["factor"])
    by_rule = pd.DataFrame({"crime_code": factors_by_rule(texts)})
    told = codings.rename(columns={"factor": "crime_code"})
    return code_unnamed(texts, by_rule, groups=_CODES, codings=told, confidence=confidence)


def check_factors(factors: pd.Series) -> None:
    """Refuse factors that persons gave and that are none.

    Raises
    ------
    TableError
        Names the first one.
    """
    known = (*FACTORS, NO_FACTOR)
    strange = factors[~factors.isin(known)]
    if len(strange):
        raise TableError(
            "{n} codings give a factor that there is none of; the first is {factor}. Expected one "
            "of {known}. Correct it where it was written.",
            n=len(strange),
            factor=str(strange.iloc[0]),
            known=known,
        )


def complete_by_narrative(
    codes: pd.DataFrame, narratives: pd.Series, *, groups: dict[str, str], confidence: float
) -> pd.DataFrame:
    """Return codes of events, completed where nobody knew the subject and its narrative is sure.

    The model learns from narratives of events whose subject has a code.  What it is not sure of,
    or what may be sensitive, stays as it was.

    Parameters
    ----------
    codes : pandas.DataFrame
        Of `code_unnamed`.
    narratives : pandas.Series of str
        Aligned with `codes`; missing where there is none.
    """
    open_ = codes["code_origin"].eq("nobody") & narratives.notna()
    if not open_.any():
        return codes
    asked = narratives.dropna()
    nothing = pd.DataFrame({"subject": [], "crime_code": [], "coder": []}, dtype="str")
    said = code_unnamed(
        asked,
        codes.loc[asked.index, ["crime_code"]],
        groups=groups,
        codings=nothing,
        confidence=confidence,
    ).codes.loc[narratives[open_].index]
    sure = said[said["code_origin"] == "text_model"]
    done = codes.copy()
    done.loc[sure.index, list(said.columns)] = sure
    return done
