import numpy as np
import pandas as pd
import pytest

from labtools.errors import AnalysisError
from labtools.evaluation.micro_synthetic import micro_synthetic


def city(rng, effect=0.0, ratio=2.0):
    level = rng.gamma(3, 2, 200)
    chance = np.sqrt(level)
    treated = np.zeros(200, bool)
    treated[rng.choice(200, 30, replace=False, p=chance / chance.sum())] = True
    mean = np.broadcast_to(level[:, None], (200, 16)).copy()
    mean[treated, 12:] *= np.exp(effect)
    counts = rng.negative_binomial(mean / (ratio - 1), 1 / ratio)
    past = pd.DataFrame({k: counts[:, 4 * k : 4 * k + 4].sum(axis=1) for k in range(3)})
    return past, pd.Series(counts[:, 12:].sum(axis=1)), pd.Series(treated)


def test_the_mix_reproduces_the_past_of_the_treated_exactly():
    past, after, treated = city(np.random.default_rng(1))

    got = micro_synthetic(past, after, treated, rng=np.random.default_rng(2), draws=199)

    mixed = past[~treated].mul(got.weights, axis=0).sum()
    assert mixed.to_numpy() == pytest.approx(past[treated].sum().to_numpy(), rel=1e-3)
    assert (got.weights >= 0).all()
    assert got.weights.sum() == pytest.approx(30)


def test_a_planted_fall_is_found_without_bias_and_with_its_error():
    rng = np.random.default_rng(3)

    got = [micro_synthetic(*city(rng, effect=-0.4), rng=rng, draws=199) for _ in range(20)]

    found = np.array([one.log_ratio for one in got])
    assert found.mean() == pytest.approx(-0.4, abs=3 * found.std() / np.sqrt(20))
    # Twenty cities tell a standard deviation within a third of it.
    assert np.mean([one.se for one in got]) == pytest.approx(found.std(ddof=1), rel=0.34)


def test_groups_without_events_are_counted_among_the_rarest():
    # Events are so rare that many groups of as many places have none: they differ most of all.
    rng = np.random.default_rng(2)
    past = pd.DataFrame({0: np.ones(120), 1: rng.integers(1, 3, 120)})
    after = pd.Series(np.isin(np.arange(120), [0, *range(60, 64)]).astype(float))
    treated = pd.Series(np.arange(120) < 20)

    got = micro_synthetic(past, after, treated, rng=np.random.default_rng(3), draws=199)

    none = np.isinf(got.placebos).mean()
    assert none > 0.2
    assert got.p >= none


def test_where_the_past_tells_all_nothing_is_tested():
    past, _, treated = city(np.random.default_rng(6))

    got = micro_synthetic(past, past.sum(axis=1) + 1, treated, rng=np.random.default_rng(1))

    assert got.log_ratio == pytest.approx(0, abs=1e-4)
    assert np.isnan(got.p)


def test_a_past_like_nobody_elses_is_refused():
    past, after, treated = city(np.random.default_rng(4))
    past.loc[treated] += 1_000

    with pytest.raises(AnalysisError, match="No mix"):
        micro_synthetic(past, after, treated, rng=np.random.default_rng(1))


def test_too_many_treated_places_are_refused():
    past, after, treated = city(np.random.default_rng(5))
    treated[:100] = True

    with pytest.raises(AnalysisError, match="two other places"):
        micro_synthetic(past, after, treated, rng=np.random.default_rng(1))


def test_of_all_mixes_it_is_that_of_most_entropy_and_its_ratio_is_by_hand():
    past, after, treated = city(np.random.default_rng(7))

    got = micro_synthetic(past, after, treated, rng=np.random.default_rng(2), draws=199)

    # Where entropy is greatest, logarithms of weights are linear in what is matched.
    others = past[~treated].to_numpy(float)
    design = np.column_stack([np.ones(len(others)), others])
    log_weight = np.log(got.weights.to_numpy())
    fitted = design @ np.linalg.lstsq(design, log_weight, rcond=None)[0]
    assert log_weight == pytest.approx(fitted, abs=1e-8)
    share = got.weights / got.weights.sum()
    assert got.effective == pytest.approx(1 / (share**2).sum())
    expected = (got.weights * after[~treated]).sum()
    assert got.log_ratio == pytest.approx(np.log(after[treated].sum() / expected))
    as_far = (np.abs(got.placebos) >= abs(got.log_ratio) / got.se).sum()
    assert len(got.placebos) == 199
    assert got.p == pytest.approx((1 + as_far) / 200)


