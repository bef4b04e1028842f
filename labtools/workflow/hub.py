"""JupyterHub for a lab: three roles, what each may open, and nobody else.

A role decides which folders a person's server sees (as a container's mounts), and whether it may
write there, which account of the shared database it uses, and whether its person looks after
others' servers.  A reader has no role: the site and the dashboards are theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from labtools.errors import SettingsError
from labtools.workflow.shared_form import CONNECTION


@dataclass(frozen=True, slots=True)
class Role:
    """What people of a role may do.

    Attributes
    ----------
    folders : mapping of str to str
        Folder of the workbench → ``rw`` or ``ro``; no other is there for them.
    service : str
        Entry of the connection service file of the shared database, one for each role.
    scopes : tuple of str
        Of JupyterHub, beside those that everybody has over their own server.
    """

    folders: Mapping[str, str]
    service: str
    scopes: tuple[str, ...] = ()


#: Suppliers' bytes and keys are the operator's alone: nobody else's server holds them.
ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "operator": Role(
            {".": "rw"}, "lab_operator", ("admin-ui", "list:users", "admin:servers", "read:metrics")
        ),
        "researcher": Role(
            {
                "lab.toml": "ro",
                "data/processed": "ro",
                "data/reference": "ro",
                "reports": "ro",
                "reports/scratch": "rw",
            },
            "lab_researcher",
        ),
        "reviewer": Role({"lab.toml": "ro", "reports": "ro"}, "lab_reviewer"),
    }
)


def role_of(people: Mapping[str, Collection[str]], name: str) -> str:
    """Return the role of a person; empty for whoever has none, who is a reader."""
    return next((role for role in ROLES if name in people.get(role, ())), "")


def mounts_of(role: str, workbench: str) -> dict[str, dict[str, str]]:
    """Return the volumes of a role's servers: path of the host → where and how it is seen."""
    root = PurePosixPath(workbench)
    return {
        str(root / folder): {"bind": str(PurePosixPath("/lab") / folder), "mode": mode}
        for folder, mode in ROLES[role].folders.items()
    }


def configure(
    config: Any, people: Mapping[str, Collection[str]], *, workbench: str, image: str
) -> None:
    """Set JupyterHub's configuration (`c`) for these people.

    Raises
    ------
    SettingsError
        If somebody has two roles, or there is no such role.
    """
    _check(people)
    named = sorted({name for names in people.values() for name in names})
    config.Authenticator.allow_all = False
    config.Authenticator.allow_existing_users = False
    config.Authenticator.allowed_users = set(named)
    config.Authenticator.admin_users = set()
    config.JupyterHub.load_groups = {role: {"users": list(people.get(role, ()))} for role in ROLES}
    config.JupyterHub.load_roles = [
        {"name": f"lab-{role}", "scopes": list(told.scopes), "groups": [role]}
        for role, told in ROLES.items()
        if told.scopes
    ]
    config.JupyterHub.spawner_class = "docker"
    config.Spawner.default_url = "/lab"
    config.Spawner.image = image
    config.Spawner.cmd = ["jupyterhub-singleuser"]
    config.Spawner.mem_limit = "4G"

    def as_their_role(spawner: Any) -> None:
        role = role_of(people, spawner.user.name)
        if not role:
            raise SettingsError(
                "{name} has no role in this lab and opens no server.", name=spawner.user.name
            )
        spawner.volumes = mounts_of(role, workbench)
        spawner.environment = {
            **spawner.environment,
            "LABTOOLS_WORKBENCH": "/lab",
            CONNECTION: f"service={ROLES[role].service}",
        }

    config.Spawner.pre_spawn_hook = as_their_role


def _check(people: Mapping[str, Collection[str]]) -> None:
    unknown = sorted(set(people) - set(ROLES))
    if unknown:
        raise SettingsError(
            "There is no role {role}. Those there are: {roles}.",
            role=unknown[0],
            roles=tuple(ROLES),
        )
    names = [name for given in people.values() for name in given]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingsError(
            "{name} has two roles. Leave the one that says what they do ({n} have two).",
            name=twice[0],
            n=len(twice),
        )
