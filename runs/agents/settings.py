"""From `maverick.toml` to the agent that a step means.

A step's own `config` wins over [steps.NAME], that over the agent's table, that over
[agent_defaults]; and within each of them the project's file wins over the user's. An agent's table
is taken whole from one file: half a command of one and half an address of another is no agent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from runs.agents.errors import AgentMisconfigured, UnknownAgent
from runs.agents.keys import AGENT, CHAT, COMMAND, DEFAULTS, EXCLUSIVE, NOT_FOR_CHAT, TUNING, Parse
from runs.agents.keys import old_names as with_our_names
from runs.agents.setup import ROLES, AgentSetup, Role
from runs.library.find import BUILT_IN
from runs.project_file import (
    Settings,
    SettingsFile,
    SettingsProblem,
    close_to,
    did_you_mean,
    load_settings,
)

PROMPTS = BUILT_IN / "prompts"
ANY = "*"  # the agent, or generator, for names that have no table of their own
_SECTION: dict[Role, str] = {"agent": "agents", "generator": "generators"}


@dataclass(frozen=True)
class AgentBook:
    """Every agent and generator that project and user have configured."""

    project: Path
    settings: Settings

    @cached_property
    def problems(self) -> tuple[SettingsProblem, ...]:
        """Everything that is wrong in the files, with file and key."""
        found = list(self.settings.problems)
        for file in self.settings.files:
            found += _Layer(file, "agent_defaults", file.table("agent_defaults")).check(DEFAULTS)
            for name, table in file.table("steps").items():
                found += _Layer(file, f"steps.{name}", table).check(TUNING)
            for role in ROLES:
                for name, table in file.table(_SECTION[role]).items():
                    found += _Layer(file, f"{_SECTION[role]}.{name}", table).check_agent()
        return tuple(found)

    def names(self, role: Role) -> list[str]:
        """The names that are configured, in order; `*` is not one."""
        found = {name for file in self.settings.files for name in file.table(_SECTION[role])}
        return sorted(found - {ANY})

    def knows(self, role: Role, name: str) -> bool:
        """Would ``resolve`` find it?"""
        return any({name, ANY} & file.table(_SECTION[role]).keys() for file in self.settings.files)

    def resolve(
        self,
        role: Role,
        name: str,
        step_name: str = "",
        step_config: Mapping[str, Any] | None = None,
    ) -> AgentSetup:
        """The agent that a step means. Raises UnknownAgent and AgentMisconfigured."""
        table = self._table(role, name)
        if table is None:
            raise UnknownAgent(role, name, close_to(name, self.names(role)))
        if table.problems:
            raise _misconfigured(table.problems)
        values: dict[str, Any] = {}
        for layer in self._layers(table, step_name, step_config or {}):
            values = _over(values, layer)
        return _setup(role, name, table.kind, values, table)

    def _table(self, role: Role, name: str) -> _Layer | None:
        for wanted in (name, ANY):
            for file in self.settings.files:
                if wanted in file.table(_SECTION[role]):
                    section = _SECTION[role]
                    return _Layer(file, f"{section}.{wanted}", file.table(section)[wanted])
        return None

    def _layers(
        self, table: _Layer, step_name: str, config: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        """The parsed values, those that give way first."""
        from_the_user = list(reversed(self.settings.files))
        fits = {**DEFAULTS, **(CHAT if table.kind == "chat" else {})}
        for file in from_the_user:
            layer = _Layer(file, "agent_defaults", file.table("agent_defaults"))
            known = {
                key: parse
                for key, parse in fits.items()
                # Defaults are for those whom they concern.
                if (key not in CHAT or table.kind == "chat")
                and (key not in NOT_FOR_CHAT or table.kind != "chat")
            }
            yield layer.parsed(known, strict=False)
        yield table.parsed(AGENT)
        for file in from_the_user:
            if step_name and step_name in file.table("steps"):
                layer = _Layer(file, f"steps.{step_name}", file.table("steps")[step_name])
                yield layer.parsed(TUNING)
        if config:
            own = SettingsFile(self.project / "the step", {})
            try:
                ours = with_our_names(config)
            except ValueError as error:
                raise AgentMisconfigured(f"config: {error}.") from None
            yield _Layer(own, "config", ours).parsed(TUNING)


def load_agents(project: Path, user: Path | None) -> AgentBook:
    """Read the settings of a project folder and of a user's home. Raises nothing for bad ones."""
    return AgentBook(project, load_settings(project, user))


