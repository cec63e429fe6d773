"""Marked mapping → WorkflowSpec, with every fault of shape as a Problem that has its line.

What cannot be built is replaced by a stand-in, so that the checks after this can still say what
else is wrong. A spec with a stand-in never leaves the package: there is an error beside it.
"""

from __future__ import annotations

import re
from typing import Any

from runs.definition.build_steps import MAX_STEPS, StepBuilder
from runs.definition.reporting import STAND_IN
from runs.definition.spec import WORKFLOW_NAME_PATTERN, WorkflowSpec

__all__ = ["MAX_STEPS", "Builder"]

_WORKFLOW_KEYS = ("version", "name", "description", "inputs", "steps", "outputs", "metadata")


class Builder(StepBuilder):
    """Builds one document; `problems` fills as it goes."""

    def workflow(self) -> WorkflowSpec | None:
        """The spec, with stand-ins where something is wrong; None when there is nothing."""
        raw = self.document.value
        if not isinstance(raw, dict):
            empty = raw is None
            message = "The file is empty." if empty else "A workflow is a mapping of keys."
            self.report("D101", message, (), "begin with `version`, `name` and `steps`")
            return None
        self.unknown_keys(raw, (), _WORKFLOW_KEYS, "a workflow")
        self.empty_keys(raw, (), ("description", "inputs", "outputs"))
        description = raw.get("description")
        if description is not None and not isinstance(description, str):
            self.report("D102", "`description` must be a text.", ("description",))
        return WorkflowSpec.model_construct(
            version=self.version(raw),
            name=self.workflow_name(raw),
            description=description if isinstance(description, str) else "",
            inputs=self.inputs(raw.get("inputs"), ("inputs",)),
            steps=self.step_list(raw, ()),
            outputs=self.mapping(raw, "outputs"),
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
