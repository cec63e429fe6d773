"""Builds steps, at any depth: of a list, of a branch's arms, of `on_error` and `on_failure`."""

from __future__ import annotations

from typing import Any, cast

from runs.definition.build_parts import PartBuilder
from runs.definition.load import Path
from runs.definition.reporting import STAND_IN, closest, yaml_keys
from runs.definition.spec import (
    STEP_CLASSES,
    BranchOption,
    PythonStep,
    Retry,
    StepBase,
)

MAX_STEPS = 10_000
OLD_KEYS = {"agent": ["executor_config"], "loop": ["parallel"], "python": ["executor_config"]}

# What a field may be, where a union in the class would make pydantic complain in riddles.
_SHAPES: dict[str, tuple[tuple[type, ...], str]] = {
    "context": ((dict, str), "a mapping, or the name of a context builder"),
    "output_schema": ((dict, str), "a mapping (JSON Schema)"),
    "outputs": ((dict,), "a mapping of names to values"),
}


class StepBuilder(PartBuilder):
    """Makes steps; counts them, so that there is an end."""

    steps = 0  # seen so far

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
        return (stand_in(),)

    def step(self, raw: Any, path: Path) -> StepBase:
        self.steps += 1
        if self.steps > MAX_STEPS:
            if self.steps == MAX_STEPS + 1:
                self.report("D003", f"The file has more than {MAX_STEPS} steps.", path)
            return stand_in()
        if not isinstance(raw, dict):
            self.report("D102", "A step must be a mapping.", path, "write `name:` and `type:`")
            return stand_in()
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
        else:
            shown = str(kind)[:40]
            hint = closest(shown, STEP_CLASSES)
            self.report("D103", f"Step type `{shown}` is not known.", (*path, "type"), hint)
        return self.other_step(raw, path)

    def other_step(self, raw: dict[str, Any], path: Path) -> StepBase:
        """A step of no known type: its name and what it reads are still looked at."""
        keys = yaml_keys(StepBase)
        common = self.common_fields("python", {k: raw[k] for k in keys if k in raw}, path)
        rest = {key: value for key, value in raw.items() if key not in keys}
        fields = {**common, "type": "python", "action": STAND_IN, "kwargs": rest}
        return self.validated(PythonStep, fields, path, {})

    def known_step(self, kind: str, raw: dict[str, Any], path: Path) -> StepBase:
        model = STEP_CLASSES[kind]
        keys = yaml_keys(model) + OLD_KEYS.get(kind, [])
        self.unknown_keys(raw, path, keys, a_step(kind))
        self.empty_keys(raw, path, keys)
        fields = self.common_fields(kind, {key: raw[key] for key in keys if key in raw}, path)
        fields |= {"type": kind, "mark": self.document.mark(path)}
        match kind:
            case "loop":
                self.loop_fields(raw, fields, path)
            case "branch":
                self.branch_fields(raw, fields, path)
            case "validate":
                self.validate_fields(fields, path)
            case "approval" if "form" in fields:
                fields["form"] = self.inputs(fields["form"], (*path, "form"))
        return self.validated(model, fields, path, _FILLS.get(kind, {}))

    def common_fields(self, kind: str, raw: dict[str, Any], path: Path) -> dict[str, Any]:
        """What is given, with what is inside it built. Null counts as not given."""
        fields = {key: value for key, value in raw.items() if value is not None}
        for key, (kinds, words) in _SHAPES.items():
            if key in fields and not isinstance(fields[key], kinds):
                self.report("D102", f"`{key}` must be {words}.", (*path, key))
                del fields[key]
        if isinstance(fields.get("retry"), dict):
            self.unknown_keys(fields["retry"], (*path, "retry"), yaml_keys(Retry), "`retry`")
        for key in ("action", "workflow", "generator", "context"):
            # What a reasoner is given may be a mapping that the run has already.
            is_given = key == "context" and kind == "agent" and "${{" in str(fields.get(key))
            if isinstance(fields.get(key), str) and not is_given:
                fields[key] = self.literal_name(key, fields[key], (*path, key))
        if "rollback" in fields:
            fields["rollback"] = self.rollback(fields["rollback"], (*path, "rollback"))
        if "requires" in fields:
            fields["requires"] = self.requires(fields["requires"], (*path, "requires"))
        if "on_error" in fields:
            fields["on_error"] = self.on_error(fields["on_error"], (*path, "on_error"))
        if "config" in fields or "executor_config" in fields:
            self.config_field(kind, fields, path)
        if isinstance(fields.get("output_schema"), str):
            message = f"The output schema `{fields['output_schema'][:80]}` is not checked."
            hint = "write a JSON Schema as a mapping to have the answer checked"
            where = (*path, "output_schema")
            self.report("W007", message, where, hint, severity="warning")
        return fields

    def on_error(self, raw: Any, path: Path) -> Any:
        if raw in ("continue", "skip"):
            return raw
        if isinstance(raw, dict):
            return self.step(raw, path)
        message = "`on_error` must be a step, `continue` or `skip`."
        self.report("D102", message, path)
        return None

    def config_field(self, kind: str, fields: dict[str, Any], path: Path) -> None:
        """`config` under its one name; what belongs to the step itself goes to the step."""
        key = "config" if "config" in fields else "executor_config"
        made = self.config(fields, path)
        fields.pop("executor_config", None)
        fields["config"] = made
        if kind == "python" and made.get("mode") == "agent":
            message = "A python step calls an action; it cannot run as an agent."
            self.report("D105", message, (*path, key, "mode"), "write `type: agent`")
        elif kind not in ("agent", "generate"):
            message = f"`{key}` has no effect on {a_step(kind)}."
            self.report("W005", message, (*path, key), severity="warning", key=True)
        policy = made.pop("retry_policy", None)
        if isinstance(policy, dict):
            where = (*path, key, "retry_policy")
            if "retry" in fields:
                message = "`retry` and `retry_policy` contradict each other."
                self.report("D105", message, where, "keep `retry`", key=True)
                return
            message = "`retry_policy` is the old spelling of the step's `retry`."
            self.report("W003", message, where, severity="warning", key=True)
            names = {"max_attempts": "max_attempts", "wait_min": "backoff"}
            names["wait_max"] = "max_backoff"
            fields["retry"] = {"max_attempts": 3} | {names[k]: v for k, v in policy.items()}

    def validate_fields(self, fields: dict[str, Any], path: Path) -> None:
        """A number as `retry` is the count of rounds; a mapping is what it is on any step."""
        if "stages" in fields:
            fields["stages"] = self.stages(fields["stages"], (*path, "stages"))
        if "on_failure" in fields:
            fields["on_failure"] = self.step(fields["on_failure"], (*path, "on_failure"))
        retry = fields.get("retry")
        if retry is None or isinstance(retry, dict):
            return
        del fields["retry"]
        if "rounds" in fields:
            message = "A number as `retry` means the same as `rounds`."
            self.report("D105", message, (*path, "retry"), "keep `rounds`", key=True)
        elif (isinstance(retry, int) and not isinstance(retry, bool) and retry >= 0) or (
            isinstance(retry, str) and "${{" in retry
        ):
            fields["rounds"] = retry
        else:
            message = "`retry` of a validate step must be a whole number, 0 or more, or a mapping."
            self.report("D102", message, (*path, "retry"))

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
        bound = fields.get("max_concurrency", 1)
        if not until and "for_each" not in fields and bound != 1:
            self.body_at_once(fields, path, tell=parallel is None)
        if until and "for_each" in fields:
            message = "A loop has either `for_each` or `until`, not both."
            self.report("D105", message, (*path, "until"), key=True)
            del fields["until"]

    def body_at_once(self, fields: dict[str, Any], path: Path, *, tell: bool) -> None:
        """A loop over nothing, with a bound: its steps themselves run at once (original, 3.6)."""
        fields["steps"] = tuple(
            step.model_copy(update={"needs": ()}) if step.needs is None else step
            for step in fields["steps"]
        )
        bound = fields["max_concurrency"]
        if tell and (isinstance(bound, str) or (type(bound) is int and bound > 1)):
            message = "Without `for_each`, the steps of the loop run at once, with no other bound."
            where = (*path, "max_concurrency")
            self.report("W005", message, where, "write `parallel: true`", severity="warning")

    def branch_fields(self, raw: dict[str, Any], fields: dict[str, Any], path: Path) -> None:
        where = (*path, "options")
        options = raw.get("options")
        if isinstance(options, list) and options:
            fields["options"] = tuple(
                self.option(option, (*where, n)) for n, option in enumerate(options)
            )
        elif options is None or options == []:
            self.report("D101", "A branch needs at least one option.", path, "add `options:`")
            fields["options"] = (BranchOption(when="true", step=cast(Any, stand_in())),)
        else:
            self.report("D102", "`options` must be a list.", where)
            fields["options"] = (BranchOption(when="true", step=cast(Any, stand_in())),)
        if "else" in fields:
            fields["else"] = self.step(fields["else"], (*path, "else"))

    def option(self, raw: Any, path: Path) -> BranchOption:
        if not isinstance(raw, dict):
            self.report("D102", "An option must be a mapping.", path, "write `when:` and `step:`")
            return BranchOption(when="true", step=cast(Any, stand_in()))
        self.unknown_keys(raw, path, ("when", "step"), "an option")
        fields: dict[str, Any] = {}
        if raw.get("when") is not None:
            fields["when"] = raw["when"]
        if raw.get("step") is None:
            self.report("D101", "The option has no `step`.", path)
            fields["step"] = stand_in()
        else:
            fields["step"] = self.step(raw["step"], (*path, "step"))
        return self.validated(BranchOption, fields, path, {"when": "true"})


_FILLS: dict[str, dict[str, Any]] = {
    "python": {"action": STAND_IN},
    "shell": {"run": STAND_IN},
    "subworkflow": {"workflow": STAND_IN},
    "agent": {"agent": STAND_IN},
    "generate": {"generator": STAND_IN},
    "validate": {"stages": []},
    "wait": {"seconds": 0},
    "approval": {"prompt": STAND_IN},
}


def stand_in() -> PythonStep:
    """A step in place of one that could not be built."""
    return PythonStep(name=STAND_IN, action=STAND_IN)


def a_step(kind: str) -> str:
    """``an agent step``, ``a loop step``: its kind with the article that it takes."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} step"
