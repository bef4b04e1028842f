"""A sealed evaluation in the run, from its result to what targeting reckons with."""

import tomllib
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labtools.evaluation.protocol import Protocol
from labtools.messages import speaking
from labtools.narrative.evaluated import evaluation_of
from labtools.narrative.evaluation import evaluation_sentences
from labtools.targeting.catalogue import Effect, read_interventions
from labtools.targeting.citation import cited
from labtools.targeting.effects import effect_draws
from labtools.targeting.own_evidence import measured_here, with_own_evidence
from labtools.workflow.learning import learned_facts
from tests.evaluation.protocols import PROTOCOL
from tests.publish.evaluation_example import ID, evaluation, evaluation_facts

WINDOW = SimpleNamespace(end=pd.Timestamp("2026-01-01"))
EDITION = SimpleNamespace(window=WINDOW, is_public=False, references=None)
PUBLIC = SimpleNamespace(window=WINDOW, is_public=True, references=None)


@pytest.fixture
def lighting():
    told = tomllib.loads(PROTOCOL)
    catalogue = read_interventions()
    key = next(one.id for one in catalogue.proposable() if one.scale == "place")
    return Protocol.model_validate({**told, "intervention": key}), catalogue, key


def taught(protocol, results):
    facts = evaluation_facts()
    learned = learned_facts(protocol, results, facts, EDITION)
    more = pd.DataFrame(learned, columns=["fact", "number", "said"]).assign(protocol=ID)
    return pd.concat([facts, more], ignore_index=True)


def test_targeting_expects_of_an_action_what_it_did_here(lighting):
    protocol, catalogue, key = lighting

    own = with_own_evidence(catalogue, taught(protocol, evaluation()), WINDOW.end)

    effect = own.by_id()[key].effect[0]
    draws = effect_draws([own.by_id()[key]], "crime", size=4000, rng=np.random.default_rng(1))[key]
    assert effect.local
    assert ID in effect.source
    # Nothing of it is discounted as carried over from elsewhere.
    assert 100 * np.median(draws) == pytest.approx(effect.value, abs=1)
    assert effect.interval is not None
    assert 100 * np.quantile(draws, 0.025) == pytest.approx(effect.interval[0], abs=1.5)


@pytest.mark.parametrize("verdict", ["read_ahead", "not_comparable", "recording_changed"])
def test_an_evaluation_without_verdict_changes_no_evidence(lighting, verdict):
    protocol, catalogue, key = lighting
    results = evaluation()
    results.loc[0, "verdict"] = verdict

    own = with_own_evidence(catalogue, taught(protocol, results), WINDOW.end)

    assert own.by_id()[key] == catalogue.by_id()[key]


def test_an_action_that_is_not_in_the_catalogue_teaches_it_nothing(lighting):
    protocol, *_ = lighting

    other = protocol.model_copy(update={"intervention": ""})

    assert learned_facts(other, evaluation(), evaluation_facts(), EDITION) == []


def test_the_public_edition_learns_nothing_from_an_evaluation(lighting):
    protocol, *_ = lighting

    assert learned_facts(protocol, evaluation(), evaluation_facts(), EDITION)
    assert learned_facts(protocol, evaluation(), evaluation_facts(), PUBLIC) == []


@pytest.mark.parametrize("limits", [(-18.0, -18.0), (np.nan, np.nan), (-100.0, -8.0)])
def test_an_estimate_without_a_usable_error_teaches_nothing(lighting, limits):
    protocol, *_ = lighting
    results = evaluation()
    results.loc[0, ["lower", "upper"]] = limits

    assert learned_facts(protocol, results, evaluation_facts(), EDITION) == []


def published(source, value, **other):
    told = {"outcome": "crime", "claim": "c", "direction": "down", "measure": "percent_change"}
    told |= {"mark": "V", "verified_on": date(2026, 1, 1), "by": "a reader", "used": True}
    return Effect.model_validate({**told, "source": source, "value": value, **other})


def knowing(monkeypatch, catalogue, key, *effects):
    """Have the catalogue know these effects of the action, and no others."""
    changed = tuple(
        one.model_copy(update={"effect": effects}) if one.id == key else one
        for one in catalogue.intervention
    )
    told = catalogue.model_copy(update={"intervention": changed})
    monkeypatch.setattr("labtools.workflow.learning.read_interventions", lambda _: told)
    return told


def facts_of(protocol):
    learned = learned_facts(protocol, evaluation(), evaluation_facts(), EDITION)
    return pd.DataFrame(learned, columns=["fact", "number", "said"])


