"""JupyterHub as the recipe sets it, started for real: what each role may open, asked by HTTP.

Servers are processes here, not containers: which folders they see is asked of the recipe in
test_cluster.py.  The proxy is configurable-http-proxy (``npm install -g configurable-http-proxy``).
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time

import pytest

pytest.importorskip("jupyterhub", reason="labtools[hub] is not installed")
pytest.importorskip("jupyterlab", reason="labtools[lab] is not installed")
requests = pytest.importorskip("requests")
PROXY = shutil.which("configurable-http-proxy")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROXY is None, reason="configurable-http-proxy (npm) is not installed"),
]

PEOPLE = {"operator": ["olga"], "researcher": ["ana"], "reviewer": ["rita"]}
PASSWORD = "only-of-this-test"  # noqa: S105 - it opens a hub that lives for seconds
SECONDS = 90
CONFIGURATION = """\
from labtools.workflow.hub import configure

c = get_config()
configure(c, {people!r}, workbench={folder!r}, image="none")
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = {password!r}
c.JupyterHub.bind_url = "http://127.0.0.1:{front}"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/home/{{username}}"
c.Spawner.cmd = ["/bin/sh", "{folder}/serve"]
c.Spawner.http_timeout = c.Spawner.start_timeout = {seconds}
"""


class Visitor:
    """Somebody with a browser: cookies, and the token that each form carries."""

    def __init__(self, address, name, password=PASSWORD):
        self.address, self.session = address, requests.Session()
        self.ask("GET", "/hub/login")
        given = {"username": name, "password": password, "_xsrf": self.token}
        # Whoever comes in without saying where to goes to a server of theirs, started for them.
        self.entered = self.ask("POST", "/hub/login?next=%2Fhub%2Fhome", data=given)

    @property
    def token(self):
        own = [it for it in self.session.cookies if it.name == "_xsrf" and it.path == "/hub/"]
        return own[0].value if own else ""

    def ask(self, verb, path, **given):
        head = {"X-XSRFToken": self.token} if path.startswith("/hub/api/") else {}
        return self.session.request(
            verb, self.address + path, headers=head, timeout=SECONDS, allow_redirects=True, **given
        )

    def status(self, path, verb="GET"):
        return self.ask(verb, path).status_code

    def opens(self, name):
        """Start a server and wait until it answers."""
        assert self.status(f"/hub/api/users/{name}/server", "POST") in {201, 202}
        waited_for(lambda: self.model(name).get("server"))

    def model(self, name):
        return self.ask("GET", f"/hub/api/users/{name}").json()


def waited_for(asked):
    until = time.monotonic() + SECONDS
    while not asked():
        assert time.monotonic() < until, "nothing came"
        time.sleep(0.2)


def free_ports(n):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [it.getsockname()[1] for it in held]
    for it in held:
        it.close()
    return ports


def answers(address):
    try:
        return requests.get(f"{address}/hub/api/", timeout=2).ok
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    front, api, inner = free_ports(3)
    root = "--allow-root" if os.geteuid() == 0 else ""
    lab = "--ServerApp.jpserver_extensions=jupyterlab=True"  # wherever it was installed
    (folder / "serve").write_text(
        f'env > "{folder}/$JUPYTERHUB_USER.env"\n'
        f'exec "{sys.executable}" -m jupyterhub.singleuser {root} {lab} "$@"\n',
        encoding="utf-8",
    )
    told = CONFIGURATION.format(
        people=PEOPLE, folder=str(folder), password=PASSWORD, proxy=PROXY,
        front=front, api=api, hub=inner, seconds=SECONDS,
    )  # fmt: skip
    (folder / "config.py").write_text(told, encoding="utf-8")
    log = folder / "hub.log"
    words = [sys.executable, "-m", "jupyterhub", "-f", str(folder / "config.py")]
    with log.open("wb") as out:
        process = subprocess.Popen(words, cwd=folder, stdout=out, stderr=out)
    address = f"http://127.0.0.1:{front}"
    try:
        waited_for(lambda: answers(address) or process.poll() is not None)
        assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        yield address, folder
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def visitors(hub):
    """Everybody with a role, each with a server of their own that answers."""
    told = {name: Visitor(hub[0], name) for names in PEOPLE.values() for name in names}
    for name, visitor in told.items():
        visitor.opens(name)
    return told


@pytest.mark.parametrize(
    ("name", "password"), [("lectora", PASSWORD), ("ana", "another"), ("", PASSWORD)]
)
def test_a_reader_and_a_wrong_password_get_neither_in_nor_anything(hub, name, password):
    someone = Visitor(hub[0], name, password)

    assert someone.entered.status_code == 403
    assert "jupyterhub-hub-login" not in someone.session.cookies
    assert someone.status("/hub/api/user") == 403
    assert someone.status("/hub/api/users") == 403
    assert someone.status("/hub/api/users/ana/server", "POST") == 403
    assert "/hub/login" in someone.ask("GET", "/user/ana/lab").url


@pytest.mark.parametrize(
    ("name", "role"), [("olga", "operator"), ("ana", "researcher"), ("rita", "reviewer")]
)
def test_whoever_has_a_role_opens_their_own_server_with_its_account(hub, visitors, name, role):
    said = (hub[1] / f"{name}.env").read_text(encoding="utf-8").splitlines()
    page = visitors[name].ask("GET", f"/user/{name}/lab")

    assert "jupyterhub-hub-login" in visitors[name].session.cookies
    assert visitors[name].ask("GET", "/hub/api/user").json()["name"] == name
    assert page.status_code == 200
    assert page.url.partition("?")[0] == f"{hub[0]}/user/{name}/lab"
    assert f"LABTOOLS_SHARE=service=lab_{role}" in said
    assert visitors[name].model(name)["groups"] == [role]


@pytest.mark.parametrize(
    ("name", "other"),
    [("ana", "rita"), ("ana", "olga"), ("rita", "ana"), ("rita", "olga"), ("olga", "ana")],
)
def test_nobody_opens_the_server_of_another(visitors, name, other):
    # Nor the operator, who starts and stops them.
    visitors[name].ask("GET", f"/user/{name}/lab")

    assert visitors[name].status(f"/user/{other}/lab") == 403
    assert visitors[name].status(f"/user/{other}/api/contents") == 403


@pytest.mark.parametrize("name", ["ana", "rita"])
@pytest.mark.parametrize(
    ("verb", "path", "refused"),
    [
        ("GET", "/hub/admin", 403),
        ("GET", "/hub/api/users", 403),
        ("GET", "/hub/api/users/olga", 404),  # not even whether there is one
        ("DELETE", "/hub/api/users/olga/server", 404),
        ("POST", "/hub/api/users/olga/server", 404),
        ("POST", "/hub/api/users/lectora", 403),
        ("POST", "/hub/api/groups/operator/users", 403),
        ("POST", "/hub/api/shutdown", 403),
    ],
)
def test_only_the_operator_looks_after_people_and_servers(visitors, name, verb, path, refused):
    assert visitors[name].status(path, verb) == refused


def test_the_operator_sees_everybody_and_stops_and_starts_a_server(visitors):
    olga = visitors["olga"]

    assert olga.status("/hub/admin") == 200
    seen = json.loads(olga.ask("GET", "/hub/api/users").text)
    assert {it["name"] for it in seen} == {"olga", "ana", "rita"}
    assert olga.status("/hub/api/users/rita/server", "DELETE") in {202, 204}
    waited_for(lambda: olga.status("/hub/api/users/rita/server", "POST") in {201, 202})
    waited_for(lambda: visitors["rita"].status("/user/rita/lab") == 200)
    # She cannot let in more people nor give herself another role.
    assert olga.status("/hub/api/users/lectora", "POST") == 403
    assert olga.status("/hub/api/groups/researcher/users", "POST") == 403
