import hashlib
import json
from datetime import UTC, datetime

import pytest

from labtools.errors import PrivacyError
from labtools.privacy.ledger import (
    approve,
    chain_plain_lines,
    check_signed,
    decide,
    read_ledger,
    rotate,
    seal,
    signatures,
    withdraw,
    withdrawn,
)

REVIEWERS = ("Ana", "Beto", "Carla")
FACTS = {"tables": {"crime": {"rule": "P2", "sha256": "ab"}}, "audit": {"exact": 0, "narrow": 0}}


@pytest.fixture
def ledger(tmp_path):
    return tmp_path / "ledger.jsonl"


@pytest.fixture
def signed(ledger):
    """A ledger of four lines: a decision, two signatures, a later decision."""
    decide(ledger, "2025-09", FACTS, by="lab")
    approve(ledger, "2025-09", reviewer="Ana", reviewers=REVIEWERS)
    approve(ledger, "2025-09", reviewer="Beto", reviewers=REVIEWERS)
    decide(ledger, "2025-12", FACTS, by="lab")
    return ledger


def test_a_ledger_that_nobody_wrote_is_empty(ledger):
    assert read_ledger(ledger) == ()
    assert signatures((), "2025-09") == ()


def test_what_was_decided_is_read_back_with_its_place_in_the_chain(signed):
    entries = read_ledger(signed)

    assert [e.kind for e in entries] == ["decision", "approval", "approval", "decision"]
    assert [e.number for e in entries] == [1, 2, 3, 4]
    assert [e.previous for e in entries[1:]] == [e.sha256 for e in entries[:-1]]
    assert dict(entries[0].facts) == FACTS
    assert entries[1].by == "Ana"
    assert signatures(entries, "2025-09") == ("Ana", "Beto")
    assert signatures(entries, "2025-12") == ()


def changed(lines, number, **facts):
    told = {**json.loads(lines[number]), **facts}
    return [*lines[:number], json.dumps(told), *lines[number + 1 :]]


@pytest.mark.parametrize(
    ("how", "line"),
    [
        (lambda lines: changed(lines, 1, by="Carla"), 2),
        (lambda lines: changed(lines, 0, audit={"exact": 1}), 1),
        (lambda lines: changed(lines, 0, sha256="0" * 64), 1),
        (lambda lines: changed(lines, 3, decided="2020-01-01T00:00:00+00:00"), 4),
        (lambda lines: [lines[0], *lines[2:]], 2),
        (lambda lines: lines[1:], 1),
        (lambda lines: lines[:-1], 4),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], 2),
        (lambda lines: [*lines, lines[-1]], 5),
        (lambda lines: [*lines, "not a line of it"], 5),
        (lambda lines: [*lines, json.dumps({"run": "2026-03", "tables": {}})], 5),
        (lambda _: [], 1),
    ],
)
def test_a_line_changed_removed_moved_or_put_in_is_seen(signed, how, line):
    lines = signed.read_text(encoding="utf-8").splitlines()
    signed.write_text("".join(f"{one}\n" for one in how(lines)), encoding="utf-8")

    with pytest.raises(PrivacyError, match=f"line {line} is not the one that was added"):
        read_ledger(signed)


def test_a_line_added_while_the_power_went_is_no_tampering(signed):
    head = signed.with_suffix(".head")
    before = head.read_bytes()
    decide(signed, "2026-03", FACTS, by="lab")
    head.write_bytes(before)

    assert len(read_ledger(signed)) == 5


def test_nothing_is_added_to_a_ledger_that_was_changed(signed):
    signed.write_text(signed.read_text(encoding="utf-8").replace("Beto", "Rosa"), encoding="utf-8")
    before = signed.read_bytes()

    with pytest.raises(PrivacyError, match="was changed after it was written"):
        decide(signed, "2026-03", FACTS, by="lab")

    assert signed.read_bytes() == before


