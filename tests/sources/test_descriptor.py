import pytest

from labtools import paths
from labtools.classify.crosswalk import load_crosswalk
from labtools.errors import SettingsError, SourceError
from labtools.messages import speaking
from labtools.paths import Workbench
from labtools.sources.catalogue import CLEANERS
from labtools.sources.descriptor import load_descriptor, read_descriptor

SHIPPED = sorted(path.stem for path in paths.bundled("data", "sources").glob("*.toml"))
MINIMAL = 'kind = "programme"\ntitle = "Padrón"\npublisher = "Lab"\nlicence = "CC0"\n'


@pytest.fixture(autouse=True)
def _in_english():
    with speaking("en"):
        yield


def own(workbench: Workbench, text: str, name: str = "padron"):
    folder = workbench.root / "data" / "sources"
    folder.mkdir(parents=True)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_every_descriptor_that_ships_is_valid_and_has_its_cleaner_and_crosswalk(name, tmp_path):
    found = load_descriptor(name, Workbench(tmp_path))

    assert found.kind in CLEANERS
    if found.crosswalk:
        assert load_crosswalk(found.crosswalk).rules


def test_a_workbench_s_own_descriptor_goes_before_the_one_that_ships(tmp_path):
    own(Workbench(tmp_path), MINIMAL, "programme_list")

    assert load_descriptor("programme_list", Workbench(tmp_path)).title == "Padrón"


def test_an_unknown_descriptor_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(SettingsError, match=r"called nada\. Those there are: ageb_inegi,"):
        load_descriptor("nada", Workbench(tmp_path))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            MINIMAL.replace("programme", "padron"),
            "entry kind is not valid: it must be one of colonias, programme",
        ),
        (MINIMAL.replace('licence = "CC0"\n', ""), "entry licence is not valid: it is missing"),
        (
            MINIMAL + 'licencia = "CC0"\n',
            "entry licencia is not valid: there is no entry of that name",
        ),
        (
            MINIMAL + "[file]\nheader_row = -1\n",
            "entry file.header_row is not valid: it must be at least 0",
        ),
        (
            MINIMAL.replace("programme", "events"),
            "entry record_type is not valid: it must be one of case_file, call",
        ),
        (
            'record_type = "call"\nsensitivity = "N3"\n' + MINIMAL.replace("programme", "events"),
            "entry sensitivity is not valid: it must be one of N0 and N1",
        ),
        (MINIMAL + "[[indicator]]\nkey='a'\nlabel='A'\nnumerator=[]\n", "it must not be empty"),
        (MINIMAL + "kind = \n", "cannot be read as TOML in UTF-8"),
    ],
    ids=[
        "kind",
        "missing",
        "extra",
        "negative",
        "record type",
        "rows for everyone",
        "empty",
        "not TOML",
    ],
)
def test_a_wrong_descriptor_is_refused_with_its_entry_and_reason(tmp_path, text, fault):
    path = own(Workbench(tmp_path), text)

    with pytest.raises(SourceError) as refused:
        read_descriptor(path)

    assert str(path) in str(refused.value)
    assert fault in str(refused.value)
    assert str(refused.value).endswith(("Correct that line.", "show every entry."))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_descriptor_says_whom_to_ask_and_how_often_the_file_comes(name):
    said = read_descriptor(paths.bundled("data", "sources", f"{name}.toml"))

    assert said.contact
    assert said.cadence
