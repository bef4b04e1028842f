"""Slips of the pen in [targeting] are refused, each with its name."""

import pytest
from pydantic import ValidationError

from labtools.errors import SettingsError
from labtools.settings import Targeting
from labtools.workflow.priced import check_priced

LIGHTS = {"intervention": "street_lighting", "cost": 1.0, "reach": 0.3}


@pytest.mark.parametrize(
    "told",
    [
        {"capacity": {"public_services": -1}},
        {"harm": {"violenc": 5}},
        {"harm": {"violence": -5}},
    ],
)
def test_what_no_lab_has_is_refused_by_the_form(told):
    with pytest.raises(ValidationError):
        Targeting.model_validate(told)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ({"capacity": {"public_servces": 4}}, "public_servces"),
        ({"action": [{**LIGHTS, "intervention": "street_lightning"}]}, "street_lightning"),
        ({"action": [{**LIGHTS, "agency": "nobody"}]}, "nobody"),
        ({"action": [{**LIGHTS, "intervention": "hot_spot_policing"}]}, "hot_spot_policing"),
        ({"action": [LIGHTS, LIGHTS]}, "street_lighting"),
    ],
)
def test_a_name_that_nothing_has_or_may_not_be_proposed_is_refused(told, name):
    with pytest.raises(SettingsError, match=name):
        check_priced(Targeting.model_validate(told), None)


def test_what_is_known_passes():
    told = {"capacity": {"public_services": 4}, "action": [LIGHTS], "harm": {"violence": 3}}

    check_priced(Targeting.model_validate(told), None)
