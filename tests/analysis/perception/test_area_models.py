"""Fay and Herriot's and Battese's models of shares, as a run may choose them."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from labtools.analysis.perception.area_level import fay_herriot
from labtools.analysis.perception.area_models import fay_herriot_shares, unit_level_shares
from labtools.analysis.perception.area_shares import AreaShares
from labtools.errors import AnalysisError

SIDE, N = 9, 81
PLACE = np.array([(i, j) for i in range(SIDE) for j in range(SIDE)])
NEAR = np.abs(PLACE[:, None] - PLACE[None]).sum(axis=2) == 1


def city(rng, *, smooth=0.0):
    """Return answers of 81 colonias on a grid, twelve people in each, and the true shares."""
    x = pd.DataFrame({"poor": rng.standard_normal(N)})
    far = np.linalg.inv(np.eye(N) - 0.9 * NEAR / NEAR.sum(axis=1, keepdims=True))
    own = smooth * far @ rng.standard_normal(N) + (0.35 if not smooth else 0.0) * rng.normal(size=N)
    truth = pd.Series(special.expit(0.3 + 0.4 * x["poor"] + own))
    asked = pd.Series(np.where(rng.random(N) < 0.8, 12.0, 0.0))
    return pd.Series(rng.binomial(asked.astype(int), truth), dtype=float), asked, x, truth


def test_shares_are_fay_and_herriots_of_the_arcsines():
    yes, asked, x, _ = city(np.random.default_rng(1))
    seen = asked > 0
    angle = np.arcsin(np.sqrt((yes / asked)[seen])).reindex(x.index)
    plain = fay_herriot(angle, (1 / (4 * asked[seen])).reindex(x.index), x)

    found = fay_herriot_shares(yes, asked, x, rng=np.random.default_rng(2), size=20_000)

    middle = found.draws.median()
    assert np.abs(middle - np.sin(plain.value) ** 2).max() < 0.005
    assert found.draws.to_numpy().min() >= 0
    assert found.draws.to_numpy().max() <= 1
    assert (found.asked == asked).all()


@pytest.mark.parametrize("near", [None, NEAR])
def test_intervals_hold_the_truth_and_errors_are_below_direct_and_synthetic_ones(near):
    rng, held, errors = np.random.default_rng(4), [], []
    for _ in range(12 if near is None else 4):
        yes, asked, x, truth = city(rng, smooth=0.0 if near is None else 0.3)
        found = fay_herriot_shares(yes, asked, x, rng=rng, neighbours=near).frame()
        held.append(((found["lower"] <= truth) & (truth <= found["upper"])).mean())
        seen = asked > 0
        design = np.column_stack([np.ones(N), x])
        line = design @ np.linalg.lstsq(design[seen], (yes / asked)[seen], rcond=None)[0]
        told = (found["value"], yes / asked.where(seen), pd.Series(line))
        errors.append([((one - truth)[seen] ** 2).mean() for one in told])

    model, direct, synthetic = np.mean(errors, axis=0)
    # 972 areas, or 324: the standard error of .95 is .007, or .012.  With neighbours the error of
    # fitting is taken twice, and intervals err on the safe side.
    assert np.mean(held) >= 0.93
    assert np.mean(held) <= 0.97 or near is not None
    assert model < direct
    assert model < synthetic


def test_a_unanimous_colonia_is_not_taken_for_certain():
    yes, asked, x, _ = city(np.random.default_rng(3))
    yes[asked > 0] = np.minimum(yes, 11)[asked > 0]
    one = asked[asked > 0].index[0]
    yes[one] = asked[one]

    found = fay_herriot_shares(yes, asked, x, rng=np.random.default_rng(1)).frame()

    assert found.loc[one, "lower"] < 0.9
    assert found.loc[one, "upper"] - found.loc[one, "lower"] > 0.1


def test_the_model_of_people_draws_colonias_towards_what_their_traits_say():
    rng, errors = np.random.default_rng(5), []
    for _ in range(6):
        yes, asked, x, truth = city(rng)
        where = pd.Series(np.repeat(np.arange(N), asked.astype(int)))
        said = [[1.0] * int(yes[k]) + [0.0] * int(asked[k] - yes[k]) for k in range(N)]
        answers = pd.Series(np.concatenate(said))

        found = unit_level_shares(answers, where, x, rng=rng)

        seen = asked > 0
        told = (found.draws.mean(), yes / asked.where(seen))
        errors.append([((one - truth)[seen] ** 2).mean() for one in told])
        assert found.asked.sum() == asked.sum()
    model, direct = np.mean(errors, axis=0)
    assert model < 0.8 * direct


@pytest.mark.parametrize("city_share", [0.35, 0.75])
def test_by_a_ratio_all_shares_or_all_complements_move_alike_and_stay_inside(city_share):
    rng = np.random.default_rng(7)
    draws = pd.DataFrame(rng.uniform(0.05, 0.99, (50, 6)), columns=list("abcdef"))
    people = pd.Series([10.0, 20, 30, 10, 20, 0], list("abcdef"))
    city_draws = rng.uniform(city_share - 0.02, city_share + 0.02, 50)

    moved = AreaShares(draws, 0.3, 0.0, people).benchmarked(people, city_draws, by="ratio").draws

    whole = moved.mul(people).sum(axis=1) / people.sum()
    assert whole.to_numpy() == pytest.approx(city_draws)
    falls = (city_draws < draws.mul(people).sum(axis=1) / people.sum()).to_numpy()
    part = np.where(falls[:, None], moved / draws, (1 - moved) / (1 - draws))
    assert part.std(axis=1).max() == pytest.approx(0, abs=1e-12)
    assert moved.to_numpy().min() > 0
    assert moved.to_numpy().max() < 1


def test_what_each_area_went_its_own_way_since_it_was_asked_widens_its_interval():
    rng = np.random.default_rng(8)
    log_odds = rng.normal(0.3, 0.4, (20_000, 2))
    draws = pd.DataFrame(special.expit(log_odds), columns=["a", "b"])
    shares = AreaShares(draws, 0.3, 0.0, pd.Series([5.0, 5.0], ["a", "b"]))

    moved = special.logit(shares.wandered(0.3, rng).draws)

    assert moved.mean().to_numpy() == pytest.approx([0.3, 0.3], abs=0.02)
    assert moved.std().to_numpy() == pytest.approx([0.5, 0.5], rel=0.03)  # 3, 4 and 5
    assert shares.wandered(0.0, rng) is shares


def test_more_who_said_yes_than_were_asked_are_refused():
    yes, asked, x, _ = city(np.random.default_rng(1))

    with pytest.raises(AnalysisError, match="more people who said yes"):
        fay_herriot_shares(yes.mask(asked > 0, 13.0), asked, x, rng=np.random.default_rng(1))
