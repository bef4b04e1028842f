"""The bill of materials names what the lock file pins, with its hashes, and nothing else."""

import json
import re

from tests.release.bill import LOCK, Package, bill, licence_of, packages_of, report

PINNED = """\
first-one==1.2.3 ; python_version >= "3.11" \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via second
Second.two==0.1 \\
    --hash=sha256:{c}
""".format(a="a" * 64, b="b" * 64, c="c" * 64)


def test_every_package_that_the_lock_file_pins_is_there_once_with_all_its_hashes():
    lock = LOCK.read_text(encoding="utf-8")

    packages = list(packages_of(lock))

    assert len(packages) == len(re.findall(r"^\S+==", lock, flags=re.MULTILINE))
    assert len({it.purl for it in packages}) == len(packages)
    assert sum(len(it.sha256) for it in packages) == lock.count("--hash=sha256:")
    assert all(it.sha256 for it in packages)


def test_names_are_those_of_package_urls_and_hashes_are_the_files_own():
    first, second = packages_of(PINNED)

    assert (first.purl, first.sha256) == ("pkg:pypi/first-one@1.2.3", ("a" * 64, "b" * 64))
    assert (second.purl, second.sha256) == ("pkg:pypi/second-two@0.1", ("c" * 64,))
    assert first.licence == "not installed here"


def test_the_bill_has_what_its_standard_cannot_do_without_and_is_the_same_twice():
    packages = list(packages_of(PINNED))

    told = bill(packages, PINNED)

    assert json.dumps(told) == json.dumps(bill(packages, PINNED))
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told["serialNumber"])
    refs = [it["bom-ref"] for it in told["components"]]
    assert told["dependencies"][0]["dependsOn"] == refs
    assert all({"type", "name", "version", "purl"} <= it.keys() for it in told["components"])
    assert told["serialNumber"] != bill(packages, PINNED + "\n")["serialNumber"]


def test_a_licence_is_what_the_package_says_and_never_a_guess():
    assert licence_of("numpy").startswith("BSD-3-Clause")
    assert licence_of("there-is-no-such-package") == "not installed here"


def test_the_report_counts_each_licence_and_names_each_package():
    packages = [Package(name, "1", (), licence) for name, licence in (("a", "MIT"), ("b", "X|Y"))]

    told = report(packages)

    assert "| MIT | 1 |" in told
    assert "| b | 1 | X/Y |" in told
