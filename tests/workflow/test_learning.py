"""A sealed evaluation in the run, from its result to what targeting reckons with."""

import tomllib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labtools.evaluation.protocol import Protocol
from labtools.targeting.catalogue import read_interventions
from labtools.targeting.effects import effect_draws
from labtools.workflow.learning import learned_facts, with_own_evidence
from tests.evaluation.protocols import PROTOCOL
from tests.publish.evaluation_example import ID, evaluation, evaluation_facts

EDITION = SimpleNamespace(window=SimpleNamespace(end=pd.Timestamp("2026-01-01")))


@pytest.fixture
def lighting():
    told = tomllib.loads(PROTOCOL)
    catalogue = read_interventions()
    key = next(one.id for one in catalogue.proposable() if one.scale == "place")
    return Protocol.model_validate({**told, "intervention": key}), catalogue, key


def taught(protocol, results):
    facts = evaluation_facts()
    learned = learned_facts(protocol, results, facts)
    more = pd.DataFrame(learned, columns=["fact", "number", "said"]).assign(protocol=ID)
    return pd.concat([facts, more], ignore_index=True)


def test_targeting_expects_of_an_action_what_it_did_here(lighting):
    protocol, catalogue, key = lighting

    own = with_own_evidence(catalogue, taught(protocol, evaluation()), EDITION)

    effect = own.by_id()[key].effect[0]
    draws = effect_draws([own.by_id()[key]], "crime", size=4000, rng=np.random.default_rng(1))[key]
    assert effect.local
    assert ID in effect.source
    # Nothing of it is discounted as carried over from elsewhere.
    assert 100 * np.median(draws) == pytest.approx(effect.value, abs=1)
    assert effect.interval is not None
    assert 100 * np.quantile(draws, 0.025) == pytest.approx(effect.interval[0], abs=1.5)


@pytest.mark.parametrize("verdict", ["read_ahead", "not_comparable"])
def test_an_evaluation_without_verdict_changes_no_evidence(lighting, verdict):
    protocol, catalogue, key = lighting
    results = evaluation()
    results.loc[0, "verdict"] = verdict

    own = with_own_evidence(catalogue, taught(protocol, results), EDITION)

    assert own.by_id()[key] == catalogue.by_id()[key]


def test_an_action_that_is_not_in_the_catalogue_teaches_it_nothing(lighting):
    protocol, *_ = lighting

    assert (
        learned_facts(
            protocol.model_copy(update={"intervention": ""}), evaluation(), evaluation_facts()
        )
        == []
    )
