import stat

import pandas as pd
import pytest

from labtools.errors import PrivacyError
from labtools.privacy.keys import make_key, read_key, read_keyring
from labtools.privacy.pseudonyms import pseudonyms


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_key_is_random_long_and_for_its_owner_only(tmp_path):
    first, second = (make_key(tmp_path / "secrets", name) for name in ("one", "two"))

    assert mode(first) == 0o400
    assert mode(first.parent) == 0o700
    assert len(read_key(first.parent, "one")) == 32
    assert first.read_bytes() != second.read_bytes()


def test_a_key_that_exists_is_never_overwritten(tmp_path):
    make_key(tmp_path, "rounding")
    before = read_key(tmp_path, "rounding")

    make_key(tmp_path, "rounding")
    make_key(tmp_path, "rounding", value=b"x" * 32)

    assert read_key(tmp_path, "rounding") == before


def test_a_key_given_is_the_key_kept(tmp_path):
    make_key(tmp_path, "rounding", value=b"x" * 32)

    assert read_key(tmp_path, "rounding") == b"x" * 32


def test_a_key_that_is_not_there_is_asked_back_from_the_backup_not_made_anew(tmp_path):
    with pytest.raises(PrivacyError, match=r"rounding\.key.*Restore it from the backup"):
        read_key(tmp_path, "rounding")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "abcd", "not hexadecimal at all", "00" * 31])
def test_a_key_too_short_or_unreadable_is_refused(tmp_path, text):
    (tmp_path / "rounding.key").write_text(text, encoding="ascii")

    with pytest.raises(PrivacyError, match="Restore it from the backup"):
        read_key(tmp_path, "rounding")


def test_the_error_about_a_key_does_not_tell_it(tmp_path):
    (tmp_path / "rounding.key").write_text("ab" * 20, encoding="ascii")

    with pytest.raises(PrivacyError) as caught:
        read_key(tmp_path, "rounding")

    assert "abab" not in str(caught.value)


FOLIOS = pd.Series(["CI-1", "CI-2", "CI-1"], index=[7, 8, 9])


def test_the_same_case_has_the_same_pseudonym_and_another_case_another():
    made = pseudonyms(FOLIOS, key=b"k" * 32, source="carpetas")

    assert made.index.tolist() == [7, 8, 9]
    assert made[7] == made[9] != made[8]
    assert made.str.fullmatch("[0-9a-f]{20}").all()


@pytest.mark.parametrize(("key", "source"), [(b"j" * 32, "carpetas"), (b"k" * 32, "llamadas")])
def test_without_the_key_or_in_another_source_nobody_can_match_a_folio(key, source):
    made = pseudonyms(FOLIOS, key=b"k" * 32, source="carpetas")

    guessed = pseudonyms(FOLIOS, key=key, source=source)

    assert not set(made) & set(guessed)


def test_each_period_has_the_key_that_was_in_force_on_its_first_day(tmp_path):
    make_key(tmp_path, "rounding", value=b"a" * 32)
    make_key(tmp_path, "rounding-2027-01-01", value=b"c" * 32)
    make_key(tmp_path, "rounding-2026-07-01", value=b"b" * 32)
    days = pd.Series(pd.to_datetime(["2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"]))

    split = read_keyring(tmp_path, "rounding").split(days)

    found = {key[:1]: list(mine) for key, mine in split}
    assert found == {
        b"a": [True, False, False, False],
        b"b": [False, True, True, False],
        b"c": [False, False, False, True],
    }


def test_a_ring_is_told_from_another_without_telling_its_keys(tmp_path):
    make_key(tmp_path, "rounding", value=b"a" * 32)
    before = read_keyring(tmp_path, "rounding").digest()

    make_key(tmp_path, "rounding-2027-01-01")

    after = read_keyring(tmp_path, "rounding").digest()
    assert after != before
    assert (b"a" * 32).hex() not in before + after
