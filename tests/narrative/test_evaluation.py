import pandas as pd
import pytest

from labtools import messages
from labtools.narrative.evaluated import evaluation_of
from labtools.narrative.evaluation import evaluation_sentences
from tests.publish.evaluation_example import ID, evaluation, evaluation_facts


@pytest.fixture(autouse=True)
def english():
    with messages.speaking("en"):
        yield


def said(section, results=None, facts=None):
    results = evaluation() if results is None else results
    facts = evaluation_facts() if facts is None else facts
    return " ".join(evaluation_sentences(evaluation_of(ID, results, facts))[section])


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("better", "It worked"),
        ("worse", "harm"),
        ("too_small", "less than what would be worth it"),
        ("not_yet_known", "We do not know yet"),
        ("not_comparable", "conclude nothing"),
        ("recording_changed", "recording that changed"),
        ("read_ahead", "No verdict yet"),
    ],
)
def test_the_verdict_is_that_of_the_table(verdict, expected):
    table = evaluation()
    table.loc[0, "verdict"] = verdict

    told = said("verdict", table)

    assert expected in told
    assert "−18.0 % (−27.0 to −8.0)" in told
    assert "40 colonias" in told


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (1, 9, "moved next door"),
        (-9, -1, "benefit reached"),
        (-6, 11, "can be told from chance"),
    ],
)
def test_displacement_is_told_only_where_its_interval_leaves_out_nil(lower, upper, expected):
    table = evaluation()
    table.loc[table["aspect"] == "beside", ["lower", "upper"]] = lower, upper

    assert expected in said("beside", table)


def test_a_change_without_interval_says_so_and_shows_no_limit():
    table = evaluation()
    asked = (table["outcome"] == "perception") & (table["aspect"] == "effect")
    table.loc[asked, ["lower", "upper"]] = None

    told = said("people", table)

    assert "We do not know yet" in told
    assert "−3.0 (no interval can be told) percentage points" in told


def test_a_refusal_says_why_instead_of_a_verdict():
    facts = evaluation_facts()
    told = '{"facts": {"id": "barrios-2024"}, "sentence": "The protocol {id} is not sealed"}'
    facts.loc[len(facts)] = [ID, "refused", None, told]

    assert said("verdict", facts=facts) == (
        "It cannot be told whether it worked: The protocol barrios-2024 is not sealed"
    )


def test_what_departed_from_the_plan_is_told_and_so_is_a_whole_plan():
    facts = evaluation_facts()

    assert "42 colonias were to enter, and 40 did." in said("plan")
    whole = facts[~facts["fact"].str.startswith("deviation")]
    assert "Nothing departed" in said("plan", facts=whole)


def test_programmes_in_the_same_colonias_and_months_are_named_with_what_it_means():
    facts = evaluation_facts()
    kept = facts[~facts["fact"].str.startswith(("deviation", "concurrent"))]
    names = pd.DataFrame({"said": ["Luz para todos", "Patrullas"]})
    together = names.assign(protocol=ID, fact="concurrent", number=float("nan"))

    told = said("plan", facts=pd.concat([kept, together]))

    assert "also: Luz para todos, Patrullas. Their effects cannot be told apart" in told
    assert "Nothing departed" not in told


def test_a_cost_without_upper_limit_is_told_so():
    table = evaluation().copy()
    averted = (table["outcome"] == "perception") & (table["aspect"] == "averted")
    table.loc[averted, "lower"] = 10.0

    told = said("cost", table)

    assert "22,222 Mexican pesos (14,286 to 50,000)" in told
    assert "2,222 Mexican pesos (at least 741" not in said("cost")
    assert "2,222 Mexican pesos (at least 741; there is no upper limit" in told


def test_no_cost_of_each_where_perhaps_none_was_averted_and_no_plain_before_and_after():
    table = evaluation().copy()
    averted = (table["outcome"] == "crime") & (table["aspect"] == "averted")
    table.loc[averted, ["value", "lower", "upper"]] = [1276.0, -2323.0, 3438.0]

    told = said("cost", table)

    assert "22,222" not in told
    assert "does not exclude that none was" in told
    assert "plain before and after would say" not in said("trust")


@pytest.mark.parametrize(
    ("lower", "upper", "reading"),
    [(-5.0, 6.0, "were alike"), (-70.0, 704.0, "vouches little"), (2.0, 9.0, "with caution")],
)
def test_the_gap_before_the_entry_is_read_in_plain_words(lower, upper, reading):
    table = evaluation().copy()
    before = (table["outcome"] == "crime") & (table["aspect"] == "before")
    table.loc[before, ["lower", "upper"]] = [lower, upper]

    assert reading in said("trust", table)


def test_days_and_months_are_written_as_people_write_them():
    told = said("plan")

    assert "December 1, 2023" in told
    assert "December 2025" in told
    assert "2023-12" not in told
    assert "2025-12" not in told


def test_crime_and_perception_are_both_told():
    assert "−3.0 (−9.0 to 3.0)".replace("3.0)", "+3.0)") in said("people")
    assert "We do not know yet whether people feel safer." in said("people")


def test_every_section_speaks_spanish():
    english = evaluation_sentences(evaluation_of(ID, evaluation(), evaluation_facts()))
    with messages.speaking("es_MX"):
        spanish = evaluation_sentences(evaluation_of(ID, evaluation(), evaluation_facts()))

    assert all(spanish[s] and not set(english[s]) & set(spanish[s]) for s in spanish)


@pytest.mark.parametrize(("times", "caution"), [(2.5, False), (0.4, True)])
def test_how_much_drift_an_effect_bears_is_told(times, caution):
    facts = evaluation_facts()
    facts.loc[len(facts)] = [ID, "drift-borne", times, None]

    told = said("trust", facts=facts)

    assert f"up to {times} times the gap" in told
    assert ("That is little" in told) is caution


def test_no_drift_is_told_where_no_effect_is():
    table, facts = evaluation(), evaluation_facts()
    table.loc[0, ["lower", "upper"]] = -20.0, 3.0
    facts.loc[len(facts)] = [ID, "drift-borne", 0.0, None]

    assert "drifting apart" not in said("trust", table, facts)


@pytest.mark.parametrize(("logged", "agree"), [(2_100_000.0, True), (8_000_000.0, False)])
def test_a_log_whose_costs_are_not_those_of_the_protocol_is_told_so(logged, agree):
    facts = evaluation_facts()
    facts.loc[facts["fact"] == "cost", "number"] = 2_000_000.0
    facts = pd.concat([facts, facts.iloc[:1].assign(fact="cost-logged", number=logged, said=None)])

    told = said("delivered", None, facts)

    assert f"{logged:,.0f}" in told
    assert ("2,000,000" in told and "do not agree" in told) is not agree