def test_with_nothing_matched_but_a_constant_the_error_is_that_of_two_means():
    rng = np.random.default_rng(8)
    past = pd.DataFrame({"same": np.ones(90)})
    after = pd.Series(rng.poisson(6, 90).astype(float))
    treated = pd.Series(np.arange(90) < 30)

    got = micro_synthetic(past, after, treated, rng=rng, draws=199)

    ours, rest = after[:30], after[30:]
    variance = ours.var(ddof=0) / 30 / ours.mean() ** 2 + rest.var(ddof=0) / 60 / rest.mean() ** 2
    assert got.log_ratio == pytest.approx(np.log(ours.mean() / rest.mean()))
    assert got.se == pytest.approx(np.sqrt(variance))
    assert got.weights.to_numpy() == pytest.approx(0.5)
    assert got.effective == pytest.approx(60)


def test_choices_that_could_have_been_made_are_taken_as_they_are():
    past, after, treated = city(np.random.default_rng(9))
    rng = np.random.default_rng(3)
    groups = np.vstack([treated, [rng.permutation(treated) for _ in range(199)]])

    got = micro_synthetic(past, after, treated, rng=rng, draws=(groups, ~groups))

    assert len(got.placebos) == 199
    with pytest.raises(AnalysisError, match="198 draws"):
        micro_synthetic(past, after, treated, rng=rng, draws=(groups[:198], ~groups[:198]))


def test_a_mix_of_few_places_missing_values_and_no_events_are_refused():
    rng = np.random.default_rng(10)
    past = pd.DataFrame({"a": [10.0] * 5 + [0.0] * 40 + [20.0] * 5})
    after = pd.Series(np.ones(50))
    treated = pd.Series(np.arange(50) < 5)
    far = pd.DataFrame({"a": [19.9] * 5 + [0.0] * 40 + [20.0] * 5})

    got = micro_synthetic(past, after, treated, rng=rng, draws=199)
    assert got.effective > 10
    # A place of which it is not said whether it was treated was not.
    unsaid = micro_synthetic(past, after, treated[:30], rng=rng, draws=199)
    assert unsaid.log_ratio == pytest.approx(got.log_ratio)
    # Five places have 0.995 of the weight: 1 / (5 × 0.199²) is 5.05.
    with pytest.raises(AnalysisError, match=r"as few as 5\.1 places"):
        micro_synthetic(far, after, treated, rng=rng, draws=199)
    with pytest.raises(AnalysisError, match="1 values are missing"):
        micro_synthetic(past, after.where(after.index > 0), treated, rng=rng, draws=199)
    with pytest.raises(AnalysisError, match=r"0 events and 5\.0 were"):
        micro_synthetic(past, after.where(~treated, 0.0), treated, rng=rng, draws=199)


def test_in_what_unit_a_trait_is_told_changes_no_mix():
    past, after, treated = city(np.random.default_rng(11))
    other_unit = past.mul([1.0, 1e6, 1e-4])

    plain, told = (
        micro_synthetic(one, after, treated, rng=np.random.default_rng(1), draws=199)
        for one in (past, other_unit)
    )

    assert told.weights.to_numpy() == pytest.approx(plain.weights.to_numpy(), rel=1e-6)
    assert told.se == pytest.approx(plain.se, rel=1e-6)
    assert told.placebos == pytest.approx(plain.placebos, rel=1e-5)


@pytest.mark.parametrize(("treated", "enough"), [(0, False), (1, True), (20, True), (21, False)])
def test_two_others_for_each_treated_place_are_enough(treated, enough):
    past = pd.DataFrame({"same": np.ones(60)})
    after = pd.Series(np.random.default_rng(12).poisson(6, 60).astype(float))
    chosen = pd.Series(np.arange(60) < treated)

    if not enough:
        with pytest.raises(AnalysisError, match=f"0 values are missing, or {treated} of 60"):
            micro_synthetic(past, after, chosen, rng=np.random.default_rng(1), draws=199)
        return
    got = micro_synthetic(past, after, chosen, rng=np.random.default_rng(1), draws=199)
    assert got.effective == pytest.approx(60 - treated)
    assert got.weights.sum() == pytest.approx(treated)
