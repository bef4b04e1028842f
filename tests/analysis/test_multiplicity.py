import numpy as np
import pandas as pd
import pytest

from labtools.analysis.multiplicity import adjust_p_values
from labtools.errors import AnalysisError


def test_adjusted_p_values_are_those_of_the_closed_form_and_missing_ones_do_not_count():
    p = pd.Series([0.01, np.nan, 0.04, 0.03, 0.5], index=list("abcde"))

    adjusted = adjust_p_values(p)

    # Sorted: .01 x 4/1, .03 x 4/2, .04 x 4/3, .5; the running minimum from the largest.
    assert adjusted.drop("b").to_list() == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])
    assert np.isnan(adjusted["b"])


def test_no_tests_give_no_discoveries():
    assert adjust_p_values(pd.Series([], dtype=float)).empty


def test_permutations_too_few_for_so_many_tests_are_refused():
    p = pd.Series(np.full(128, 0.004))

    with pytest.raises(AnalysisError, match="128 tests"):
        adjust_p_values(p, smallest_possible=2 / 500)


def test_a_p_value_outside_its_range_is_refused_with_its_key():
    with pytest.raises(AnalysisError, match=r"1\.5, of z"):
        adjust_p_values(pd.Series([0.5, 1.5], index=["y", "z"]))
