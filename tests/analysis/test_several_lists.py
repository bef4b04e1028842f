import numpy as np
import pytest

from labtools.analysis.several_lists import list_models
from labtools.errors import AnalysisError

#: Hepatitis A, Taiwan 1995 (Chao and others 2001, doi:10.1002/sim.996): 545 by a study of blood.
SEEN = {"111": 28, "110": 21, "101": 17, "100": 69, "011": 18, "010": 55, "001": 63}
#: Number, deviance and AIC of each model, by statsmodels' Poisson regression.
TOLD = {
    "P,Q,E": (388.4834949567575, 24.35683532831336, 69.74790158714865),
    "PQ,E": (416.0, 21.144257696700805, 68.53532395553601),
    "PE,Q": (393.313432835821, 24.247039249834813, 71.63810550867004),
    "QE,P": (413.1818181818182, 21.330514971325666, 68.72158123016084),
    "PQ,PE": (463.5, 19.422047555683047, 68.81311381451826),
    "PQ,QE": (526.7058823289601, 13.20261970591794, 62.5936859647532),
    "PE,QE": (451.71428571428623, 19.904448468008635, 69.2955147268439),
    "PQ,PE,QE": (1312.7647057549063, 0.0, 51.39106625883521),
}


def test_every_model_of_three_lists_is_that_of_the_reference_case():
    found = list_models(SEEN, "PQE")

    assert list(found.index) == list(TOLD)
    columns = found[["number", "deviance", "aic"]].to_numpy()
    assert columns == pytest.approx(np.array(list(TOLD.values())), rel=1e-4, abs=1e-8)
    assert found["freedom"].tolist() == [3, 2, 2, 2, 1, 1, 1, 0]


def test_two_lists_give_what_lincoln_and_petersen_do():
    (number,) = list_models({"11": 60, "10": 140, "01": 90}, "AB")["number"]

    assert number == pytest.approx(200 * 150 / 60)


def test_lists_that_share_nobody_have_no_number():
    assert np.isnan(list_models({"10": 30, "01": 25}, "AB")["number"]).all()


@pytest.mark.parametrize("seen", [{"1": 3}, {"000": 1}, {"111": -1}, {"111": 0}, {}])
def test_what_is_no_history_is_refused(seen):
    with pytest.raises(AnalysisError):
        list_models(seen, "PQE")
