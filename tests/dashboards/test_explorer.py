import pandas as pd
import pytest

from labtools import messages
from labtools.dashboards.claims import ClaimBox, against_released
from labtools.dashboards.explorer import ColoniaExplorer, colonia_explorer
from labtools.dashboards.panel import Pictures
from labtools.tables.claimed import is_of_twelve_months
from tests.browser.released_example import HOSTILE, NAMES

PICTURES = Pictures(
    rates=lambda table: f"<svg class='rates'>{len(table)}</svg>",
    change=lambda _: "<svg class='change'></svg>",
    place=lambda _: "<svg class='place'></svg>",
    perception=lambda _: "<svg class='perception'></svg>",
    series=lambda _, group: f"<svg class='series'>{group}</svg>",
)


def told(released):
    return {"crime": (f"Told of {released.colonia_id}.",), "sources": ("Case files.",)}


@pytest.fixture
def explorer(data):
    return ColoniaExplorer(data, pictures=PICTURES, tell=told)


def panel(explorer):
    return explorer._ficha.value


def test_it_opens_on_a_colonia_that_has_a_ficha(explorer):
    assert f"Told of {explorer.colonia_id}." in panel(explorer)


def test_a_choice_in_the_list_is_shown_and_marked_on_the_map(explorer):
    explorer._list.value = "C09"

    marked = explorer._map.widget.layers[1].data["features"]
    assert f"<h2>{NAMES['C09']}</h2>" in panel(explorer)
    assert [f["properties"]["colonia_id"] for f in marked] == ["C09"]


def test_a_choice_on_the_map_is_shown_in_the_list(explorer):
    explorer.choose("C10")

    assert explorer._list.value == "C10"
    assert explorer._list.label == NAMES["C10"]


@pytest.mark.parametrize("said", ["C99", "", None, 3, ["C01"], {"colonia_id": "C01"}, "c01"])
def test_what_is_no_colonia_of_the_edition_changes_nothing(explorer, said):
    explorer.choose("C09")
    before = panel(explorer)

    explorer.choose(said)

    assert explorer.colonia_id == "C09"
    assert panel(explorer) == before


@pytest.mark.parametrize("said", ["sensitive", "unclassified", "", None, 0, ["theft"]])
def test_a_crime_group_that_is_not_shown_cannot_be_asked_for(explorer, said):
    before = panel(explorer)

    explorer.choose_group(said)

    assert explorer.group == "total"
    assert panel(explorer) == before


def test_a_crime_group_changes_the_figures_and_the_series(explorer):
    explorer._groups.value = "robbery"

    assert "<svg class='series'>robbery</svg>" in panel(explorer)


def test_searching_lists_what_was_found_and_changes_nothing_else(explorer):
    explorer.choose("C09")

    explorer._search.value = "san jose"

    found = [key for _, key in explorer._list.options if key]
    assert found == ["C11", "C02"]
    assert explorer.colonia_id == "C09"
    assert "2" in explorer._found.value


def test_a_colonia_found_can_then_be_chosen(explorer):
    explorer._search.value = "san jose"

    explorer._list.value = "C02"

    assert explorer.colonia_id == "C02"
    assert explorer._list.value == "C02"


def test_enter_shows_the_first_colonia_found(explorer):
    explorer._search.value = "canada"

    explorer._search._handle_custom_msg({"event": "submit"}, [])

    assert explorer.colonia_id == "C07"


def test_a_search_that_finds_nothing_changes_nothing(explorer):
    before = panel(explorer)

    explorer._search.value = "nowhere" * 1_000
    explorer.choose_first_found("nowhere")

    assert [key for _, key in explorer._list.options] == [""]
    assert panel(explorer) == before


def test_clearing_the_search_brings_every_colonia_back(explorer):
    explorer._search.value = "san jose"

    explorer._search.value = ""

    assert {key for _, key in explorer._list.options} == set(NAMES)
    assert explorer._found.value == ""


def test_crime_and_perception_stand_in_the_same_row(explorer):
    row = panel(explorer).split('class="lab-cards"')[1].split('class="lab-more"')[0]

    assert "class='rates'" in row
    assert "class='perception'" in row


def test_a_name_that_tries_to_be_a_script_is_escaped_wherever_it_stands(explorer):
    explorer.choose("C05")

    assert HOSTILE not in panel(explorer)
    assert "<img" not in panel(explorer)
    assert "&lt;img" in panel(explorer)


def test_sentences_are_words_and_not_markup(data):
    explorer = ColoniaExplorer(
        data, pictures=PICTURES, tell=lambda _: {"crime": ("<script>x</script>",)}
    )

    assert "<script>" not in panel(explorer)


def test_zero_missing_and_withheld_are_three_different_words(explorer):
    explorer.choose_group("robbery")
    said = []
    for key in ("C01", "C08", "C07"):
        explorer.choose(key)
        said.append(panel(explorer).split("<dd>")[1].split("</dd>")[0])

    assert said[0].startswith("0")
    assert len(set(said)) == 3


