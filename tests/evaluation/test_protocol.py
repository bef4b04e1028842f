from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from labtools.errors import PrivacyError, SettingsError
from labtools.evaluation.protocol import digest_of_protocol, read_protocol
from labtools.evaluation.sealing import Seen, check_sealed, deviations
from labtools.privacy.ledger import decide, read_ledger, seal
from tests.evaluation.protocols import PROTOCOL

SEEN = Seen(colonias=40, first_entry="2999-01-01", left=0, last_month="2025-12", between_rounds=0)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "barrios-2024.toml"
    path.write_text(PROTOCOL, encoding="utf-8")
    return path


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.jsonl"


def sealed(file: Path, ledger: Path):
    protocol = read_protocol(file)
    seal(ledger, protocol.id, digest_of_protocol(protocol), by="Ana")
    return check_sealed(protocol, read_ledger(ledger))


def test_a_sealed_protocol_is_told_with_who_sealed_it_and_what_it_says(file, ledger):
    got = sealed(file, ledger)

    assert got.by == "Ana"
    assert got.sealed_on == datetime.now(UTC).strftime("%Y-%m-%d")
    assert got.earlier == ()
    assert got.protocol.units.colonias == 40
    assert got.digest == digest_of_protocol(read_protocol(file))
    assert deviations(got, SEEN) == {}


def test_an_unsealed_protocol_is_refused(file, ledger):
    decide(ledger, "2025-12", {"tables": {}}, by="lab")

    with pytest.raises(PrivacyError, match=r"not sealed.*protocol seal barrios-2024"):
        check_sealed(read_protocol(file), read_ledger(ledger))


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('groups = ["robbery", "theft"]', 'groups = ["theft"]'),
        ("months_looked_at = 12", "months_looked_at = 6"),
        ("minimum_effect = 10", "minimum_effect = 1"),
        ('last_month = "2025-12"', 'last_month = "2025-09"'),
        ("looks = [", 'looks = ["2025-06", '),
        ("cost = 2000000", "cost = 1000000"),
    ],
)
def test_a_protocol_changed_after_its_seal_is_refused(file, ledger, was, becomes):
    sealed(file, ledger)
    file.write_text(PROTOCOL.replace(was, becomes), encoding="utf-8")

    with pytest.raises(PrivacyError, match="changed"):
        check_sealed(read_protocol(file), read_ledger(ledger))


def test_a_seal_rewritten_in_the_ledger_is_seen(file, ledger):
    sealed(file, ledger)
    file.write_text(PROTOCOL.replace("minimum_effect = 10", "minimum_effect = 1"), encoding="utf-8")
    old = ledger.read_text(encoding="utf-8")
    before = digest_of_protocol(read_protocol(file))
    ledger.write_text(
        old.replace(old.split('"digest": "')[1].split('"')[0], before), encoding="utf-8"
    )

    with pytest.raises(PrivacyError, match="ledger"):
        read_ledger(ledger)


def test_comments_and_spaces_do_not_break_a_seal(file, ledger):
    sealed(file, ledger)
    file.write_text("# as agreed\n" + PROTOCOL.replace(" = 12", "  =  12"), encoding="utf-8")

    assert check_sealed(read_protocol(file), read_ledger(ledger)).earlier == ()


def test_a_second_seal_of_another_content_is_told_as_a_deviation(file, ledger):
    sealed(file, ledger)
    file.write_text(PROTOCOL.replace("minimum_effect = 10", "minimum_effect = 5"), encoding="utf-8")

    got = deviations(sealed(file, ledger), SEEN)

    assert list(got) == ["sealed_again"]
    assert got["sealed_again"]["n"] == 2


def test_the_same_content_is_not_sealed_twice(file, ledger):
    sealed(file, ledger)

    with pytest.raises(PrivacyError, match="already"):
        sealed(file, ledger)


def test_what_departs_from_the_plan_is_told(file, ledger):
    seen = Seen(
        colonias=38, first_entry="2024-02-01", left=3, last_month="2025-09", between_rounds=1
    )

    got = deviations(sealed(file, ledger), seen)

    assert set(got) == {"sealed_late", "colonias", "left", "not_a_look", "before_choice"}
    assert got["colonias"] == {"planned": 40, "entered": 38}


@pytest.mark.parametrize(
    ("was", "becomes", "expected"),
    [
        ('chosen = "by_records"', 'chosen = "by_friends"', "units.chosen"),
        ('question = "', 'wish = "', "question|wish"),
        ('looks = ["2025-12"]', "looks = []", "analysis.looks"),
        ("[outcomes.perception]\nindicator", "[outcomes.crime2]\nindicator", "outcomes"),
        ("colonias = 40", 'colonias = "many"', "units.colonias"),
    ],
)
def test_a_protocol_that_leaves_something_open_is_refused(file, was, becomes, expected):
    file.write_text(PROTOCOL.replace(was, becomes), encoding="utf-8")

    with pytest.raises(SettingsError, match=expected):
        read_protocol(file)


def test_a_protocol_under_another_name_is_refused(tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(PROTOCOL, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"barrios-2024\.toml"):
        read_protocol(path)


def test_the_error_is_shared_by_looks_and_outcomes(file):
    file.write_text(PROTOCOL.replace("looks = [", 'looks = ["2024-12", '), encoding="utf-8")

    assert read_protocol(file).level == pytest.approx(1 - 0.05 / 4)


def test_a_refusal_names_the_day_of_the_seal(file, ledger):
    day = sealed(file, ledger).sealed_on
    file.write_text(PROTOCOL.replace("colonias = 40", "colonias = 39"), encoding="utf-8")

    with pytest.raises(PrivacyError, match=f"barrios-2024 is not the one .* sealed on {day}: its"):
        check_sealed(read_protocol(file), read_ledger(ledger))


def test_each_departure_is_told_with_its_facts(file, ledger):
    day = sealed(file, ledger).sealed_on
    file.write_text(PROTOCOL.replace("colonias = 40", "colonias = 39"), encoding="utf-8")
    seen = Seen(
        colonias=40, first_entry="2024-02-01", left=3, last_month="2025-09", between_rounds=2
    )

    got = deviations(sealed(file, ledger), seen)

    assert got == {
        "sealed_late": {"sealed_on": day, "first_entry": "2024-02-01"},
        "sealed_again": {"n": 2, "days": day},
        "colonias": {"planned": 39, "entered": 40},
        "left": {"n": 3},
        "not_a_look": {"last_month": "2025-09", "looks": "2025-12"},
        "before_choice": {"n": 2},
    }


def test_a_seal_on_the_day_of_the_first_entry_is_late_and_one_on_the_day_before_is_not(
    file, ledger
):
    got = sealed(file, ledger)
    day = datetime.strptime(got.sealed_on, "%Y-%m-%d").replace(tzinfo=UTC)

    def late(first):
        return "sealed_late" in deviations(got, replace(SEEN, first_entry=f"{first:%Y-%m-%d}"))

    assert late(day)
    assert not late(day + timedelta(days=1))


def test_one_that_left_and_one_chosen_too_early_are_told(file, ledger):
    got = deviations(sealed(file, ledger), replace(SEEN, left=1, between_rounds=1))

    assert got == {"left": {"n": 1}, "before_choice": {"n": 1}}
