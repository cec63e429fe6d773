"""Marked mapping → WorkflowSpec, with every fault of shape as a Problem that has its line.

What cannot be built is replaced by a stand-in, so that the checks after this can still say what
else is wrong. A spec with a stand-in never leaves the package: there is an error beside it.
"""

from __future__ import annotations

import re
from typing import Any, cast

from runs.definition.load import Path
from runs.definition.reporting import STAND_IN, Reporter, closest, yaml_keys
from runs.definition.spec import (
    STEP_CLASSES,
    WORKFLOW_NAME_PATTERN,
    BranchOption,
    InputSpec,
    PythonStep,
    Retry,
    StepBase,
    WorkflowSpec,
)

MAX_STEPS = 10_000

UNSUPPORTED_TYPES = {
    "agent": "D401",
    "generate": "D402",
    "validate": "D403",
    "wait": "D404",
    "approval": "D405",
}
UNSUPPORTED_FIELDS = {
    "on_error": "D411",
    "rollback": "D412",
    "outputs": "D413",
    "requires": "D414",
    "config": "D415",
}
_WORKFLOW_KEYS = ("version", "name", "description", "inputs", "steps", "outputs", "metadata")
_INPUT_KEYS = ("type", "required", "default", "description", "secret", "enum")


class Builder(Reporter):
    """Builds one document; `problems` fills as it goes."""

    steps = 0  # seen so far

    def workflow(self) -> WorkflowSpec | None:
        """The spec, with stand-ins where something is wrong; None when there is nothing."""
        raw = self.document.value
        if not isinstance(raw, dict):
            empty = raw is None
            message = "The file is empty." if empty else "A workflow is a mapping of keys."
            self.report("D101", message, (), "begin with `version`, `name` and `steps`")
            return None
        self.unknown_keys(raw, (), _WORKFLOW_KEYS, "a workflow")
        description = raw.get("description")
        if description is not None and not isinstance(description, str):
            self.report("D102", "`description` must be a text.", ("description",))
        outputs = self.mapping(raw, "outputs")
        return WorkflowSpec.model_construct(
            version=self.version(raw),
            name=self.workflow_name(raw),
            description=description if isinstance(description, str) else "",
            inputs={
                name: self.input(name, value, ("inputs", name))
                for name, value in self.mapping(raw, "inputs").items()
            },
            steps=self.step_list(raw, ()),
            outputs=outputs,
            file=self.document.file,
        )

    def mapping(self, raw: dict[str, Any], key: str) -> dict[str, Any]:
        value = raw.get(key)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.report("D102", f"`{key}` must be a mapping.", (key,))
        return {}

    def version(self, raw: dict[str, Any]) -> str:
        version = raw.get("version")
        if version is None:
            self.report("D101", "`version` is missing.", (), 'add `version: "1.0"`')
            return "1.0"
        if isinstance(version, int | float) and not isinstance(version, bool):
            version = str(float(version)) if abs(version) < 1000 else str(version)
        if isinstance(version, str) and re.fullmatch(r"1\.\d{1,4}", version):
            return version
        shown = str(version)[:40]
        self.report("D104", f"Version {shown} is not supported.", ("version",), 'write "1.0"')
        return "1.0"

    def workflow_name(self, raw: dict[str, Any]) -> str:
        name = raw.get("name")
        if name is None:
            self.report("D101", "`name` is missing.", (), "add `name: my-workflow`")
        elif not isinstance(name, str) or not re.fullmatch(WORKFLOW_NAME_PATTERN, name):
            hint = "lower case letters, digits and hyphens, a letter first, at most 64"
            self.report("D202", f"{str(name)[:80]!r} is no workflow name.", ("name",), hint)
        else:
            return name
        return STAND_IN

    def input(self, name: str, raw: Any, path: Path) -> InputSpec:
        if not isinstance(raw, dict):
            hint = f"write `{name[:64]}: {{type: {raw if isinstance(raw, str) else 'string'}}}`"
            self.report("D102", f"Input `{name[:80]}` must be a mapping.", path, hint[:200])
            raw = {"type": "string"}
        self.unknown_keys(raw, path, _INPUT_KEYS, "an input")
        fields = {k: v for k, v in raw.items() if k in _INPUT_KEYS}
        if fields.get("required") is None:
            fields.pop("required", None)
        if "default" in fields:
            # `required: true, default: null` says that there is no default.
            fields["has_default"] = not (
                fields["default"] is None and fields.get("required") is True
            )
            if fields["has_default"]:
                fields["required"] = False
        return self.validated(InputSpec, {**fields, "name": name}, path, {"type": "string"})

    def step_list(self, raw: dict[str, Any], path: Path) -> tuple[Any, ...]:
        where = (*path, "steps")
        steps = raw.get("steps")
        if isinstance(steps, list) and steps:
            return tuple(self.step(step, (*where, n)) for n, step in enumerate(steps))
        if steps is None and "steps" not in raw:
            self.report("D101", "`steps` is missing.", path, "add a list of at least one step")
        elif steps is None or steps == []:
            self.report("D101", "`steps` is empty.", where, "add at least one step", key=True)
        else:
            self.report("D102", "`steps` must be a list.", where, "each step begins with `-`")
        return (_stand_in(),)

    def step(self, raw: Any, path: Path) -> StepBase:
        self.steps += 1
        if self.steps > MAX_STEPS:
            if self.steps == MAX_STEPS + 1:
                self.report("D003", f"The file has more than {MAX_STEPS} steps.", path)
            return _stand_in()
        if not isinstance(raw, dict):
            self.report("D102", "A step must be a mapping.", path, "write `name:` and `type:`")
            return _stand_in()
        if raw.get("name") == STAND_IN:
            self.report("D202", f"`{STAND_IN}` is a reserved name.", (*path, "name"), "rename it")
        kind = raw.get("type")
        if kind == "parallel":
            hint = "write `type: loop` and `parallel: true`"
            message = "`type: parallel` is the old name of a loop without a bound."
            self.report("W003", message, (*path, "type"), hint, severity="warning")
            return self.known_step("loop", raw, path)
        if isinstance(kind, str) and kind in STEP_CLASSES:
            return self.known_step(kind, raw, path)
        if kind is None:
            hint = f"the types are {', '.join(STEP_CLASSES)}"
            self.report("D101", "The step has no `type`.", path, hint)
        elif isinstance(kind, str) and kind in UNSUPPORTED_TYPES:
            message = f"Step type `{kind}` is not supported in this version yet."
            self.report(UNSUPPORTED_TYPES[kind], message, (*path, "type"))
        else:
            shown = str(kind)[:40]
            hint = closest(shown, STEP_CLASSES)
            self.report("D103", f"Step type `{shown}` is not known.", (*path, "type"), hint)
        return self.other_step(raw, path)

    def other_step(self, raw: dict[str, Any], path: Path) -> StepBase:
        """A step of a type that cannot run: its name and what it reads are still looked at."""
        self.unsupported_fields(raw, path)
        common = {key: raw[key] for key in yaml_keys(StepBase) if raw.get(key) is not None}
        rest = {key: value for key, value in raw.items() if key not in common}
        fields = {**common, "type": "python", "action": STAND_IN, "kwargs": rest}
        return self.validated(PythonStep, fields, path, {})

    def known_step(self, kind: str, raw: dict[str, Any], path: Path) -> StepBase:
        model = STEP_CLASSES[kind]
        self.unsupported_fields(raw, path)
        keys = yaml_keys(model) + (["parallel"] if kind == "loop" else [])
        self.unknown_keys(raw, path, [*keys, *UNSUPPORTED_FIELDS], f"a {kind} step")
        # A key with nothing behind it is a key that is not there.
        fields = {key: raw[key] for key in keys if raw.get(key) is not None}
        fields |= {"type": kind, "mark": self.document.mark(path)}
        if isinstance(fields.get("retry"), dict):
            known = [*yaml_keys(Retry)]
            self.unknown_keys(fields["retry"], (*path, "retry"), known, "`retry`")
        for key in ("action", "workflow"):
            if isinstance(fields.get(key), str) and "${{" in fields[key]:
                message = f"`{key}` must be a name; an expression cannot stand here."
                self.report("D209", message, (*path, key), "use a branch to choose")
                fields[key] = STAND_IN
        if kind == "loop":
            self.loop_fields(raw, fields, path)
        elif kind == "branch":
            self.branch_fields(raw, fields, path)
        return self.validated(model, fields, path, _FILLS.get(kind, {}))

    def loop_fields(self, raw: dict[str, Any], fields: dict[str, Any], path: Path) -> None:
        fields["steps"] = self.step_list(raw, path)
        parallel = fields.pop("parallel", None)
        bound = fields.get("max_concurrency")
        until = "until" in fields
        if parallel is not None and not isinstance(parallel, bool):
            self.report("D102", "`parallel` must be true or false.", (*path, "parallel"))
        elif parallel is not None and bound not in (None, 1, 0 if parallel else 1):
            message = "`parallel` and `max_concurrency` contradict each other."
            self.report("D105", message, (*path, "parallel"), "keep one of them")
        elif parallel and until:
            message = "The turns of an `until` loop run one after another."
            self.report("D105", message, (*path, "parallel"), "remove `parallel`")
        old_name = raw.get("type") == "parallel" and parallel is None and not until
        if parallel is True or (old_name and bound is None):
            fields.setdefault("max_concurrency", 0)
            if parallel is True and not until and bound == 1:
                fields["max_concurrency"] = 0
        if until and bound not in (None, 1):
            message = "`max_concurrency` has no effect in an `until` loop."
            self.report("W005", message, (*path, "max_concurrency"), severity="warning")
        if not until and "max_iterations" in fields:
            message = "`max_iterations` has no effect without `until`."
            self.report("W005", message, (*path, "max_iterations"), severity="warning")
        if until and "for_each" in fields:
            message = "A loop has either `for_each` or `until`, not both."
            self.report("D105", message, (*path, "until"), key=True)
            del fields["until"]

    def branch_fields(self, raw: dict[str, Any], fields: dict[str, Any], path: Path) -> None:
        where = (*path, "options")
        options = raw.get("options")
        if isinstance(options, list) and options:
            fields["options"] = tuple(
                self.option(option, (*where, n)) for n, option in enumerate(options)
            )
        elif options is None or options == []:
            self.report("D101", "A branch needs at least one option.", path, "add `options:`")
            fields["options"] = (BranchOption(when="true", step=cast(Any, _stand_in())),)
        else:
            self.report("D102", "`options` must be a list.", where)
            fields["options"] = (BranchOption(when="true", step=cast(Any, _stand_in())),)
        if "else" in fields:
            fields["else"] = self.step(fields["else"], (*path, "else"))

    def option(self, raw: Any, path: Path) -> BranchOption:
        if not isinstance(raw, dict):
            self.report("D102", "An option must be a mapping.", path, "write `when:` and `step:`")
            return BranchOption(when="true", step=cast(Any, _stand_in()))
        self.unknown_keys(raw, path, ("when", "step"), "an option")
        fields: dict[str, Any] = {}
        if raw.get("when") is not None:
            fields["when"] = raw["when"]
        if raw.get("step") is None:
            self.report("D101", "The option has no `step`.", path)
            fields["step"] = _stand_in()
        else:
            fields["step"] = self.step(raw["step"], (*path, "step"))
        return self.validated(BranchOption, fields, path, {"when": "true"})

    def unsupported_fields(self, raw: dict[str, Any], path: Path) -> None:
        for key, code in UNSUPPORTED_FIELDS.items():
            if key in raw:
                message = f"`{key}` on a step is not supported in this version yet."
                self.report(code, message, (*path, key), key=True)


_FILLS: dict[str, dict[str, Any]] = {
    "python": {"action": STAND_IN},
    "shell": {"run": STAND_IN},
    "subworkflow": {"workflow": STAND_IN},
}


def _stand_in() -> PythonStep:
    return PythonStep(name=STAND_IN, action=STAND_IN)
