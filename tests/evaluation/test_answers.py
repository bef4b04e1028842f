import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labtools.errors import AnalysisError
from labtools.evaluation.answers import answer_effect, answers_before
from labtools.evaluation.verdict import verdict_on_change

WAVES = pd.to_datetime(["2024-05-01", "2024-11-01", "2025-05-01"])


def asked(rng, entered, effect):
    place = np.repeat(np.arange(60), 30)
    wave = np.tile(WAVES.to_numpy(), 600)
    entry = pd.Series(place).map(entered).to_numpy()
    fear = rng.normal(0, 0.1, 60)[place] + 0.5 + 0.05 * (wave == WAVES[2])
    fear = fear + effect * (wave >= entry)
    value = (rng.random(len(place)) < fear).astype(float)
    return pd.DataFrame({"place": place, "wave": wave, "weight": 1.0, "value": value})


@pytest.fixture
def entered():
    days = ["2024-08-01"] * 15 + ["2025-02-01"] * 15
    return pd.Series(pd.to_datetime(days), index=range(30))


def test_with_two_waves_the_change_is_the_difference_of_differences(entered):
    rng = np.random.default_rng(1)
    answers = asked(rng, entered, -0.1)
    two = answers[(answers["wave"] != WAVES[2]) & ~answers["place"].between(15, 29)]

    got = answer_effect(two, entered)

    means = two.assign(inside=two["place"] < 15).groupby(["inside", "wave"])["value"].mean()
    change = means.loc[True].diff().iloc[-1] - means.loc[False].diff().iloc[-1]
    assert got.change == pytest.approx(change)
    # Of 60 places, 15 are left out and 15 are of the programme: their own past is no other place.
    assert (got.places, got.compared) == (15, 30)


def test_the_interval_covers_a_planted_change(entered):
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(100):
        got = answer_effect(asked(rng, entered, -0.1), entered)
        covered.append(got.lower <= -0.1 <= got.upper)

    # Within three binomial standard errors of 95 %.
    assert np.mean(covered) >= 0.95 - 0.066


def test_places_that_were_in_before_the_first_wave_are_left_out(entered):
    answers = asked(np.random.default_rng(3), entered, 0.0)
    early = entered.copy()
    early.loc[:4] = pd.Timestamp("2023-01-01")

    assert answer_effect(answers, early).places == 25


def test_the_wave_before_the_entry_is_a_difference_of_differences_of_the_waves_before(entered):
    answers = asked(np.random.default_rng(4), entered, -0.1)

    got = answers_before(answers, entered)

    # Those that entered in August 2024 were asked once before; the others twice.
    early = answers[(answers["wave"] < WAVES[2]) & (answers["place"] >= 15)]
    means = early.assign(ours=early["place"] < 30).groupby(["ours", "wave"])["value"].mean()
    change = means.loc[True].diff().iloc[-1] - means.loc[False].diff().iloc[-1]
    assert got.change == pytest.approx(change)
    assert (got.places, got.compared) == (15, 30)
    assert answers_before(answers, entered[:15]) is None


def test_answers_that_moved_before_the_entry_are_seen(entered):
    answers = asked(np.random.default_rng(5), entered, 0.0)
    moved = (answers["wave"] == WAVES[1]) & answers["place"].between(15, 29)
    answers.loc[moved & (answers.index % 2 == 0), "value"] = 0.0

    assert answers_before(answers, entered).p < 0.05


def test_few_places_are_refused(entered):
    answers = asked(np.random.default_rng(4), entered, 0.0)

    with pytest.raises(AnalysisError, match="5 places"):
        answer_effect(answers[answers["place"].between(25, 59)], entered)


def test_answers_that_do_not_vary_prove_nothing(entered):
    answers = asked(np.random.default_rng(5), entered, 0.0)
    entry = answers["place"].map(entered)
    same = answers.assign(value=(answers["wave"] >= entry).astype(float))

    got = answer_effect(same, entered)

    assert got.change == pytest.approx(1)
    assert np.isnan([got.se, got.lower, got.upper, got.p]).all()
    assert got.by_wave[["lower", "upper"]].isna().all(axis=None)
    assert verdict_on_change(got.lower, got.upper, worthwhile=0.0) == "not_yet_known"


