"""The workflow of a direct call: one agent step, so that its run has the same pages as any."""

import re

from django.db import transaction

from runs.agentfield import BadCall, split_target
from runs.canonical import digest
from runs.models import Workflow, WorkflowVersion

_TEXT = """\
version: "1.0"
name: {name}
description: A direct call of {target}.
inputs:
  input:
    type: object
    default: {{}}
steps:
  - name: {step}
    type: agent
    agent: {target}
    context: ${{{{ inputs.input }}}}
"""


def step_name(reasoner: str) -> str:
    """The name of the one step: the reasoner's, as far as a step may be called so."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", reasoner)[:60]
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def direct_text(node: str, reasoner: str) -> str:
    """Its text; the same for the same target everywhere."""
    target = f"{node}.{reasoner}"
    return _TEXT.format(
        name=("call-" + re.sub(r"[^a-z0-9]+", "-", target.lower())).strip("-")[:64],
        target=target,
        step=step_name(reasoner),
    )


def brought_workflow(name: str, text: str) -> WorkflowVersion | None:
    """The workflow of direct calls that a file from elsewhere names; None when it is another."""
    node, _, reasoner = name.partition(".")
    try:
        split_target(name)
    except BadCall:
        return None
    return direct_workflow(node, reasoner) if text == direct_text(node, reasoner) else None


def direct_workflow(node: str, reasoner: str) -> WorkflowVersion:
    """The stored workflow of calls of ``node.reasoner``; made with the first of them."""
    target = f"{node}.{reasoner}"
    text = direct_text(node, reasoner)
    content = digest([text, {}])
    name = target[:200]
    known = WorkflowVersion.objects.filter(workflow__name=name, digest=content).first()
    if known is not None:
        return known
    with transaction.atomic():
        workflow, _ = Workflow.objects.get_or_create(
            name=name, defaults={"description": f"Direct calls of {target}."}
        )
        workflow = Workflow.objects.select_for_update().get(pk=workflow.pk)
        number = workflow.versions.count() + 1
        version, _ = WorkflowVersion.objects.get_or_create(
            workflow=workflow, digest=content, defaults={"number": number, "source": text}
        )
    return version
