"""What fichas say of case files that no colonia could be given."""

import numpy as np
import pandas as pd
import pytest

from labtools.tables.account import Account
from labtools.workflow.unplaced import namesakes, unplaced


def located(source, kept, **rejected):
    return Account("locate", source, kept + sum(rejected.values()), kept, rejected)


def test_the_share_is_of_all_files_of_all_sources_in_whole_per_cent():
    found = unplaced([located("a", 900, unknown_name=50, outside=10), located("b", 40, no_place=0)])

    assert found.share == pytest.approx(0.06)  # 60 of 1,000
    assert not found.for_their_name


def test_of_few_files_no_share_is_told():
    assert np.isnan(unplaced([located("a", 400, outside=99)]).share)
    assert np.isnan(unplaced([]).share)


def test_a_name_of_several_colonias_is_noted_only_where_files_bear_it():
    assert unplaced([located("a", 900, ambiguous_name=1)]).for_their_name
    assert not unplaced([located("a", 900, ambiguous_name=0)]).for_their_name


def test_namesakes_are_found_however_they_are_spelt():
    colonias = pd.DataFrame(
        {
            "colonia_id": ["a", "b", "c", "d"],
            "name": ["San José", "SAN JOSE", "San Juan", None],
        }
    )

    assert list(namesakes(colonias)) == ["a", "b"]