def test_errors_are_those_of_the_sandwich_written_out(entered):
    rng = np.random.default_rng(6)
    answers = asked(rng, entered, -0.1)
    two = answers[(answers["wave"] != WAVES[2]) & ~answers["place"].between(15, 29)]
    two = two.assign(weight=rng.uniform(0.5, 2.0, len(two))).reset_index(drop=True)

    got = answer_effect(two, entered, level=0.9)

    ours, after = (two["place"] < 15).to_numpy(float), (two["wave"] == WAVES[1]).to_numpy(float)
    x = np.column_stack([1 - ours, ours, after, ours * after])
    w, y = two["weight"].to_numpy(), two["value"].to_numpy()
    bread = np.linalg.inv(x.T @ (w[:, None] * x))
    beta = bread @ (x.T @ (w * y))
    scores = pd.DataFrame(x * (w * (y - x @ beta))[:, None]).groupby(two["place"]).sum().to_numpy()
    n, k, places = len(two), 4, 45
    small = places / (places - 1) * (n - 1) / (n - k)
    se = np.sqrt(small * (bread @ scores.T @ scores @ bread)[3, 3])
    reach = stats.t.ppf(0.95, 14)
    assert got.change == pytest.approx(beta[3])
    assert got.se == pytest.approx(se)
    assert (got.lower, got.upper) == pytest.approx((beta[3] - reach * se, beta[3] + reach * se))
    assert got.p == pytest.approx(2 * stats.t.sf(abs(beta[3]) / se, 14))
    assert got.persons == pytest.approx(w[(ours > 0) & (after > 0)].sum())
    assert got.by_wave.loc[0].to_list() == pytest.approx([got.change, got.lower, got.upper])


def test_waves_are_counted_from_the_entry_of_each_group_and_weigh_as_their_answers(entered):
    answers = asked(np.random.default_rng(7), entered, -0.1)
    answers["weight"] = np.where(answers["place"] < 15, 2.0, 1.0)

    got = answer_effect(answers, entered)

    # The first group has two waves after its entry, the second one: both have a wave nought.
    assert got.by_wave.index.to_list() == [0, 1]
    table = answers.assign(group=np.minimum(answers["place"] // 15, 2))
    means = table.groupby(["group", "wave"])["value"].mean().unstack()
    late = means.diff(axis=1)[WAVES[2]]
    # 15 places of ten answers, twice as heavy, in two waves; 15 of ten in one.
    weigh = np.array([300.0, 300.0, 150.0])
    first, second = got.by_wave["change"]
    assert got.change == pytest.approx((weigh[[0, 2]].sum() * first + 300 * second) / weigh.sum())
    assert np.isfinite(late).all()


def test_answers_without_weight_place_or_value_take_no_part(entered):
    answers = asked(np.random.default_rng(8), entered, -0.1)
    spoilt = answers.iloc[:30].copy()
    spoilt.loc[spoilt.index[:10], "weight"] = 0.0
    spoilt.loc[spoilt.index[10:20], "value"] = np.nan
    spoilt["place"] = spoilt["place"].astype(float)
    spoilt.loc[spoilt.index[20:], "place"] = np.nan

    got = answer_effect(pd.concat([answers, spoilt], ignore_index=True), entered)

    assert got.change == pytest.approx(answer_effect(answers, entered).change)
    with pytest.raises(AnalysisError, match="weight"):
        answer_effect(answers.drop(columns="weight"), entered)


def test_a_wave_asked_on_the_day_of_entry_is_the_first_inside():
    days = pd.Series(WAVES[[1] * 15], index=range(15))
    answers = asked(np.random.default_rng(9), days, -0.1)

    got = answer_effect(answers, days)

    assert got.by_wave.index.to_list() == [0, 1]
    means = answers.assign(ours=answers["place"] < 15).groupby(["ours", "wave"])["value"].mean()
    gap = means.loc[True] - means.loc[False]
    assert got.by_wave["change"].to_list() == pytest.approx(
        (gap[WAVES[1:]] - gap[WAVES[0]]).to_list()
    )


@pytest.mark.parametrize(("inside", "outside"), [(10, 10), (9, 10), (10, 9)])
def test_ten_places_of_each_and_two_waves_are_enough(inside, outside):
    days = pd.Series(pd.Timestamp("2024-08-01"), index=range(inside))
    answers = asked(np.random.default_rng(10), days, 0.0)
    few = answers[answers["place"] < inside + outside]

    if min(inside, outside) < 10:
        with pytest.raises(AnalysisError, match=f"in {inside} places .* and {outside} outside"):
            answer_effect(few, days)
        return
    assert (answer_effect(few, days).places, answer_effect(few, days).compared) == (10, 10)
    with pytest.raises(AnalysisError, match="over 1 waves"):
        answer_effect(few[few["wave"] > WAVES[1]], days)