def test_a_figure_carries_its_true_range_and_its_interval(explorer, data):
    explorer.choose("C09")

    row = data.crime.query("colonia_id == 'C09' and group == 'total'").iloc[0]
    low, high = row["events_low"], row["events_high"]
    figures = panel(explorer).split("</dl>")[0]
    assert str(row["events"]) in figures
    assert str(low) in figures
    assert str(high) in figures


def test_a_colonia_without_ficha_says_so_and_shows_its_crime(explorer):
    explorer.choose("C12")

    assert "lab-note" in panel(explorer)
    assert "class='rates'" in panel(explorer)
    assert "class='change'" not in panel(explorer)
    assert "Told of" not in panel(explorer)


def test_the_page_is_one_widget_with_its_controls_before_the_map(data):
    page = colonia_explorer(data, pictures=PICTURES, tell=told)

    classes = [name for part in page.children for name in part._dom_classes]
    ours = [name for name in classes if name.startswith("lab-")]
    assert ours == ["lab-address", "lab-controls", "lab-heard", "lab-columns"]


def test_what_is_shown_is_also_said_for_those_who_listen(explorer):
    explorer.choose("C09")
    said = explorer._heard.value

    explorer.choose_group("theft")

    assert NAMES["C09"] in said
    assert explorer._heard.value != said


@pytest.fixture
def english():
    with messages.speaking("en"):
        yield


def answered(explorer, claim):
    explorer.claim.typed.value = claim
    return explorer.claim.answer.value


@pytest.mark.usefixtures("english")
def test_a_claim_is_held_against_the_released_change_with_its_base_and_interval(explorer):
    explorer.choose("C09")
    explorer.choose_group("theft")
    row = explorer._data.change.query("colonia_id == 'C09' and group == 'theft'").iloc[0]

    said = answered(explorer, "bajó 9 %")

    assert NAMES["C09"] in said
    for told in (f"{row['before']} before and {row['now']} now", "between"):
        assert told in said
    assert "twelve months" in said


@pytest.mark.usefixtures("english")
@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("bajó 2 %", "size claimed lies outside"),
        ("fell 50 %", "The claim holds"),
        ("aumentó 9 por ciento", "moved the other way"),
        ("mejoró mucho", "does not say one percentage"),
        ("<img src=x onerror=alert(1)> bajó", "&lt;img"),
    ],
)
def test_the_answer_to_a_claim_is_one_of_few_and_never_markup(explorer, claim, verdict):
    explorer.choose("C09")
    explorer.choose_group("theft")

    said = answered(explorer, claim)

    assert verdict in said
    assert "<img" not in said


def judged(verdict):
    told = {"before": 60, "now": 36, "ratio": 0.6, "lower": 0.42, "upper": 0.9}
    return pd.Series({**told, "verdict": verdict, "state": "shown"})


@pytest.mark.parametrize(
    ("verdict", "answer"), [("none", "indistinguishable"), ("decrease", "supported")]
)
def test_a_claim_is_held_against_the_verdict_that_the_ficha_tells(verdict, answer):
    assert against_released(-40.0, judged(verdict)).verdict == answer


@pytest.mark.usefixtures("english")
def test_an_interval_that_leaves_no_change_out_by_being_one_of_many_is_explained():
    box = ClaimBox(pd.Series({"window_end": pd.Timestamp("2026-01-01"), "recorded_share": 0.97}))
    box.speak_of("El Ocote", judged("none"))

    box.typed.value = "bajó 40 %"

    assert "No change can be told apart from chance" in box.answer.value
    assert "all colonias are judged at once" in box.answer.value
    assert "about 97 % of the crimes of these twelve months are recorded" in box.answer.value


@pytest.mark.parametrize(
    ("claim", "comparable"),
    [
        ("bajó 40 % en doce meses", True),
        ("bajó 40 % en los últimos 12 meses", True),
        ("bajó 40 % este mes", False),
        ("en marzo bajó 40 %", False),
        ("bajó 40 % desde 2018", False),
        ("bajó 40 % en 6 meses", False),
        ("fell 40 % this quarter", False),
    ],
)
def test_a_claim_about_other_months_cannot_be_compared(claim, comparable):
    of_year = is_of_twelve_months(claim)

    told = against_released(-40.0, judged("decrease"), twelve_months=of_year).verdict

    assert told == ("supported" if comparable else "not_comparable")


@pytest.mark.usefixtures("english")
def test_a_claim_about_what_is_withheld_gets_no_figure(explorer):
    withheld = explorer._data.change.query("state == 'suppressed'").iloc[0]
    explorer.choose(withheld["colonia_id"])
    explorer.choose_group(withheld["group"])

    said = answered(explorer, "bajó 9 %")

    assert "withheld" in said
    assert "before and" not in said


def test_the_answer_follows_the_colonia_on_show(explorer):
    explorer.choose("C09")
    first = answered(explorer, "bajó 9 %")

    explorer.choose("C10")

    assert explorer.claim.answer.value != first
    assert NAMES["C10"] in explorer.claim.answer.value