def test_a_few_published_effects_are_told_beside_and_change_nothing(lighting, monkeypatch):
    protocol, catalogue, key = lighting
    near_nil = {"interval": (-2.0, 0.0)}
    effects = [published(f"Estudio {k}", -1.0, **near_nil) for k in range(2)]
    knowing(monkeypatch, catalogue, key, *effects, published("Sin intervalo", -30.0))

    facts = facts_of(protocol)

    told = facts.set_index("fact")["number"]
    assert told["learned-value"] == pytest.approx(-18)
    assert told["learned-published"] == 0
    beside = facts[facts["fact"] == "learned-beside"]
    assert beside["said"].tolist() == ["Estudio 0", "Estudio 1", "Sin intervalo"]
    assert beside["number"].tolist() == pytest.approx([-1, -1, -30])
    whole = pd.concat([evaluation_facts(), facts.assign(protocol=ID)])
    with speaking("en"):
        said = evaluation_sentences(evaluation_of(ID, evaluation(), whole))["needed"]
    assert "here it changes recorded crime by −18.0 %" in said[0]
    assert "Estudio 1: −1.0 %" in said[1]
    assert "fewer than five" in said[1]


def test_a_study_counts_once_and_four_of_them_are_combined_with_ours(lighting, monkeypatch):
    protocol, catalogue, key = lighting
    twice = [
        published(f"Estudio {k}", -10.0 - k, doi=f"10.1/{k}", interval=(-20.0, -2.0))
        for k in (0, 1, 1, 2, 2)
    ]
    knowing(monkeypatch, catalogue, key, *twice)
    three = facts_of(protocol).set_index("fact")["number"]["learned-published"]
    knowing(
        monkeypatch, catalogue, key, *twice, published("Estudio 3", -9.0, interval=(-20.0, 2.0))
    )

    four = facts_of(protocol).set_index("fact")["number"]

    assert three == 0
    assert four["learned-published"] == 4
    assert -18 < four["learned-value"] < -9


def test_a_protocol_of_the_catalogue_is_not_combined_with_itself(lighting, monkeypatch):
    protocol, catalogue, key = lighting
    others = [published(f"Estudio {k}", -10.0, interval=(-20.0, -2.0)) for k in range(3)]
    before = published(f"Protocolo {ID}, corrida 1", -30.0, interval=(-40.0, -20.0), local=True)
    told = knowing(monkeypatch, catalogue, key, *others, before)

    facts = facts_of(protocol)
    own = with_own_evidence(told, facts.assign(protocol=ID), WINDOW.end)

    # With itself there would be five.
    assert facts.set_index("fact")["number"]["learned-published"] == 0
    assert [e.value for e in own.by_id()[key].effect if e.local] == [-18.0]


def test_what_another_protocol_measured_here_counts_once(lighting, monkeypatch):
    protocol, catalogue, key = lighting
    others = [
        published(f"Estudio {k}", -10.0, doi=f"10.1/{k}", interval=(-20.0, -2.0)) for k in range(4)
    ]
    by_hand = published("Protocolo otro-barrio", -60.0, interval=(-65.0, -55.0), local=True)
    knowing(monkeypatch, catalogue, key, *others)
    without = facts_of(protocol).set_index("fact")["number"]
    told = knowing(monkeypatch, catalogue, key, *others, by_hand)

    facts = facts_of(protocol)
    own = with_own_evidence(told, facts.assign(protocol=ID), WINDOW.end).by_id()[key]

    # It stands beside the learned one, and is not in what that was combined with.
    found = facts.set_index("fact")["number"]
    assert found["learned-value"] == without["learned-value"]
    assert found["learned-published"] == 4
    assert {effect.value for effect in own.effect if effect.local} == {
        -60.0,
        round(found["learned-value"], 1),
    }


def test_two_local_effects_that_differ_leave_the_doubt_between_them(lighting):
    _, catalogue, key = lighting
    one = catalogue.by_id()[key].model_copy(
        update={
            "effect": tuple(
                published(f"Protocolo {k}", value, interval=(value - 1, value + 1), local=True)
                for k, value in enumerate((-60.0, -10.0))
            )
        }
    )

    draws = effect_draws([one], "crime", size=4000, rng=np.random.default_rng(1))[key]

    # Half of the draws are of each; none says what neither found.
    assert (draws < -0.5).mean() == pytest.approx(0.5, abs=0.04)
    assert (draws > -0.2).mean() == pytest.approx(0.5, abs=0.04)


def test_wherever_an_effect_measured_here_is_used_its_mix_with_others_is_told(
    lighting, monkeypatch
):
    protocol, catalogue, key = lighting
    others = [
        published(f"Estudio {k}", -10.0, doi=f"10.1/{k}", interval=(-20.0, -2.0)) for k in range(4)
    ]
    told = knowing(monkeypatch, catalogue, key, *others)

    own = with_own_evidence(told, facts_of(protocol).assign(protocol=ID), WINDOW.end)

    with speaking("en"):
        said = measured_here(own.intervention)
    assert len(said) == 1
    assert f"Protocolo {ID} (evaluación propia, combinada con 4 estimaciones publicadas)" in said[0]
    assert cited(own.by_id()[key].effect).startswith(f"Protocolo {ID} (evaluación propia, comb")
    assert measured_here(told.intervention) == ()
