"""YAML → WorkflowSpec, or every Problem at once. Pure: no Django, no files, no clock."""

from runs.definition.inputs import bind_inputs
from runs.definition.json_schema import workflow_json_schema
from runs.definition.known import Known
from runs.definition.problems import CODES, UNREGISTERED, Problem
from runs.definition.spec import (
    AgentStep,
    ApprovalStep,
    BranchOption,
    BranchStep,
    CheckpointStep,
    GenerateStep,
    InputSpec,
    LoopStep,
    Mark,
    PythonStep,
    Retry,
    RollbackCall,
    ShellStep,
    StageCommand,
    Step,
    StepBase,
    SubworkflowStep,
    ValidateStep,
    WaitStep,
    WorkflowSpec,
    called_workflows,
    nested,
)
from runs.definition.workflow import Loaded, load_workflow

__all__ = [
    "CODES",
    "UNREGISTERED",
    "AgentStep",
    "ApprovalStep",
    "BranchOption",
    "BranchStep",
    "CheckpointStep",
    "GenerateStep",
    "InputSpec",
    "Known",
    "Loaded",
    "LoopStep",
    "Mark",
    "Problem",
    "PythonStep",
    "Retry",
    "RollbackCall",
    "ShellStep",
    "StageCommand",
    "Step",
    "StepBase",
    "SubworkflowStep",
    "ValidateStep",
    "WaitStep",
    "WorkflowSpec",
    "bind_inputs",
    "called_workflows",
    "load_workflow",
    "nested",
    "workflow_json_schema",
]