@dataclass(frozen=True)
class _Layer:
    """One table, and where it stands."""

    file: SettingsFile
    place: str
    table: Any

    @property
    def kind(self) -> str:
        """The kind of agent that the table describes, empty when it does not say."""
        if not isinstance(self.table, Mapping):
            return ""
        if isinstance(self.table.get("kind"), str):
            return str(self.table["kind"])
        told = {"command": "command", "base_url": "chat", "url": "http"}
        return next((kind for key, kind in told.items() if key in self.table), "chat")

    @cached_property
    def problems(self) -> list[SettingsProblem]:
        return self.check_agent()

    def problem(self, key: str, message: str) -> SettingsProblem:
        return self.file.problem(f"{self.place}.{key}" if key else self.place, message)

    def check(self, known: Mapping[str, Parse]) -> list[SettingsProblem]:
        """What is wrong with the keys, one by one."""
        if not isinstance(self.table, Mapping):
            return [self.problem("", "has to be a table.")]
        found = []
        for key, value in self.table.items():
            if key not in known:
                found.append(self.problem(key, f"there is no such key.{did_you_mean(key, known)}"))
                continue
            try:
                known[key](value)
            except ValueError as error:
                found.append(self.problem(key, f"{error}."))
        for one, other in EXCLUSIVE:
            if one in self.table and other in self.table:
                found.append(self.problem(one, f"excludes {other}: give one of the two."))
        if not found and "prompt_file" in self.table:
            try:
                self.prompt_file()
            except AgentMisconfigured as error:
                found.append(self.problem("prompt_file", error.message))
        return found

    def check_agent(self) -> list[SettingsProblem]:
        """`check` for a whole agent, with what its kind wants and excludes."""
        found = self.check(AGENT)
        if found:
            return found
        if self.kind == "http":
            text = "an agent over HTTP registers itself; a step calls it as NAME.REASONER."
            return [self.problem("kind", text)]
        foreign = CHAT if self.kind == "command" else {**COMMAND, **dict.fromkeys(NOT_FOR_CHAT)}
        for key in self.table:
            if key in foreign or key == "url":
                found.append(self.problem(key, f"is not for an agent of kind {self.kind}."))
        if self.kind == "command" and "command" not in self.table:
            found.append(self.problem("command", "is missing."))
        return found

    def parsed(self, known: Mapping[str, Parse], *, strict: bool = True) -> dict[str, Any]:
        """The values. Raises AgentMisconfigured; not ``strict`` passes over what is not known."""
        wrong = self.check(known if strict else DEFAULTS)
        if wrong:
            raise _misconfigured(wrong)
        values = {key: known[key](value) for key, value in self.table.items() if key in known}
        if "prompt_file" in values:
            values["instructions"] = self.prompt_file()
        return values

    def prompt_file(self) -> str:
        """Its text; a relative path starts at the folder of the settings file."""
        path = self.file.path.parent / Path(self.table["prompt_file"]).expanduser()
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not UTF-8"
            raise AgentMisconfigured(f"{path} cannot be read: {why}.") from None


def _over(values: dict[str, Any], layer: dict[str, Any]) -> dict[str, Any]:
    """``layer`` over ``values``; of two keys that exclude each other the nearer one stays."""
    kept = dict(values)
    for one, other in (*EXCLUSIVE, *((b, a) for a, b in EXCLUSIVE)):
        if one in layer:
            kept.pop(other, None)
            if other == "prompt_file":
                kept.pop("instructions", None)
    return kept | layer


def _setup(role: Role, name: str, kind: str, values: dict[str, Any], table: _Layer) -> AgentSetup:
    given = {key: value for key, value in values.items() if key not in ("kind", "url")}
    given.pop("prompt_file", None)
    given.setdefault("instructions", _shipped(name))
    # A generator writes text, also when the text happens to be JSON.
    given.setdefault("output", "text" if role == "generator" else "auto")
    missing = [key for key in ("base_url", "model") if kind == "chat" and not given.get(key)]
    if missing:
        raise _misconfigured([table.problem(key, "is missing.") for key in missing])
    for key in NOT_FOR_CHAT:
        if kind == "chat" and key in given:
            raise AgentMisconfigured(
                f"{key}: a chat endpoint has no tools of its own, so it means nothing to "
                f"{role} {name}.",
                hint="Take it out, or use an agent of kind command.",
            )
    if given.get("wait_max", 60.0) < given.get("wait_min", 1.0):
        raise AgentMisconfigured(f"{role} {name}: wait_max is less than wait_min.")
    return AgentSetup(name=name, role=role, kind=kind, **given)  # type: ignore[arg-type]


def _shipped(name: str) -> str:
    """The instructions that come with Maverick for the names that its workflows use."""
    path = PROMPTS / f"{name}.md"
    return path.read_text("utf-8").strip() if name.isidentifier() and path.is_file() else ""


def _misconfigured(problems: list[SettingsProblem]) -> AgentMisconfigured:
    return AgentMisconfigured(
        " ".join(str(one) for one in problems), hint="Mend the settings that are named."
    )
