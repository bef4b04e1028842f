"""A server of S3 of its own for the tests, from a package; its objects outlive its stops."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class Bucket:
    """A bucket, and the server that answers for it.

    Attributes
    ----------
    port : int
    server : moto.server.ThreadedMotoServer
    """

    port: int = 0
    server: Any = field(default=None)

    def start(self) -> None:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - an extra

        self.server = ThreadedMotoServer("127.0.0.1", port=self.port, verbose=False)
        self.server.start()
        self.port = self.server.get_host_and_port()[1]

    def stop(self) -> None:
        self.server.stop()

    def empty(self) -> None:
        """Forget all objects, which belong to this process, and make two buckets."""
        for method, path in (("POST", "moto-api/reset"), ("PUT", "publico"), ("PUT", "interno")):
            place = f"http://127.0.0.1:{self.port}/{path}"
            asked = urllib.request.Request(place, b"", method=method)
            with urllib.request.urlopen(asked, timeout=10):  # noqa: S310
                pass

    @property
    def url(self) -> str:
        return "s3://publico"

    @property
    def inner(self) -> str:
        return "s3://interno"

    def environment(self) -> dict[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "probando",
            "AWS_SECRET_ACCESS_KEY": "probando",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_MAX_ATTEMPTS": "1",
        }


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """Start a server; skip the tests where its package is not installed."""
    pytest.importorskip("moto", reason="moto, a server of S3 for tests, is not installed")
    pytest.importorskip("flask_cors", reason="moto, a server of S3 for tests, is not installed")
    bucket = Bucket()
    bucket.start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bucket.environment().items():
            patch.setenv(name, value)
        yield bucket
    bucket.stop()
