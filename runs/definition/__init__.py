"""YAML → WorkflowSpec, or every Problem at once. Pure: no Django, no files, no clock."""

from runs.definition.checks import Known
from runs.definition.inputs import bind_inputs
from runs.definition.json_schema import workflow_json_schema
from runs.definition.problems import CODES, Problem
from runs.definition.spec import (
    BranchOption,
    BranchStep,
    CheckpointStep,
    InputSpec,
    LoopStep,
    Mark,
    PythonStep,
    Retry,
    ShellStep,
    Step,
    StepBase,
    SubworkflowStep,
    WorkflowSpec,
)
from runs.definition.workflow import Loaded, load_workflow

__all__ = [
    "CODES",
    "BranchOption",
    "BranchStep",
    "CheckpointStep",
    "InputSpec",
    "Known",
    "Loaded",
    "LoopStep",
    "Mark",
    "Problem",
    "PythonStep",
    "Retry",
    "ShellStep",
    "Step",
    "StepBase",
    "SubworkflowStep",
    "WorkflowSpec",
    "bind_inputs",
    "load_workflow",
    "workflow_json_schema",
]
