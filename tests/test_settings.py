import pydantic
import pytest

from labtools import paths
from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.paths import Workbench, find_workbench
from labtools.settings import load_settings

GOOD = """
[lab]
name = "Laboratorio"
municipality = "Querétaro"
municipality_id = "22014"

[colonias]
path = "padron.geojson"
descriptor = "colonias_conapo_2020"
cutoff = "2020-12-31"
"""
SOURCE = """
[[source]]
name = "{name}"
path = "a.csv"
descriptor = "d"
cutoff = "{cutoff}"
first_day = "2024-01-01"
"""


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


@pytest.fixture
def workbench(tmp_path):
    return Workbench(tmp_path)


def loaded(workbench, text, encoding="utf-8"):
    workbench.settings_file.write_bytes(text.encode(encoding))
    return load_settings(workbench)


def source(name="carpetas", cutoff="2024-12-31"):
    return SOURCE.format(name=name, cutoff=cutoff)


def test_what_is_not_said_has_its_careful_value(workbench):
    settings = loaded(workbench, GOOD)

    assert settings.lab.municipality == "Querétaro"
    assert settings.fichas.select == "programme"
    assert settings.disclosure.minimum_population == 500
    assert settings.disclosure.minimum_respondents == 30
    assert settings.source == ()


def test_settings_cannot_be_changed_once_read(workbench):
    settings = loaded(workbench, GOOD)

    with pytest.raises(pydantic.ValidationError, match="frozen"):
        settings.lab.seed = 1


def test_the_example_that_ships_is_valid(workbench):
    example = paths.bundled("lab.example.toml").read_text(encoding="utf-8")

    assert loaded(workbench, example).source


def test_a_file_saved_by_a_windows_editor_is_read(workbench):
    assert loaded(workbench, GOOD, encoding="utf-8-sig").lab.name == "Laboratorio"


def test_no_settings_say_how_to_make_a_workbench(workbench):
    with pytest.raises(SettingsError, match=r"There is no lab\.toml in .*“labtools init"):
        load_settings(workbench)


@pytest.mark.parametrize(
    ("text", "encoding", "reason"),
    [("[lab\n", "utf-8", "line 1"), (GOOD, "latin-1", "utf-8")],
    ids=["not TOML", "not UTF-8"],
)
def test_a_file_that_cannot_be_read_says_where(workbench, text, encoding, reason):
    with pytest.raises(SettingsError, match=f"cannot be read as TOML in UTF-8: .*{reason}"):
        loaded(workbench, text, encoding)


def test_a_folder_in_place_of_the_settings_is_refused(workbench):
    workbench.settings_file.mkdir()

    with pytest.raises(SettingsError, match=r"lab\.toml cannot be opened \(Is a directory\)"):
        load_settings(workbench)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name = "Laboratorio"', "", "lab.name is not valid: it is missing"),
        ("[lab]", "[lab]\npais = 1", "lab.pais is not valid: there is no entry of that name"),
        ("2020-12-31", "2021-02-29", "colonias.cutoff is not valid: the calendar has no such day"),
        ("2020-12-31", "31/12/2020", "colonias.cutoff is not valid: it is not written in the"),
        ('"2020-12-31"', "2020-12-31", "colonias.cutoff is not valid: it must be text"),
        ('"padron.geojson"', "3", "colonias.path is not valid: it must be text"),
        ("[lab]", "places = 3\n[lab]", "places is not valid: it must hold entries of its own"),
        ("[lab]", "source = 3\n[lab]", "source is not valid: it must be a list"),
        ("[lab]", "[lab]\nseed = 2.5", "lab.seed is not valid: it must be a whole number"),
        (
            "[lab]",
            '[fichas]\nselect = "x"\n[lab]',
            "must be one of programme, all, listed, and bor",
        ),
        ("[lab]", "[disclosure]\nminimum_dwellings = 2\n[lab]", "it must be at least 3"),
        (
            "[lab]",
            '[lab]\ncrs = "EPSG:4326"',
            "a projected coordinate system in metres",
        ),
        ("[lab]", '[lab]\ncrs = "no such"', "a projected coordinate system in metres"),
    ],
)
def test_a_wrong_entry_is_named_with_the_reason(workbench, old, new, told):
    with pytest.raises(SettingsError) as refused:
        loaded(workbench, GOOD.replace(old, new))

    assert told in str(refused.value)
    assert "lab.example.toml shows every entry" in str(refused.value)


def test_a_name_that_is_no_plain_word_is_refused(workbench):
    with pytest.raises(SettingsError, match=r"source\.0\.name is not valid: it is not written"):
        loaded(workbench, GOOD + source("Carpetas 1"))


def test_several_wrong_entries_are_counted(workbench):
    with pytest.raises(SettingsError, match=r"2 entries are not valid; the first is lab\.seed"):
        loaded(workbench, GOOD.replace("[lab]", '[lab]\nseed = "x"') + "x = 1\n")


def test_the_reason_is_told_in_spanish(workbench):
    wrong = GOOD.replace("2020-12-31", "2021-02-29")

    with pytest.raises(SettingsError) as refused:
        loaded(workbench, wrong)

    with speaking("es_MX"):
        spanish = str(refused.value)
    assert "colonias.cutoff" in spanish
    assert "is not valid" not in spanish


@pytest.mark.parametrize("names", [("carpetas", "carpetas"), ("colonias",)])
def test_each_source_has_a_name_of_its_own(workbench, names):
    text = GOOD + "".join(source(name) for name in names)

    with pytest.raises(SettingsError, match=f"two sources are called {names[0]}"):
        loaded(workbench, text)


def test_a_source_that_ends_before_it_begins_is_refused(workbench):
    with pytest.raises(SettingsError, match="carpetas has first_day 2024-01-01, after its cutoff"):
        loaded(workbench, GOOD + source(cutoff="2023-12-31"))


def test_a_source_of_one_day_is_allowed(workbench):
    assert loaded(workbench, GOOD + source(cutoff="2024-01-01")).source[0].name == "carpetas"


def test_a_workbench_is_found_from_any_folder_inside_it(workbench, monkeypatch):
    monkeypatch.delenv(paths.ENVIRONMENT_VARIABLE, raising=False)
    loaded(workbench, GOOD)
    inside = workbench.root / "reports" / "2025"
    inside.mkdir(parents=True)

    assert find_workbench(inside) == Workbench(workbench.root.resolve())


def test_the_environment_names_the_workbench_before_the_folder_does(workbench, monkeypatch):
    monkeypatch.setenv(paths.ENVIRONMENT_VARIABLE, str(workbench.root / "otro"))

    assert find_workbench(workbench.root).root.name == "otro"


def test_outside_every_workbench_there_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv(paths.ENVIRONMENT_VARIABLE, raising=False)

    assert find_workbench(tmp_path) is None