def test_a_release_needs_the_signatures_of_two_reviewers(ledger):
    decide(ledger, "2025-09", FACTS, by="lab")
    approve(ledger, "2025-09", reviewer="Ana", reviewers=REVIEWERS)

    with pytest.raises(PrivacyError, match=r"needs 2 signatures and has 1 \(Ana\)"):
        check_signed(ledger, "2025-09", reviewers=REVIEWERS)

    approve(ledger, "2025-09", reviewer="Carla", reviewers=REVIEWERS)
    check_signed(ledger, "2025-09", reviewers=REVIEWERS)


def test_a_signature_of_somebody_who_is_no_longer_a_reviewer_does_not_count(signed):
    with pytest.raises(PrivacyError, match=r"has 1 \(Ana\)"):
        check_signed(signed, "2025-09", reviewers=("Ana", "Carla"))


def test_a_workbench_without_reviewers_releases_unsigned(signed):
    check_signed(signed, "2025-12", reviewers=())

    assert signatures(read_ledger(signed), "2025-12") == ()


def test_a_decision_made_anew_must_be_signed_anew(signed):
    decide(signed, "2025-09", FACTS, by="lab")

    assert signatures(read_ledger(signed), "2025-09") == ()


@pytest.mark.parametrize(
    ("run", "reviewer", "expected"),
    [
        ("2025-12", "Dario", "not a reviewer of this workbench. These are: Ana, Beto"),
        ("2025-09", "Ana", "already signed"),
        ("2024-12", "Ana", "no decision about the run 2024-12"),
    ],
)
def test_who_may_not_sign_is_told_why(signed, run, reviewer, expected):
    with pytest.raises(PrivacyError, match=expected):
        approve(signed, run, reviewer=reviewer, reviewers=REVIEWERS)

    assert len(read_ledger(signed)) == 4


def test_an_edition_is_withdrawn_with_its_reason_and_its_signatures_end(signed):
    withdraw(signed, "2025-09", reason="a rate was wrong", by="lab")

    entries = read_ledger(signed)
    assert withdrawn(entries) == {"2025-09": "a rate was wrong"}
    assert signatures(entries, "2025-09") == ()
    with pytest.raises(PrivacyError, match="needs 2 signatures and has 0"):
        check_signed(signed, "2025-09", reviewers=REVIEWERS)
    with pytest.raises(PrivacyError, match="withdrawn already"):
        withdraw(signed, "2025-09", reason="again", by="lab")


def test_an_edition_decided_again_after_its_withdrawal_stands(signed):
    withdraw(signed, "2025-09", reason="a rate was wrong", by="lab")

    decide(signed, "2025-09", FACTS, by="lab")

    assert withdrawn(read_ledger(signed)) == {}


@pytest.mark.parametrize(("run", "reason"), [("2025-09", "  "), ("2020-01", "never was")])
def test_a_withdrawal_needs_a_release_and_a_reason(signed, run, reason):
    with pytest.raises(PrivacyError, match=r"Say why|no release"):
        withdraw(signed, run, reason=reason, by="lab")

    assert len(read_ledger(signed)) == 4


def test_a_new_key_is_told_with_its_first_day_and_its_reason_and_ends_no_signature(signed):
    entry = rotate(signed, "2026-01-01", reason="every five years", by="Ana")

    assert entry == read_ledger(signed)[-1]
    assert (entry.number, entry.kind, entry.by, entry.run) == (5, "rotation", "Ana", "")
    assert dict(entry.facts) == {"first_day": "2026-01-01", "reason": "every five years"}
    assert signatures(read_ledger(signed), "2025-09") == ("Ana", "Beto")
    with pytest.raises(PrivacyError, match="Say why"):
        rotate(signed, "2026-01-01", reason=" ", by="Ana")


def test_a_protocol_is_sealed_once_with_the_same_content_and_anew_with_another(ledger):
    when = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)

    first = seal(ledger, "lights", "ab", by="Ana", when=when)
    second = seal(ledger, "lights", "cd", by="Ana")

    assert (first.kind, first.run, dict(first.facts)) == ("seal", "lights", {"digest": "ab"})
    assert first.decided == "2025-03-01T09:30:00+00:00"
    assert (second.number, second.previous) == (2, first.sha256)
    with pytest.raises(PrivacyError, match="already"):
        seal(ledger, "lights", "cd", by="Beto")
    assert seal(ledger, "other", "cd", by="Beto").number == 3
    assert seal(ledger, "lights", "ab", by="Beto").number == 4  # what was sealed first, again


