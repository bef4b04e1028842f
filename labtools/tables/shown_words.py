"""What the figures of a result are called on its card."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from labtools.findings import Severity
from labtools.messages import Sentence, mark

FIELDS: Mapping[str, Sentence] = MappingProxyType(
    {
        "table": mark("Figures"),
        "per": mark("Per so many person-years"),
        "level": mark("Coverage of the intervals"),
        "shape": mark("Shape of the law of rates"),
        "inverse_scale": mark("Inverse scale of the law of rates"),
        "mean": mark("Mean"),
        "size": mark("Size of the negative binomial law"),
        "exposure": mark("Exposure of all"),
        "dispersion": mark("Dispersion (one where only chance is at work)"),
        "claimed": mark("Claimed (per cent)"),
        "before": mark("Before"),
        "now": mark("Now"),
        "percent": mark("Change (per cent)"),
        "lower": mark("From"),
        "upper": mark("To"),
        "verdict": mark("What may be said"),
        "log_ratio": mark("Logarithm of the ratio"),
        "se": mark("Standard error"),
        "p": mark("p-value of no effect"),
        "p_value": mark("p-value"),
        "observed": mark("Events in the programme"),
        "places": mark("Places in the programme"),
        "compared": mark("Places that compare"),
        "whole": mark("The whole programme"),
        "by_time": mark("By time since the entry"),
        "effects": mark("Effects"),
        "influence": mark("Influence of each place"),
        "freedom": mark("Degrees of freedom"),
        "effect": mark("Effect"),
        "beside": mark("Beside the programme"),
        "comparable": mark("The paths before were alike"),
        "cells": mark("Effects by wave and time"),
        "parts": mark("What it is made of"),
        "first": mark("Entry of each place"),
        "near": mark("Which places are near each other"),
        "change": mark("Change"),
        "by_wave": mark("By wave of the survey"),
        "persons": mark("Answers that count"),
        "quarters": mark("Quarters"),
        "path": mark("Path of the city and of the mix of others"),
        "weights": mark("Weight of each of the others"),
        "before_rmse": mark("Error of the mix before"),
        "cities": mark("Cities that compare"),
        "tau2": mark("Variance between studies (τ²)"),
        "i2": mark("Share of variance between studies (I²)"),
        "q": mark("Cochran's Q"),
        "q_p": mark("p-value of Q"),
        "predicted_lower": mark("A new study would find, from"),
        "predicted_upper": mark("A new study would find, to"),
        "studies": mark("Studies"),
        "value": mark("Value"),
        "gini": mark("Gini's index"),
        "chance": mark("What chance alone would give"),
        "chance_lower": mark("Chance alone, from"),
        "chance_upper": mark("Chance alone, to"),
        "excess": mark("Beyond chance"),
        "half_in": mark("Share of places with half of the events"),
        "lorenz": mark("Lorenz's curve"),
        "ratio": mark("Ratio"),
        "gaps": mark("Gap to the mix of others"),
        "complete": mark("Share recorded so far"),
        "findings": mark("What must be known"),
    }
)
SEVERITIES: Mapping[Severity, Sentence] = MappingProxyType(
    {
        Severity.NOTE: mark("Note"),
        Severity.CAUTION: mark("Caution"),
        Severity.BLOCKER: mark("Stops publication"),
    }
)
