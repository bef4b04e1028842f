"""Recipes for several machines: valid by the schemas, of this version, with commands that exist."""

import json
import shlex
from importlib import resources

import click
import pytest
import yaml
from click.testing import CliRunner

from labtools import __version__
from labtools.cli.main import build
from labtools.errors import SettingsError
from labtools.messages import speaking
from labtools.workflow.hub import ROLES, configure, mounts_of, role_of
from labtools.workflow.scaffolding import POSTGIS, new_cluster
from labtools.workflow.workbenches import init_workbench

PEOPLE = {"operator": ["olga"], "researcher": ["ana", "beto"], "reviewer": ["rita"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with speaking("en"):
        return new_cluster(init_workbench(tmp_path_factory.mktemp("c") / "lab"), "racimo")[0].parent


@pytest.fixture(scope="module")
def compose(folder):
    return yaml.safe_load((folder / "compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifests(folder):
    return list(yaml.safe_load_all((folder / "kubernetes.yaml").read_text(encoding="utf-8")))


def containers(manifests):
    for manifest in manifests:
        if "template" in manifest["spec"]:
            yield from manifest["spec"]["template"]["spec"]["containers"]


def test_the_compose_file_holds_the_schema_of_compose(compose):
    jsonschema = pytest.importorskip("jsonschema")
    vendored = pytest.importorskip("check_jsonschema", reason="the schema of compose is not here")
    schema = resources.files(vendored) / "builtin_schemas" / "vendor" / "compose-spec.json"

    jsonschema.validate(compose, json.loads(schema.read_text(encoding="utf-8")))


def test_the_manifests_hold_the_schema_of_kubernetes(manifests):
    validating = pytest.importorskip("kubernetes_validate", reason="Kubernetes' schema is not here")

    for manifest in manifests:
        validating.validate(manifest, validating.latest_version(), strict=True)
    assert [it["kind"] for it in manifests] == [
        "Deployment", "Service", "Deployment", "StatefulSet", "Service", "Job",
    ]  # fmt: skip


def test_a_manifest_with_a_slip_is_refused(manifests):
    validating = pytest.importorskip("kubernetes_validate", reason="Kubernetes' schema is not here")
    wrong = {**manifests[0], "spec": {**manifests[0]["spec"], "replicsa": 1}}

    with pytest.raises(validating.ValidationError):
        validating.validate(wrong, validating.latest_version(), strict=True)


def test_every_image_is_of_this_version(folder, compose, manifests):
    images = {service["image"] for service in compose["services"].values()}
    images |= {container["image"] for container in containers(manifests)}

    assert images == {f"laboratorio:{__version__}", f"postgis/postgis:{POSTGIS}"}
    assert f"labtools-{__version__}-py3-none-any.whl" in (folder / "Dockerfile").read_text()
    assert f"laboratorio:{__version__}" in (folder / "jupyterhub_config.py").read_text()


def commands(compose, manifests):
    told = [service.get("command", []) for service in compose["services"].values()]
    return [*told, *(container.get("command", []) for container in containers(manifests))]


def test_every_command_and_option_in_them_exists(compose, manifests):
    dask = pytest.importorskip("dask.cli", reason="labtools[dist] is not installed")
    pytest.importorskip("distributed")
    dask._register_command_ep  # noqa: B018 - the commands of distributed come by entry points
    groups = {"labtools": build(), "dask": _dask(dask)}

    asked = [words for words in commands(compose, manifests) if words and words[0] in groups]

    assert {words[0] for words in asked} == {"labtools", "dask"}
    for name, *words in asked:
        _known(groups[name], words)


def _dask(module):
    from importlib.metadata import entry_points  # noqa: PLC0415

    for found in entry_points(group="dask_cli"):
        module._register_command_ep(module.cli, found)
    return module.cli


def _known(command, words):
    """Refuse words that a command does not know, down to its options."""
    context = click.Context(command)
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        assert command is not None, name
        context = click.Context(command, parent=context)
    with context:
        command.make_parser(context).parse_args(list(words)) if hasattr(
            command, "make_parser"
        ) else command.parse_args(context, list(words))


def test_the_command_in_the_compose_file_that_runs_a_workbench_exists(folder):
    said = (folder / "compose.yaml").read_text(encoding="utf-8")
    [line] = [line for line in said.splitlines() if "labtools run" in line]
    words = shlex.split(line.partition("lab labtools ")[2])

    result = CliRunner().invoke(build(), [words[0], *words[1:], "--help"])

    assert result.exit_code == 0


def test_no_password_stands_in_a_recipe_and_no_service_is_open_to_the_world(compose, manifests):
    env = {k: v for s in compose["services"].values() for k, v in s.get("environment", {}).items()}
    kept = [e for c in containers(manifests) for e in c.get("env", []) if "PASSWORD" in e["name"]]

    assert all(v.startswith("${") for k, v in env.items() if "PASSWORD" in k)
    assert all("valueFrom" in one for one in kept)
    ports = [port for s in compose["services"].values() for port in s.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    assert compose["networks"]["inside"] == {"internal": True}


def test_a_folder_that_is_there_is_not_written_over(folder):
    from labtools.paths import Workbench  # noqa: PLC0415

    with speaking("en"), pytest.raises(SettingsError, match="There is a racimo already"):
        new_cluster(Workbench(folder.parent), "racimo")


@pytest.fixture(scope="module")
def hub(folder):
    application = pytest.importorskip("jupyterhub.app", reason="JupyterHub is not installed")
    from traitlets.config import Config, PyFileConfigLoader  # noqa: PLC0415

    path = folder / "jupyterhub_config.py"
    config = PyFileConfigLoader(path.name, path=str(folder)).load_config()
    assert config.Authenticator.allowed_users == set()  # as made, nobody is let in
    config = Config()
    configure(config, PEOPLE, workbench="/srv/lab", image="laboratorio:x")
    config.JupyterHub.spawner_class = "simple"
    return application.JupyterHub(config=config)


@pytest.mark.parametrize(
    ("person", "let_in"),
    [
        ("olga", True),
        ("ana", True),
        ("beto", True),
        ("rita", True),
        ("lectora", False),
        ("", False),
    ],
)
def test_only_people_with_a_role_are_let_in(hub, person, let_in):
    auth = pytest.importorskip("jupyterhub.auth")

    class Asked(auth.DummyAuthenticator):
        pass

    authenticator = Asked(config=hub.config)

    assert bool(authenticator.check_allowed(person)) == let_in
    assert authenticator.check_blocked_users(person)


def test_only_the_operator_looks_after_others_servers(hub):
    scopes = pytest.importorskip("jupyterhub.scopes")

    [role] = hub.load_roles

    assert role["groups"] == ["operator"]
    assert {scope.split("!")[0] for scope in role["scopes"]} <= set(scopes.scope_definitions)
    assert {g: set(v["users"]) for g, v in hub.load_groups.items()} == {
        role: set(people) for role, people in PEOPLE.items()
    }


@pytest.mark.parametrize("person", ["olga", "ana", "rita"])
def test_a_server_sees_what_its_role_may_open(hub, person):
    spawning = pytest.importorskip("jupyterhub.spawner")

    class User:
        name = person

    spawner = spawning.SimpleLocalProcessSpawner(config=hub.config)
    spawner.user = User()
    hub.config.Spawner.pre_spawn_hook(spawner)

    role = role_of(PEOPLE, person)
    assert spawner.environment["LABTOOLS_SHARE"] == f"service=lab_{role}"
    assert spawner.volumes == mounts_of(role, "/srv/lab")
    assert spawner.default_url == "/lab"


@pytest.mark.parametrize("person", ["olga", "ana", "rita"])
def test_the_spawner_of_the_recipe_mounts_no_other_folders_in_a_persons_container(person, folder):
    docker = pytest.importorskip("dockerspawner", reason="labtools[hub] is not installed")
    from traitlets.config import PyFileConfigLoader  # noqa: PLC0415

    config = PyFileConfigLoader("jupyterhub_config.py", path=str(folder)).load_config()
    configure(config, PEOPLE, workbench="/srv/lab", image="laboratorio:x")

    class User:
        name = person

    spawner = docker.DockerSpawner(config=config, user=User())
    config.Spawner.pre_spawn_hook(spawner)

    role = role_of(PEOPLE, person)
    assert spawner.volume_binds == mounts_of(role, "/srv/lab")
    assert spawner.cmd == ["jupyterhub-singleuser"]  # the image itself names no command
    assert spawner.image == "laboratorio:x"
    assert spawner.network_name == "racimo_inside"


def test_the_hub_of_the_compose_file_can_start_servers_and_send_people_to_them(folder, compose):
    hub, image = compose["services"]["hub"], (folder / "Dockerfile").read_text(encoding="utf-8")
    said = (folder / "jupyterhub_config.py").read_text(encoding="utf-8")

    assert "install --global configurable-http-proxy@" in image
    assert "/var/run/docker.sock:/var/run/docker.sock" in hub["volumes"]
    assert hub["environment"]["LAB_FOLDER"].startswith("${LAB_FOLDER:?")
    assert 'os.environ.get("LAB_FOLDER"' in said
    assert "inside" in hub["networks"]
    assert compose["name"] + "_inside" == "racimo_inside"
    assert not [
        name
        for name, service in compose["services"].items()
        if name != "hub" and "docker.sock" in str(service)
    ]


def test_suppliers_bytes_and_keys_are_on_the_operators_server_alone():
    for role in set(ROLES) - {"operator"}:
        seen = [path.removeprefix("/srv/lab/") for path in mounts_of(role, "/srv/lab")]
        assert not [p for p in seen if p in {".", "data"} or p.startswith(("data/raw", "data/sec"))]
        assert "/srv/lab" not in mounts_of(role, "/srv/lab")
    writable = {role: [p for p, m in ROLES[role].folders.items() if m == "rw"] for role in ROLES}
    assert writable == {"operator": ["."], "researcher": ["reports/scratch"], "reviewer": []}


def test_whoever_has_no_role_opens_no_server(hub):
    class Spawner:
        class user:  # noqa: N801 - as JupyterHub names it
            name = "lectora"

    with speaking("en"), pytest.raises(SettingsError, match="lectora has no role in this lab"):
        hub.config.Spawner.pre_spawn_hook(Spawner)


@pytest.mark.parametrize(
    ("people", "said"),
    [({"operator": ["a"], "reviewer": ["a"]}, "a has two roles"), ({"reader": ["x"]}, "no role")],
)
def test_a_role_that_there_is_not_and_a_person_of_two_are_told(people, said):
    config = pytest.importorskip("traitlets.config").Config()

    with speaking("en"), pytest.raises(SettingsError, match=said):
        configure(config, people, workbench="/lab", image="x")
