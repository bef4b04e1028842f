import pandas as pd
import pytest

from labtools.workflow.level_traits import level_traits

KEYS = ["a", "b", "c", "d"]


@pytest.fixture
def processed():
    rows = [(key, name, value) for name in ("car", "unsafe") for value, key in enumerate(KEYS)]
    return {
        "colonias": pd.DataFrame({"colonia_id": KEYS, "population": [10, 20, 30, 40]}),
        "indicators": pd.DataFrame(rows, columns=["colonia_id", "indicator", "value"]),
        "survey": pd.DataFrame({"indicator": ["unsafe"]}),
    }


def test_what_people_were_asked_is_no_trait_even_where_the_register_tells_it(processed):
    found = level_traits(processed)

    assert list(found.columns) == ["car", "residents"]
    assert list(found.index) == KEYS


def test_a_withheld_colonia_is_as_good_as_unknown(processed):
    found = level_traits(processed, withheld={"d"})

    assert found.loc["d", "car"] == 0
    assert found["not_known"].idxmax() == "d"
    other = processed | {
        "indicators": processed["indicators"].assign(
            value=processed["indicators"]["value"].where(
                processed["indicators"]["colonia_id"] != "d", 99
            )
        )
    }
    assert level_traits(other, withheld={"d"}).equals(found)
