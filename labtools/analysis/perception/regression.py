"""A linear regression on a survey, with errors that know how people were drawn.

When to use it: to describe how an answer goes along with other answers of the same people.  When
not: as a cause (nobody was assigned anything), or with hardly more clusters than coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from labtools.analysis.perception.design import Design
from labtools.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class SurveyRegression:
    """Coefficients of a weighted linear regression.

    Attributes
    ----------
    coefficients, standard_errors : pandas.Series
        ``intercept`` first; in the units of the answer by unit of the covariate.
    freedom : int
        Clusters less strata, less the covariates: of Student's intervals.
    respondents : int
        People with an answer, every covariate and a weight.
    """

    coefficients: pd.Series
    standard_errors: pd.Series
    freedom: int
    respondents: int

    def frame(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return ``value``, ``standard_error``, ``lower`` and ``upper`` of each coefficient."""
        reach = float(scipy.stats.t.ppf((1 + level) / 2, self.freedom)) * self.standard_errors
        return pd.DataFrame(
            {
                "value": self.coefficients,
                "standard_error": self.standard_errors,
                "lower": self.coefficients - reach,
                "upper": self.coefficients + reach,
            }
        )


def survey_regression(
    design: Design, values: pd.Series, covariates: pd.DataFrame
) -> SurveyRegression:
    """Return the regression of `values` on `covariates` in the population sampled.

    Parameters
    ----------
    values : pandas.Series, shape (n_rows,)
        Answers, in the rows of the design; missing: did not answer.
    covariates : pandas.DataFrame, shape (n_rows, n_covariates)
        Of the same people; an intercept is added.  Whoever lacks one takes no part.

    Raises
    ------
    AnalysisError
        If rows are not those of the design, a covariate repeats others, or clusters are too few
        for the coefficients.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex
    surveys. Int. Stat. Rev. 51, 279-292. doi:10.2307/1402588
    """
    if not (values.index.equals(design.index) and covariates.index.equals(design.index)):
        raise AnalysisError(
            "Answers and covariates must have the {n} rows of the sample, in their order. Take all "
            "from one table, without dropping rows.",
            n=len(design.index),
        )
    x = np.column_stack([np.ones(len(values)), covariates.to_numpy(float)])
    y = values.to_numpy(float)
    inside = np.isfinite(y) & np.isfinite(x).all(axis=1) & (design.weight > 0)
    x, y = np.where(inside[:, None], x, 0.0), np.where(inside, y, 0.0)
    weight = np.where(inside, design.weight, 0.0)
    freedom = design.degrees_of_freedom(inside) - covariates.shape[1] if inside.any() else 0
    if freedom < 1 or np.linalg.matrix_rank(x[inside]) < x.shape[1]:
        raise AnalysisError(
            "{n} people with an answer do not suffice for {p} coefficients: too few clusters, or "
            "covariates that repeat one another. Use fewer covariates.",
            n=int(inside.sum()),
            p=x.shape[1],
        )
    bread = np.linalg.inv(x.T @ (weight[:, None] * x))
    beta = bread @ (x.T @ (weight * y))
    influence = (weight * (y - x @ beta))[:, None] * x @ bread
    names = pd.Index(["intercept", *covariates.columns])
    errors = np.sqrt(np.diag(design.covariance(influence)))
    return SurveyRegression(
        pd.Series(beta, names), pd.Series(errors, names), freedom, int(inside.sum())
    )
