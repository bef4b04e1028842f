"""A deposited edition is whole or not there, of one audience, and comes back to the byte."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("s3fs", reason="labtools[dist] is not installed")

from labtools.errors import PrivacyError, SettingsError
from labtools.paths import Workbench
from labtools.privacy.ledger import LEDGER, decide, withdraw
from labtools.tables.lineage import sha256_of
from labtools.workflow import deposit as module
from labtools.workflow.deposit import LIST, MARK, POINTER, RECORD, deposit
from labtools.workflow.fetching import fetch
from labtools.workflow.objects import Objects, objects_at
from tests.workflow.buckets import running_bucket
from tests.workflow.few import bytes_in

OLD, NEW = "2025-09-aaaaaaaaaa", "2025-12-bbbbbbbbbb"
PAGES = 12


@pytest.fixture
def bench(tmp_path):
    """A workbench with two published editions of many small files."""
    made = Workbench(tmp_path / "lab")
    for run in (OLD, NEW):
        for n in range(PAGES):
            page = made.run(run) / "public" / "site" / "colonias" / f"ñ{n:03d}.html"
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(f"<p>{run} {n}</p>" * 50, encoding="utf-8")
        true = made.run(run) / "internal" / "city" / "crime.parquet"
        true.parent.mkdir(parents=True)
        true.write_bytes(b"PAR1 true counts")
        _seal(made.run(run))
        decide(made.reports / LEDGER, run, {"tables": {}}, by="ana")
    (made.reports / "latest").symlink_to(NEW)
    return made


def _seal(run):
    outputs = {
        path.relative_to(run).as_posix(): sha256_of(path)
        for path in (run / "public").rglob("*")
        if path.is_file()
    }
    (run / "manifest.json").write_text(json.dumps({"outputs": outputs}), encoding="utf-8")


@pytest.fixture(scope="module")
def server():
    with running_bucket() as started:
        yield started


@pytest.fixture
def bucket(server):
    server.empty()
    return server


@pytest.fixture(params=["s3", "file"])
def url(request, tmp_path):
    """An address in a bucket of S3, and one on a disk."""
    if request.param == "s3":
        return request.getfixturevalue("bucket").url + "/laboratorio"
    return f"file://{tmp_path}/disk"


def put_after(monkeypatch, calls, fault):
    """Let so many objects arrive, then call `fault` before each."""
    put, seen = Objects.put, []

    def putting(self, name, told):
        if len(seen) >= calls:
            fault(name)
        put(self, name, told)
        seen.append(name)  # once it is there: several are on their way at a time

    monkeypatch.setattr(Objects, "put", putting)
    return seen


def test_what_is_fetched_is_the_public_folder_to_the_byte_and_nothing_else(bench, url, tmp_path):
    done = deposit(bench, url)

    fetched = fetch(url, tmp_path / "web")

    assert (done.run, done.files, done.sent) == (NEW, PAGES, PAGES)
    assert bytes_in(fetched.folder) == {
        f"public/{name}": digest for name, digest in bytes_in(bench.run(NEW) / "public").items()
    }
    assert (tmp_path / "web" / "latest").readlink() == Path(NEW)
    assert not [name for name in objects_at(url).sizes() if "internal" in name]


def test_what_is_there_is_not_sent_nor_fetched_again(bench, url, tmp_path, monkeypatch):
    deposit(bench, url)
    fetch(url, tmp_path / "web")
    seen = put_after(monkeypatch, 1000, None)

    again, fetched = deposit(bench, url), fetch(url, tmp_path / "web")

    assert (again.sent, fetched.received) == (0, 0)
    assert seen == [f"{NEW}/{LIST}", POINTER]


def test_a_server_that_dies_midway_leaves_the_old_edition_and_the_rest_is_sent_later(
    bench, bucket, tmp_path, monkeypatch
):
    deposit(bench, bucket.url, run_id=OLD)
    once = threading.Lock()

    def die(_name):
        with once:
            bucket.stop()

    with monkeypatch.context() as dying:
        put_after(dying, 5, die)
        with pytest.raises(SettingsError, match="does not answer as it should"):
            deposit(bench, bucket.url)
    bucket.start()

    stood = fetch(bucket.url, tmp_path / "web")
    after = deposit(bench, bucket.url)
    assert stood.folder.name == OLD
    assert 0 < after.sent < PAGES
    assert fetch(bucket.url, tmp_path / "web").folder.name == NEW


def test_a_deposit_that_is_killed_leaves_the_old_edition(bench, bucket, tmp_path):
    deposit(bench, bucket.url, run_id=OLD)
    slow = (
        "import sys, time; from pathlib import Path; from labtools.paths import Workbench\n"
        "from labtools.workflow import objects, deposit\n"
        "send = objects.Objects.put\n"
        "def put(self, name, told):\n"
        "    time.sleep(0.3); send(self, name, told); print(name, flush=True)\n"
        "objects.Objects.put = put\n"
        f"deposit.deposit(Workbench(Path(sys.argv[1])), {bucket.url!r})\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", slow, str(bench.root)], stdout=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    assert fetch(bucket.url, tmp_path / "web").folder.name == OLD
    assert deposit(bench, bucket.url).sent < PAGES


def test_an_object_altered_there_is_sent_again_and_never_fetched(bench, url, tmp_path):
    deposit(bench, url)
    there, page = objects_at(url), f"{NEW}/public/site/colonias/ñ003.html"
    good = there.read(page)
    there.put(page, good.replace(b"3", b"4"))

    with pytest.raises(SettingsError, match=r"ñ003\.html at .* is not what was deposited"):
        fetch(url, tmp_path / "web")

    assert not (tmp_path / "web" / "latest").exists()
    assert not (tmp_path / "web" / NEW).exists()
    assert deposit(bench, url).sent == 1
    assert 1 <= fetch(url, tmp_path / "web").received < PAGES  # what came before was kept


def test_a_store_that_gives_back_other_bytes_is_found_out_before_the_edition_is_in_place(
    bench, url, monkeypatch
):
    deposit(bench, url, run_id=OLD)
    put = Objects.put
    monkeypatch.setattr(
        Objects,
        "put",
        lambda self, name, told: put(self, name, b"?" * 10 if "ñ007" in name else told),
    )

    with pytest.raises(SettingsError, match=r"ñ007\.html at .* is not what was written"):
        deposit(bench, url)

    assert json.loads(objects_at(url).read(POINTER))["run"] == OLD


def test_two_audiences_never_share_an_address_nor_one_below_it(bench, url):
    deposit(bench, url)

    for place in (url, f"{url}/interno", f"{url}/a/b"):
        with pytest.raises(PrivacyError, match="holds editions of the audience “public”"):
            deposit(bench, place, audience="internal")
    assert not [name for name in objects_at(url).sizes() if "crime" in name]


def test_an_address_above_a_deposit_is_refused(bench, bucket):
    deposit(bench, f"{bucket.url}/lab/interno", audience="internal")

    with pytest.raises(SettingsError, match="holds something that is no deposit of ours"):
        deposit(bench, f"{bucket.url}/lab")


def test_the_internal_edition_goes_only_where_it_is_asked_and_comes_back_whole(
    bench, bucket, tmp_path
):
    deposit(bench, bucket.inner, audience="internal")

    fetched = fetch(bucket.inner, tmp_path / "lab2")

    assert bytes_in(fetched.folder) == bytes_in(bench.run(NEW))
    assert fetched.folder.stat().st_mode & 0o777 == 0o700
    line = json.loads((bench.reports / RECORD).read_text(encoding="utf-8"))
    assert (line["audience"], line["run"], line["url"]) == ("internal", NEW, bucket.inner)


@pytest.mark.parametrize("what", ["altered", "added", "lost"])
def test_a_public_folder_that_is_not_what_was_published_is_not_deposited(bench, tmp_path, what):
    page = bench.run(NEW) / "public" / "site" / "colonias" / "ñ001.html"
    if what == "lost":
        page.unlink()
    else:
        (page if what == "altered" else page.with_name("true_counts.csv")).write_text("1")

    with pytest.raises(PrivacyError, match=r"1 files of the edition .* are not those that were"):
        deposit(bench, f"file://{tmp_path}/disk")


def test_a_withdrawn_edition_is_taken_away_there_and_at_whoever_fetched_it(bench, url, tmp_path):
    deposit(bench, url, run_id=NEW)
    fetch(url, tmp_path / "web")
    withdraw(bench.reports / LEDGER, NEW, reason="un error", by="ana")

    with pytest.raises(PrivacyError, match=r"was withdrawn \(un error\)"):
        deposit(bench, url)
    with pytest.raises(SettingsError, match="was withdrawn, and no other is in place"):
        fetch(url, tmp_path / "web")

    assert sorted(objects_at(url).sizes()) == [MARK, POINTER]
    assert list((tmp_path / "web").iterdir()) == []
    deposit(bench, url, run_id=OLD)
    assert fetch(url, tmp_path / "web").folder.name == OLD


@pytest.mark.parametrize("path", ["../../etc/x", "public/../../x", "/etc/x", "data/secrets/k"])
def test_a_list_that_names_places_outside_is_refused(bench, tmp_path, path):
    url = f"file://{tmp_path}/disk"
    deposit(bench, url)
    there = objects_at(url)
    told = json.dumps({"run": NEW, "files": {path: [1, "0"]}}).encode()
    there.put(f"{NEW}/{LIST}", told)
    there.put(POINTER, module._pointer(NEW, module.hashlib.sha256(told).hexdigest(), {}))

    with pytest.raises(SettingsError, match="is not what was written there"):
        fetch(url, tmp_path / "web")


def test_an_address_nobody_answers_at_is_told_in_one_sentence(bench, bucket):
    bucket.stop()

    with pytest.raises(SettingsError, match=r"s3://publico does not answer as it should \("):
        deposit(bench, bucket.url)
    bucket.start()


@pytest.mark.parametrize("url", ["reports/x", "foo://x"])
def test_what_is_no_address_is_told(bench, url):
    with pytest.raises(SettingsError, match=f"{url} is not an address"):
        deposit(bench, url)
