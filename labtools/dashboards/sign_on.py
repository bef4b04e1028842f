"""Sign-on for dashboards that are not for everybody: a proxy asks who it is, and vouches for it.

The proxy (OIDC, through oauth2-proxy; see ``operations/``) writes the reader's name into a header
and its own key into another.  A name without the key came from somewhere else, and is not
believed; the key is kept in a file that the proxy and this account alone can read.
"""

from __future__ import annotations

import hashlib
import hmac
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher

from labtools.errors import SettingsError

READER = "X-Labtools-Reader"
PROXY = "X-Labtools-Proxy"
OPEN_TO_WATCHERS = "/health"

_SHORTEST = 32
_LONGEST_NAME = 254  # characters of an e-mail address


def digest_of_key(file: Path) -> str:
    """Return the digest by which a proxy's key is known; the key itself goes no further.

    Raises
    ------
    SettingsError
        If the file cannot be read, may be read by everybody, or holds a short key.
    """
    try:
        key, mode = file.read_text(encoding="utf-8").strip(), file.stat().st_mode
    except (OSError, UnicodeDecodeError) as unreadable:
        raise SettingsError(
            "The key of the proxy cannot be read from {file} ({reason}). Make one: “openssl rand "
            "-hex 32”, in a file that the proxy and this account alone can read.",
            file=str(file),
            reason=str(unreadable),
        ) from unreadable
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise SettingsError(
            "Every account of this machine can read the key of the proxy, {file}: whoever has it "
            "can pretend to be anybody. Close it: “chmod o-rwx {file}”.",
            file=str(file),
        )
    if len(key) < _SHORTEST:
        raise SettingsError(
            "The key of the proxy in {file} has {n} characters and needs {least}. Make one: "
            "“openssl rand -hex 32”.",
            file=str(file),
            n=len(key),
            least=_SHORTEST,
        )
    return hashlib.sha256(key.encode()).hexdigest()


def is_signed_on(headers: Mapping[str, str], digest: str) -> bool:
    """Return whether the proxy whose key has this digest vouches for a reader.

    Parameters
    ----------
    headers : mapping of str to str
        Of a request; a header that came twice is joined by commas, and so is no key.
    """
    key = hashlib.sha256(headers.get(PROXY, "").encode()).hexdigest()
    name = headers.get(READER, "").strip()
    return hmac.compare_digest(key, digest) and 0 < len(name) <= _LONGEST_NAME


class SignedOn(Matcher):  # type: ignore[misc] # tornado's types are not read
    """Matches requests of readers for whom the proxy vouches; all of them where none is asked."""

    def __init__(self, digest: str) -> None:
        self._digest = digest

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return no argument where the reader is let in, None where not."""
        if not self._digest or request.path == OPEN_TO_WATCHERS:
            return {}
        return {} if is_signed_on(request.headers, self._digest) else None
