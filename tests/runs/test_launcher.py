"""The cards of JupyterLab's launcher: what they open is there, in the language in force."""

import json
import re

import pytest

from labtools.messages import speaking
from labtools.paths import bundled
from labtools.runs.launcher import NAME, cards, write_extension, write_interface
from labtools.workflow.scaffolding import TEMPLATES

TEMPLATE = TEMPLATES / "notebook.json"


def test_what_each_card_opens_is_there_and_each_has_a_name_of_its_own():
    shown = cards(TEMPLATE)

    assert all(bundled("notebooks", *it.path.split("/")).exists() for it in shown if it.path)
    assert [it.name for it in shown if not it.path] == ["analysis"]
    assert len({it.id for it in shown}) == len({it.label for it in shown}) == len(shown)


def test_a_new_analysis_has_its_parameters_and_nothing_left_to_fill_in():
    with speaking("es_MX"):
        (begun,) = [it.content for it in cards(TEMPLATE) if it.content]

    assert begun["cells"][0]["source"][0] == "# Un análisis nuevo\n"
    assert [it["metadata"].get("tags") for it in begun["cells"]].count(["parameters"]) == 1
    assert not re.search(r"\$\w", json.dumps(begun))


def test_the_extension_is_where_jupyterlab_looks_and_its_cards_are_in_spanish(tmp_path):
    with speaking("es_MX"):
        home = write_extension(tmp_path, TEMPLATE)

    assert home == tmp_path / "labextensions" / NAME
    package = json.loads((home / "package.json").read_text(encoding="utf-8"))
    load = home / package["jupyterlab"]["_build"]["load"]
    told = re.search(
        r"category, cards \} = (\{.*\});$", load.read_text(encoding="utf-8"), re.MULTILINE
    )
    shown = json.loads(told[1])
    assert shown["category"] == "Laboratorio"
    assert shown["cards"][0]["label"] == "Ficha de una colonia"


@pytest.mark.parametrize(("language", "locale"), [("es_MX", "es_ES"), ("en", "default")])
def test_jupyterlab_speaks_the_language_in_force_and_asks_nobody_for_news(
    tmp_path, language, locale
):
    told = json.loads(write_interface(tmp_path, language).read_text(encoding="utf-8"))

    assert told["@jupyterlab/translation-extension:plugin"] == {"locale": locale}
    news = told["@jupyterlab/apputils-extension:notification"]
    assert (news["fetchNews"], news["checkForUpdates"]) == ("false", False)
