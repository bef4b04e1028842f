"""What is believed of a map's parameters before it is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from labtools.errors import AnalysisError

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Priors:
    """Prior laws of the parameters of a map of risk.

    Attributes
    ----------
    deviation : {"exponential", "half_normal"}
        Law of the total standard deviation (logarithms of rates).  The exponential law is the
        penalised-complexity prior: the simplest map, without differences, is the base.
    scale : float
        Mean of the exponential law, or standard deviation of the half-normal one.  The default
        gives 1 % to a deviation above one: rates e times higher or lower.
    mixing : (float, float)
        Of the beta law of the spatial share of the variance.
    coefficients : float
        Standard deviation of the normal law of each coefficient; covariates are taken as they
        come, so standardise them.
    intercept : float
        As `coefficients`, around the logarithm of the rate of all areas together.

    References
    ----------
    Simpson, D. et al. (2017). Penalising model component complexity. Statistical Science 32,
    1-28. doi:10.1214/16-STS576
    Morris, M. et al. (2019). Bayesian hierarchical spatial models: implementing the Besag York
    Mollié model in Stan. Spatial and Spatio-temporal Epidemiology 31, 100301.
    doi:10.1016/j.sste.2019.100301 (the beta law of one half)
    """

    deviation: Literal["exponential", "half_normal"] = "exponential"
    scale: float = 1 / 4.605
    mixing: tuple[float, float] = (0.5, 0.5)
    coefficients: float = 1.0
    intercept: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what is no law."""
        numbers = (self.scale, *self.mixing, self.coefficients, self.intercept)
        if min(numbers) <= 0:
            raise AnalysisError(
                "A prior needs scales and shapes above zero, and one is {least}. Leave the "
                "defaults where in doubt.",
                least=min(numbers),
            )

    def log_density(self, log_sigma: np.ndarray, angle: np.ndarray) -> np.ndarray:
        """Return the log density of the logarithm of the deviation and the angle of mixing.

        The spatial share is the squared sine of the angle: the beta law of one half is flat
        in it, and no value lies infinitely far.  Angles beyond zero and the right angle are
        mirrored.
        """
        sigma = np.exp(log_sigma)
        of_sigma = -sigma / self.scale
        if self.deviation == "half_normal":
            of_sigma = -((sigma / self.scale) ** 2) / 2
        a, b = self.mixing
        sine, cosine = (np.abs(side) + _TINY for side in (np.sin(angle), np.cos(angle)))
        of_angle = (2 * a - 1) * np.log(sine) + (2 * b - 1) * np.log(cosine)
        return np.asarray(of_sigma + log_sigma + of_angle)
