import numpy as np
import pandas as pd
import pytest

from labtools.analysis.risk_terrain import distances_to, poisson_lasso, standardise
from labtools.errors import AnalysisError


def test_coefficients_are_those_of_glmnet(oracle, reference):
    published = reference("poisson_lasso_nc.json")
    sids = oracle("nc_sids.csv")
    layers = standardise(
        pd.DataFrame(
            {
                "nw79": sids["NWBIR79"] / sids["BIR79"],
                "nw74": sids["NWBIR74"] / sids["BIR74"],
                "x": sids["x"],
                "y": sids["y"],
                "ft74": np.sqrt(1000 * (sids["SID74"] + 1) / sids["BIR74"]),
                "log_births": np.log(sids["BIR79"]),
            }
        )
    )

    path = poisson_lasso(sids["SID79"], layers, sids["BIR79"], published["penalties"])

    assert path["intercept"].tolist() == pytest.approx(published["intercept"], abs=1e-4)
    found = path[layers.columns].to_numpy().T
    assert found == pytest.approx(np.array(published["coefficients"]), abs=1e-4)


def test_without_penalty_it_is_the_plain_regression():
    rng = np.random.default_rng(1)
    layers = standardise(pd.DataFrame(rng.normal(size=(500, 2)), columns=["bars", "noise"]))
    events = pd.Series(rng.poisson(np.exp(0.5 + 0.4 * layers["bars"])))

    path = poisson_lasso(events, layers, pd.Series(1.0, layers.index), [0.0, 0.2])

    free, held = path.iloc[0], path.iloc[1]
    eta = free["intercept"] + layers.to_numpy() @ free[["bars", "noise"]].to_numpy(float)
    score = layers.to_numpy().T @ (events - np.exp(eta))
    assert np.abs(score).max() < 1e-3
    assert free["bars"] == pytest.approx(0.4, abs=0.1)
    assert 0 < held["bars"] < free["bars"]
    assert held["noise"] == 0


def test_the_nearest_premise_is_found_and_none_is_infinitely_far():
    places = np.array([[0.0, 0.0], [10.0, 0.0]])

    assert distances_to(places, np.array([[3.0, 4.0], [10.0, 1.0]])).tolist() == [5.0, 1.0]
    assert np.isinf(distances_to(places, np.empty((0, 2)))).all()


def test_a_place_without_exposure_is_refused_by_name():
    layers = pd.DataFrame({"bars": [0.0, 1.0]}, index=["a", "b"])

    with pytest.raises(AnalysisError, match="first is b"):
        poisson_lasso(
            pd.Series([1, 2], layers.index), layers, pd.Series([1, 0], layers.index), [0.1]
        )
