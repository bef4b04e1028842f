"""Sign-on: a proxy asks who it is, and only what comes through it is believed."""

import http.client
import http.server
import threading
import tomllib
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("voila")

from labtools.dashboards import sign_on
from labtools.dashboards.door import Proxy
from labtools.dashboards.server import serving
from labtools.errors import SettingsError

OPERATIONS = Path(sign_on.__file__).parent / "operations"
KEY = "k3y-of-the-proxy-" * 3
#: What the identity provider knows: a session's cookie, and whose it is.
SESSIONS = {"session=of-ana": "ana@municipio.example"}
OURS = {sign_on.READER.lower(), sign_on.PROXY.lower()}


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    file = tmp_path_factory.mktemp("key") / "proxy.key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    file.chmod(0o440)
    return file


@pytest.fixture(scope="module")
def internal(tmp_path_factory, key):
    """Serve still pages only, to readers whom the proxy vouches for."""
    from tests.browser.released_example import write_edition  # noqa: PLC0415 - needs Voilà

    public = write_edition(tmp_path_factory.mktemp("bench") / "reports" / "2026-01" / "public")
    with serving(public, port=0, proxy=Proxy((), key), most_readers=0) as running:
        yield running


class Forwarding(http.server.BaseHTTPRequestHandler):
    """As much of a proxy as ``nginx.conf`` asks for: sign-on, then its own two headers."""

    to = ""

    def do_GET(self):
        reader = SESSIONS.get(self.headers.get("Cookie", ""), "")
        if not reader:
            self.send_response(302)
            self.send_header("Location", "/oauth2/sign_in")
            self.end_headers()
            return
        sent = {name: told for name, told in self.headers.items() if name.lower() not in OURS}
        vouched = {sign_on.READER: reader, sign_on.PROXY: KEY}
        status, body = asked(self.to, self.path, {**sent, "Host": self.to, **vouched})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextmanager
def proxy_to(running):
    handler = type("ToOne", (Forwarding,), {"to": urlsplit(running.url).netloc})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


def asked(host, path, headers):
    line = http.client.HTTPConnection(host, timeout=30)
    try:
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


@pytest.mark.slow
def test_a_reader_who_signed_on_at_the_proxy_reads_and_another_is_sent_to_sign_in(internal):
    with proxy_to(internal) as proxy:
        status, page = asked(proxy, "/colonia_explorer?colonia=c03", {"Cookie": "session=of-ana"})
        stranger, nothing = asked(proxy, "/colonia_explorer?colonia=c03", {})

    assert status == 200
    assert "<h1>Álamos</h1>" in page.decode()
    assert (stranger, nothing) == (302, b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    "told",
    [
        {},
        {sign_on.READER: "ana@municipio.example"},
        {sign_on.READER: "ana@municipio.example", sign_on.PROXY: ""},
        {sign_on.READER: "ana@municipio.example", sign_on.PROXY: KEY[:-1]},
        {sign_on.READER: "ana@municipio.example", sign_on.PROXY: f"{KEY},{KEY}"},
        {"X-Forwarded-User": "ana", "X-Auth-Request-Email": "ana@municipio.example"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Cookie": "session=of-ana"},
        {sign_on.PROXY: KEY},
        {sign_on.PROXY: KEY, sign_on.READER: "x" * 300},
    ],
)
def test_a_name_that_did_not_come_through_the_proxy_is_not_believed(internal, told):
    host = urlsplit(internal.url).netloc

    for path in ("/", "/live/alerts", "/site/index.html", "/metrics", "/api/kernels", "/no"):
        status, body = asked(host, path, told)
        assert status == 401
        assert "Álamos" not in body.decode()
    assert asked(host, "/health", told)[0] == 200


@pytest.mark.slow
def test_what_a_reader_says_of_himself_is_written_over_by_the_proxy(internal):
    with proxy_to(internal) as proxy:
        told = {sign_on.READER: "jefe@municipio.example", sign_on.PROXY: "guess"}
        assert asked(proxy, "/", {"Cookie": "session=of-ana", **told})[0] == 200
        assert asked(proxy, "/", told)[0] == 302


@pytest.mark.slow
def test_no_other_account_sees_the_key_in_the_list_of_processes(internal):
    told = Path(f"/proc/{internal.process.pid}/cmdline").read_bytes()

    assert internal.service.proxy_digest.encode() in told
    assert KEY.encode() not in told


def test_a_key_that_others_can_read_or_that_is_short_or_absent_is_refused(tmp_path):
    file = tmp_path / "proxy.key"
    with pytest.raises(SettingsError, match=r"proxy\.key"):
        sign_on.digest_of_key(file)
    file.write_text(KEY, encoding="utf-8")
    file.chmod(0o444)
    with pytest.raises(SettingsError, match="chmod o-rwx"):
        sign_on.digest_of_key(file)
    file.chmod(0o600)
    file.write_text("short", encoding="utf-8")
    with pytest.raises(SettingsError, match="32"):
        sign_on.digest_of_key(file)


def test_the_configuration_that_ships_names_the_headers_that_are_believed():
    nginx = (OPERATIONS / "nginx.conf").read_text(encoding="utf-8")
    oidc = tomllib.loads((OPERATIONS / "oauth2-proxy.cfg").read_text(encoding="utf-8"))
    internal = nginx.split("server {")[2]

    assert f"proxy_set_header {sign_on.READER} $reader;" in internal
    assert f"proxy_set_header {sign_on.PROXY} " in nginx
    assert "include /etc/nginx/laboratorio-key.conf;" in internal
    assert f"proxy_pass http://{oidc['http_address']};" in internal
    assert oidc["provider"] == "oidc"
    assert oidc["set_xauthrequest"] is True, "nginx reads the address of the reader from it"
    assert not {"client_secret", "cookie_secret"} & set(oidc)
    assert "authenticated_emails_file" in oidc
    assert "email_domains" not in oidc  # it would let the whole domain in, whatever the file says
