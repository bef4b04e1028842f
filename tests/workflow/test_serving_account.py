import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from labtools.paths import Workbench

pytestmark = [pytest.mark.slow]

#: An account that owns nothing.
NOBODY = 65_534
#: Tries to read every path that it is told, and tells which ones let it.
READER = """
import json, os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
told = []
for path in json.load(sys.stdin):
    try:
        if os.path.isdir(path):
            os.listdir(path)
        else:
            open(path, "rb").read(1)
    except OSError:
        continue
    told.append(path)
json.dump(told, sys.stdout)
"""


@pytest.fixture
def open_to_all(finished):
    """A copy of a finished workbench on a way that any account may walk."""
    if os.getuid() != 0:
        pytest.skip("only root can become another account")
    with tempfile.TemporaryDirectory(prefix="labtools-") as folder:
        Path(folder).chmod(0o755)
        yield Workbench(shutil.copytree(finished.root, Path(folder) / "bench", symlinks=True))


def readable(paths):
    asked = json.dumps([str(path) for path in paths])
    done = subprocess.run(
        [sys.executable, "-c", READER], input=asked, capture_output=True, text=True, check=True
    )
    return {Path(path) for path in json.loads(done.stdout)}


def test_another_account_reads_what_is_published_and_nothing_else(open_to_all):
    run = open_to_all.latest.resolve()
    paths = [path for path in open_to_all.root.rglob("*") if not path.is_symlink()]

    can = readable(paths)

    files = {path for path in paths if path.is_file()}
    published = {path for path in files if path.is_relative_to(run / "public")}
    assert len(files - published) > 100
    assert can & files == published
    # Folders on the way to what is published, which tell no more than names.
    assert {p for p in can - files if not p.is_relative_to(run / "public")} <= {
        open_to_all.reports,
        run,
    }
