"""The registry of published tables: a lab edits one file, and cannot weaken a rule with it."""

import re

import pandas as pd
import pytest

from labtools import paths
from labtools.errors import PrivacyError, SettingsError
from labtools.privacy.registry import OPTIONAL, read_registry
from labtools.privacy.release import check_release
from labtools.privacy.rules import CHECKS, Evidence
from labtools.settings import Disclosure
from labtools.tables.contracts import CONTRACTS

OURS = paths.bundled("data", "reference", "published.toml").read_text(encoding="utf-8")
EVIDENCE = Evidence(frozenset(), Disclosure())


def entry(name):
    return re.search(rf'\[\[table\]\]\nname = "{name}"\n(?:\w+ = .+\n)+', OURS)[0]


@pytest.fixture
def edited(tmp_path):
    """Write our registry with one text in place of another, and read it."""

    def read(old, new):
        assert old in OURS
        own = tmp_path / "published.toml"
        own.write_text(OURS.replace(old, new), encoding="utf-8")
        return read_registry(own)

    return read


def test_every_published_table_is_canonical_and_its_rule_is_explained():
    registry = read_registry()

    assert set(registry.tables) <= set(CONTRACTS)
    assert {one.rule for one in registry.table} <= {rule.key for rule in registry.rule}
    assert {rule.key for rule in registry.rule} == set(CHECKS)
    assert all(len(rule.why) > 40 for rule in registry.rule)


def test_only_a_table_of_municipality_and_year_may_show_a_sensitive_crime():
    sensitive = [one for one in read_registry().table if one.sensitive]

    assert [(one.place, one.period) for one in sensitive] == [("municipality", "year")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crime", 'rule = "rounded"\nplace = "colonia"\nperiod = "year"\n'),
        ("series", 'rule = "rounded"\nplace = "colonia"\nperiod = "quarter"\n'),
        ("municipality_series", 'rule = "rounded"\nplace = "municipality"\nperiod = "month"\n'),
        # Said to be by year, but its contract has no place for a sensitive crime.
        ("years", 'rule = "rounded"\nplace = "municipality"\nperiod = "year"\n'),
    ],
)
def test_a_registry_that_would_show_a_sensitive_crime_finer_is_refused(edited, name, said):
    wished = f'[[table]]\nname = "{name}"\n{said}sensitive = true\n'

    with pytest.raises(PrivacyError, match=f"sensitive crimes in {name}"):
        edited(entry(name), wished)


@pytest.mark.parametrize(
    ("name", "rule", "told"),
    [
        ("crime", "trust_me", "the rule trust_me, which there is not"),
        ("crime", "by_nature", "does not protect the table crime"),
        ("series", "from_rounded", "does not protect the table series"),
        ("years", "floors", "does not protect the table years"),
        ("perception", "floors", "does not protect the table perception"),
        ("place", "by_nature", "does not protect the table place"),
        ("dark_figure", "by_nature", "does not protect the table dark_figure"),
    ],
)
def test_a_table_is_not_given_a_rule_that_does_not_protect_it(edited, name, rule, told):
    old = entry(name)

    with pytest.raises(PrivacyError, match=told):
        edited(old, re.sub(r'rule = "\w+"', f'rule = "{rule}"', old))


def test_a_rule_that_the_file_does_not_explain_is_refused(edited):
    explained = re.search(r'\[\[rule\]\]\nkey = "pooled"\n.+\n.+\n', OURS)[0]

    with pytest.raises(PrivacyError, match=r"the rule pooled, .* does not explain"):
        edited(explained, "")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (entry("crime"), "", "has — twice, lacks crime, .* and has —, which"),
        (entry("place"), entry("place") * 2, "has place twice"),
        ('name = "place"', 'name = "hunches"', "hunches, which is no canonical table"),
        (
            entry("years"),
            entry("years") + '\n[[table]]\nname = "panel"\nrule = "rounded"\nplace = "colonia"\n'
            'period = "month"\n',
            "has panel, which no edition makes for the public",
        ),
    ],
)
def test_a_registry_that_is_not_whole_or_names_what_is_not_public_is_refused(
    edited, old, new, told
):
    with pytest.raises(PrivacyError, match=told):
        edited(old, new)


def test_a_registry_that_lacks_an_entry_is_refused_with_its_place(edited):
    with pytest.raises(SettingsError, match=r"rule\.0\.why is not valid: it is missing"):
        edited(re.search(r"why = .+\n", OURS)[0], "")


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_a_lab_may_leave_a_table_out_and_then_it_is_not_released(edited, name):
    registry = edited(entry(name), "")

    assert name not in registry.tables
    with pytest.raises(PrivacyError, match="not registered for release"):
        check_release(name, pd.DataFrame(), EVIDENCE, registry)


def test_a_sensitive_crime_in_the_bytes_is_refused_whatever_the_rule():
    table = pd.DataFrame({"group": ["sensitive"], "value": [0.4], "colonia_id": ["c"]})

    with pytest.raises(PrivacyError, match="sensitive group by colonia"):
        check_release("indicators", table, EVIDENCE)


def test_what_is_released_is_told_in_the_words_of_the_registry(edited):
    registry = edited('title = "Pública por naturaleza"', 'title = "No habla de nadie"')

    told = check_release("sources", pd.DataFrame(), EVIDENCE, registry)

    assert told == "by_nature: No habla de nadie"