def plain(run: str) -> str:
    """A decision as version 0.1.0 wrote it: nothing links it to the one before."""
    told = {"decided": "2025-10-01T09:00:00+00:00", "by": "lab", "run": run}
    return json.dumps({**told, "tables": {"crime": run}, "population": 900})


def test_old_lines_become_a_chain_of_the_same_decisions_and_are_kept_beside(ledger):
    ledger.write_text(f"{plain('2025-06')}\n{plain('2025-09')}\n", encoding="utf-8")
    before, kept = ledger.read_bytes(), ledger.with_name("ledger.plain")

    assert chain_plain_lines(ledger, kept) == 2

    entries = read_ledger(ledger)
    assert [(it.run, it.by) for it in entries] == [("2025-06", "lab"), ("2025-09", "lab")]
    assert dict(entries[1].facts) == {"tables": {"crime": "2025-09"}, "population": 900}
    assert {it.decided for it in entries} == {"2025-10-01T09:00:00+00:00"}
    assert kept.read_bytes() == before
    assert kept.stat().st_mode & 0o777 == 0o400
    assert chain_plain_lines(ledger, kept) == 0  # it is a chain now


@pytest.mark.parametrize(("lines", "line"), [([1, 0], 1), ([0, 1], 2), ([0, 1, 1], 2)])
def test_of_old_lines_that_are_no_decisions_the_first_is_named_and_nothing_is_changed(
    ledger, lines, line
):
    written = [plain("2025-06"), "{}"]
    ledger.write_text("\n".join(written[it] for it in lines) + "\n", encoding="utf-8")
    before = ledger.read_bytes()

    with pytest.raises(PrivacyError, match=rf"line {line} "):
        chain_plain_lines(ledger, ledger.with_name("kept"))

    assert ledger.read_bytes() == before
    assert not ledger.with_name("kept").exists()


def test_a_second_seal_of_one_content_is_refused_with_the_day_of_the_last(ledger):
    for day, digest in ((1, "ab"), (2, "cd"), (3, "ef")):
        seal(ledger, "lights", digest, by="Ana", when=datetime(2025, 3, day, 9, 30, tzinfo=UTC))

    with pytest.raises(PrivacyError, match=r"protocol lights is sealed .* since 2025-03-03, with"):
        seal(ledger, "lights", "ef", by="Beto")


def test_where_there_are_no_reviewers_or_signatures_a_dash_stands_for_them(ledger):
    decide(ledger, "2025-09", FACTS, by="lab")

    with pytest.raises(PrivacyError, match="These are: —"):
        approve(ledger, "2025-09", reviewer="Ana", reviewers=())
    with pytest.raises(PrivacyError, match=r"has 0 \(—\)"):
        check_signed(ledger, "2025-09", reviewers=REVIEWERS)


def test_lines_are_numbered_from_one_and_link_to_the_one_before(ledger):
    first = decide(ledger, "2025-09", FACTS, by="lab")
    second = decide(ledger, "2025-12", FACTS, by="lab")

    assert (first.number, second.number) == (1, 2)
    assert second.previous == first.sha256
    assert len(first.sha256) == 64
    assert ledger.stat().st_mode & 0o777 == 0o600
    assert datetime.fromisoformat(first.decided).tzinfo is not None


def test_the_first_line_follows_64_noughts_and_a_checksum_is_that_of_its_line_as_json(ledger):
    decide(ledger, "2025-09", FACTS, by="Zoë")

    told = json.loads(ledger.read_text(encoding="utf-8"))

    assert told["previous"] == "0" * 64
    own = told.pop("sha256")
    written = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert own == hashlib.sha256(written.encode("utf-8")).hexdigest()
    assert "Zoë" in written
    assert ledger.with_suffix(".head").read_text(encoding="ascii").strip() == own
