"""`maverick run`: start a workflow, here or on a server, or resume one."""

from pathlib import Path
from typing import Any

import click

from runs.cli.options import json_option
from runs.cli.refusals import CliRefusal
from runs.cli.side import refuse_server


@click.command("run")
@click.argument("workflow", metavar="FILE_OR_NAME")
@click.option(
    "-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE",
    help="An input. KEY=@FILE reads the value from a file.",
)  # fmt: skip
@click.option("--inputs", "inputs_file", metavar="FILE", help="Inputs as JSON or YAML.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label of the run.")
@click.option("--resume", is_flag=True, help="Continue the newest unfinished run.")
@click.option(
    "--resume-from", metavar="CHECKPOINT", help="Continue from this checkpoint, or from its file."
)
@click.option(
    "--accept-changes", is_flag=True,
    help="Resume although the workflow changed; reuse only what is unchanged.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Resume over changes that no snapshot holds.")
@click.option("--detach", is_flag=True, help="Leave the run to workers and do not wait.")
@click.option(
    "--threads", type=click.IntRange(1, 64), default=4, show_default=True,
    help="How many steps may run at once here.",
)  # fmt: skip
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    workflow: str,
    pairs: tuple[str, ...],
    inputs_file: str | None,
    labels: tuple[str, ...],
    resume: bool,
    resume_from: str | None,
    accept_changes: bool,
    force: bool,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    """Run a workflow and show its steps while they run.

    FILE_OR_NAME is a YAML file, `-` for standard input, or a workflow's name. Without a server
    the steps run here, in the working folder. With --json the run is the last line of stdout.
    """
    from runs.cli.inputs import read_inputs, read_labels

    again = resume or resume_from is not None
    if (accept_changes or force) and not again:
        raise click.UsageError("--accept-changes and --force go with --resume.", ctx)
    if again and labels:
        raise click.UsageError("A resumed run keeps its labels; leave --label out.", ctx)
    inputs, marked = read_inputs(pairs, inputs_file), read_labels(labels)
    if ctx.find_root().obj["server"]:
        if again:
            refuse_server(ctx, "--resume")
        return _there(ctx, workflow, inputs, marked, detach=detach, as_json=as_json)
    what = _what(workflow, keep_path=True)
    if again:
        return _resume(
            what, inputs, resume_from, accept_changes, force,
            detach=detach, threads=threads, as_json=as_json,
        )  # fmt: skip
    return _here(what, inputs, marked, detach=detach, threads=threads, as_json=as_json)


def _what(given: str, *, keep_path: bool) -> dict[str, Any]:
    """Which workflow: by name or path, or the text of a definition and its file's name."""
    from runs.cli.inputs import looks_like_a_path, read_text

    if given == "-":
        return {"workflow": None, "definition": read_text("-"), "file": "<stdin>"}
    if looks_like_a_path(given):
        if not Path(given).expanduser().is_file():
            raise CliRefusal("workflow-not-found", f"There is no file {given}.")
        if not keep_path:
            return {"workflow": None, "definition": read_text(given), "file": given}
    return {"workflow": given, "definition": None, "file": ""}


def _there(
    ctx: click.Context,
    workflow: str,
    inputs: dict[str, Any],
    labels: dict[str, str],
    *,
    detach: bool,
    as_json: bool,
) -> int:
    from runs.cli.driving import detached, watch
    from runs.cli.remote import There

    what = _what(workflow, keep_path=False)
    side = There(ctx.find_root().obj["server"])
    run = side.start(
        workflow=what["workflow"], definition=what["definition"], inputs=inputs, labels=labels
    )
    if detach:
        return detached(side, run, as_json=as_json)
    return watch(side, run["id"], as_json=as_json)


def _here(
    what: dict[str, Any],
    inputs: dict[str, Any],
    labels: dict[str, str],
    *,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    from runs.cli.driving import detached, drive_here
    from runs.cli.here import Here, actor, placement

    side = Here()
    from runs.errors import UnknownWorkflow
    from runs.operations.start_run import start_run

    try:
        run = start_run(
            **what, inputs=inputs, labels=labels, by=actor(), placement=placement(detach)
        )
    except UnknownWorkflow as error:
        raise _nearest(error, what["workflow"]) from None
    if detach:
        return detached(side, side.get_run(run.id), as_json=as_json)
    typed = what["workflow"] or ""
    return drive_here(side, run.id, as_json=as_json, threads=threads, typed=typed)


def _nearest(error: Any, name: str) -> Exception:
    """The same error, with the name that was perhaps meant."""
    from difflib import get_close_matches

    from runs.library.find import list_workflows
    from runs.operations.places import project_folder, user_folder

    names = [one.name for one in list_workflows(project=project_folder(), user=user_folder())]
    near = get_close_matches(name, names, n=1)
    if near:
        error.hint = f"Did you mean {near[0]!r}? {error.hint}".strip()
    assert isinstance(error, Exception)
    return error


def _resume(
    what: dict[str, Any],
    inputs: dict[str, Any],
    checkpoint: str | None,
    accept_changes: bool,
    force: bool,
    *,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    from runs.cli.driving import detached, drive_here
    from runs.cli.here import Here, actor, placement
    from runs.cli.printing import say
    from runs.cli.progress import seconds

    side = Here()
    from runs.errors import UnknownWorkflow
    from runs.operations.resume_run import resume_run

    try:
        run, note = resume_run(
            **what,
            inputs=inputs,
            checkpoint=checkpoint,
            accept_changes=accept_changes,
            force=force,
            by=actor(),
            placement=placement(detach),
        )
    except UnknownWorkflow as error:
        raise _nearest(error, what["workflow"]) from None
    for warning in note.warnings:
        say(f"maverick: {warning}", err=True)
    kept = "1 step" if note.kept_steps == 1 else f"{note.kept_steps} steps"
    where = (
        f"from checkpoint {note.checkpoint_name or note.checkpoint_id}, "
        f"saved {seconds(note.age_seconds)} ago"
        if note.checkpoint_name or note.checkpoint_id
        else f"started {seconds(note.age_seconds)} ago"
    )
    say(f"Resuming {note.source_run_id} {where}: {kept} kept.", err=as_json)
    if detach:
        return detached(side, side.get_run(run.id), as_json=as_json)
    typed = what["workflow"] or ""
    return drive_here(side, run.id, as_json=as_json, threads=threads, typed=typed)
