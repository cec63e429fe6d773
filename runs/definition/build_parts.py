"""Builds what steps and workflows are made of: inputs, settings, roll-backs, stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.definition.fields import InputSpec, RollbackCall, StageCommand
from runs.definition.load import Path
from runs.definition.reporting import STAND_IN, Reporter, closest, yaml_keys
from runs.definition.settings import (
    CONFIG_KEYS,
    EXCLUSIVE,
    OLD_NAMES,
    PREREQUISITES,
    config_fault,
)

_INPUT_KEYS = ("type", "required", "default", "description", "secret", "enum")


class PartBuilder(Reporter):
    """The parts of a document, each made as well as it can be."""

    def inputs(self, raw: Any, path: Path) -> dict[str, InputSpec]:
        """Declared inputs, of a workflow or of an approval's form."""
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.report("D102", f"`{path[-1]}` must be a mapping.", path)
            return {}
        return {name: self.input(name, value, (*path, name)) for name, value in raw.items()}

    def input(self, name: str, raw: Any, path: Path) -> InputSpec:
        if not isinstance(raw, dict):
            hint = f"write `{name[:64]}: {{type: {raw if isinstance(raw, str) else 'string'}}}`"
            self.report("D102", f"Input `{name[:80]}` must be a mapping.", path, hint[:200])
            raw = {"type": "string"}
        self.unknown_keys(raw, path, _INPUT_KEYS, "an input")
        self.empty_keys(raw, path, [key for key in _INPUT_KEYS if key != "default"])
        fields = {k: v for k, v in raw.items() if k in _INPUT_KEYS}
        if fields.get("required") is None:
            fields.pop("required", None)
        if "default" in fields:
            # `required: true, default: null` says that there is no default.
            fields["has_default"] = not (
                fields["default"] is None and fields.get("required") is True
            )
            # What is no truth value stays, to be told.
            if fields["has_default"] and isinstance(fields.get("required", False), bool):
                fields["required"] = False
        return self.validated(InputSpec, {**fields, "name": name}, path, {"type": "string"})

    def rollback(self, raw: Any, path: Path) -> str | RollbackCall | None:
        """The name of an action, or `{action, kwargs}`."""
        if isinstance(raw, str) and raw:
            return self.literal_name("rollback", raw, path)
        if not isinstance(raw, dict):
            hint = "write the name of an action, or `{action: …, kwargs: {…}}`"
            self.report("D102", "`rollback` must be a name or a mapping.", path, hint)
            return None
        self.unknown_keys(raw, path, yaml_keys(RollbackCall), "`rollback`")
        fields = {key: value for key, value in raw.items() if value is not None}
        if isinstance(fields.get("action"), str):
            fields["action"] = self.literal_name("action", fields["action"], (*path, "action"))
        return self.validated(RollbackCall, fields, path, {"action": STAND_IN})

    def literal_name(self, key: str, value: str, path: Path) -> str:
        """A name that must be written out; a stand-in when it holds an expression."""
        if "${{" not in value:
            return value
        message = f"`{key}` must be a name; an expression cannot stand here."
        self.report("D209", message, path, "use a branch to choose")
        return STAND_IN

    def stages(self, raw: Any, path: Path) -> Any:
        """Names and commands; or a text, which is a name or an expression."""
        if isinstance(raw, str) and raw:
            return raw
        if not isinstance(raw, list) or not raw:
            hint = "write `[format, lint, test]`, or `- {name: …, run: …}` for a command"
            self.report("D102", "`stages` must be a list of at least one stage.", path, hint)
            return []
        made: list[str | StageCommand] = []
        for number, stage in enumerate(raw):
            where = (*path, number)
            if isinstance(stage, str) and stage:
                made.append(stage)
            elif isinstance(stage, dict):
                self.unknown_keys(stage, where, yaml_keys(StageCommand), "a stage")
                fields = {key: value for key, value in stage.items() if value is not None}
                fills = {"run": STAND_IN}
                made.append(self.validated(StageCommand, fields, where, fills))
            else:
                self.report("D102", "A stage is a name or a mapping with `name` and `run`.", where)
        return made

    def requires(self, raw: Any, path: Path) -> Any:
        """Prerequisites; an unknown one is kept and cannot be checked."""
        names = [raw] if isinstance(raw, str) else raw
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self.report("D102", "`requires` must be a list of names.", path)
            return ()
        for number, name in enumerate(names):
            if name not in PREREQUISITES:
                where = (*path, number) if isinstance(raw, list) else path
                message = f"The prerequisite `{name[:80]}` is not known, and not checked."
                hint = closest(name, PREREQUISITES)
                self.report("W007", message, where, hint, severity="warning")
        return names

    def config(self, raw: dict[str, Any], path: Path) -> dict[str, Any]:
        """The settings of an agent, by the names they have today; `raw` is the step."""
        key = "config"
        if "executor_config" in raw:
            where = (*path, "executor_config")
            if raw.get("config") is not None:
                message = "`config` and `executor_config` are two spellings of one thing."
                self.report("D105", message, where, "keep `config`", key=True)
            else:
                key = "executor_config"
                message = "`executor_config` is the old spelling of `config`."
                self.report("W003", message, where, "rename it", severity="warning", key=True)
        given = raw.get(key)
        if given is None:
            return {}
        if not isinstance(given, dict):
            self.report("D102", f"`{key}` must be a mapping.", (*path, key))
            return {}
        return self.settings(given, (*path, key))

    def settings(self, raw: Mapping[str, Any], path: Path) -> dict[str, Any]:
        self.unknown_keys(raw, path, (*CONFIG_KEYS, *OLD_NAMES), "`config`")
        self.empty_keys(raw, path, (*CONFIG_KEYS, *OLD_NAMES))
        made: dict[str, Any] = {}
        for written, value in raw.items():
            name = OLD_NAMES.get(written, written)
            where = (*path, written)
            if name not in CONFIG_KEYS or value is None:
                continue
            if name != written:
                message = f"`{written}` is the old spelling of `{name}`."
                self.report("W003", message, where, "rename it", severity="warning", key=True)
            fault = config_fault(name, value)
            if fault:
                self.report("D102", f"`{written}` {fault}.", where)
            elif name in made:
                message = f"`{name}` stands twice, once by its old name."
                self.report("D105", message, where, "keep one of them", key=True)
            else:
                made[name] = value
        for one, other in EXCLUSIVE:
            if one in made and other in made:
                message = f"`{one}` and `{other}` exclude each other."
                self.report("D105", message, (*path, other), "keep one of them", key=True)
        return made
