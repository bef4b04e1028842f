import pandas as pd
import pytest

from labtools.errors import SettingsError
from labtools.privacy.processing import kept_until, read_treatments

CUT = pd.Timestamp("2025-12-31")


def test_files_of_people_have_a_day_on_which_they_must_go_and_maps_have_none():
    register = read_treatments()

    assert kept_until("events", CUT, register) == pd.Timestamp("2031-12-31")
    assert kept_until("survey", CUT, register) == pd.Timestamp("2030-12-31")
    assert kept_until("ageb", CUT, register) is None


def test_what_counsel_must_confirm_is_marked():
    assert all(treatment.basis.startswith("Por confirmar") for treatment in read_treatments())


@pytest.mark.parametrize(
    ("written", "told"),
    [("[[treatment]\n", "cannot be read as TOML"), ('[[treatment]]\nkey = "a"\n', "not valid")],
)
def test_a_register_that_says_too_little_is_refused(tmp_path, written, told):
    own = tmp_path / "processing.toml"
    own.write_text(written, encoding="utf-8")

    with pytest.raises(SettingsError, match=told):
        read_treatments(own)
