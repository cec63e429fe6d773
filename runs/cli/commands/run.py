"""`maverick run`: start a workflow, here or on a server, or resume one."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from runs.cli.options import Function, json_option
from runs.cli.refusals import CliRefusal
from runs.cli.side import refuse_server


def _options(function: Function) -> Function:
    """The options of `run` and of the commands that are short for it."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE",
        help="An input. KEY=@FILE reads the value from a file.",
    ),
    click.option("--inputs", "inputs_file", metavar="FILE", help="Inputs as JSON or YAML."),
    click.option(
        "--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label of the run."
    ),
    click.option("--resume", is_flag=True, help="Continue the newest unfinished run."),
    click.option(
        "--resume-from", metavar="CHECKPOINT",
        help="Continue from this checkpoint, or from its file.",
    ),
    click.option(
        "--accept-changes", is_flag=True,
        help="Resume although the workflow changed; reuse only what is unchanged.",
    ),
    click.option(
        "--restore-workspace/--keep-workspace", "restore", default=None,
        help="Resume with the files as the checkpoint's snapshot has them, or as they are. "
        "Without either a terminal is asked, and elsewhere the files stay as they are.",
    ),
    click.option("--force", is_flag=True, help="Restore over changes that no snapshot holds."),
    click.option("--detach", is_flag=True, help="Leave the run to workers and do not wait."),
    click.option(
        "--threads", type=click.IntRange(1, 64), default=4, show_default=True,
        help="How many steps may run at once here.",
    ),
    json_option,
)  # fmt: skip


@click.command("run")
@click.argument("workflow", metavar="FILE_OR_NAME")
@_options
@click.pass_context
def command(ctx: click.Context, /, workflow: str, **options: Any) -> int:
    """Run a workflow and show its steps while they run.

    FILE_OR_NAME is a YAML file, `-` for standard input, or a workflow's name. Without a server
    the steps run here, in the working folder. With --json the run is the last line of stdout.
    """
    return _run(ctx, workflow, **options)


def short_for(workflow: str) -> click.Command:
    """`maverick NAME …` for `maverick run NAME …`."""

    @click.command(workflow, short_help=f"Short for `maverick run {workflow}`.")
    @_options
    @click.pass_context
    def shortcut(ctx: click.Context, /, **options: Any) -> int:
        return _run(ctx, workflow, **options)

    shortcut.help = (
        f"Short for `maverick run {workflow}`: run the workflow {workflow}, or resume it.\n\n"
        f"`maverick workflow show {workflow}` says which inputs it takes."
    )
    return shortcut


@dataclass(frozen=True)
class _Resume:
    """What `--resume` and its companions say."""

    checkpoint: str | None
    accept_changes: bool
    restore: bool | None
    force: bool


def _run(
    ctx: click.Context,
    workflow: str,
    *,
    pairs: tuple[str, ...],
    inputs_file: str | None,
    labels: tuple[str, ...],
    resume: bool,
    resume_from: str | None,
    accept_changes: bool,
    restore: bool | None,
    force: bool,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    from runs.cli.inputs import read_inputs, read_labels

    again = resume or resume_from is not None
    if (accept_changes or force or restore is not None) and not again:
        raise click.UsageError(
            "--accept-changes, --restore-workspace, --keep-workspace and --force go with --resume.",
            ctx,
        )
    if again and labels:
        raise click.UsageError("A resumed run keeps its labels; leave --label out.", ctx)
    inputs, marked = read_inputs(pairs, inputs_file), read_labels(labels)
    if ctx.find_root().obj["server"]:
        if again:
            refuse_server(ctx, "--resume")
        return _there(ctx, workflow, inputs, marked, detach=detach, as_json=as_json)
    what = _what(workflow, keep_path=True)
    if again:
        wanted = _Resume(resume_from, accept_changes, restore, force)
        return _resume(what, inputs, wanted, detach=detach, threads=threads, as_json=as_json)
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
    wanted: _Resume,
    *,
    detach: bool,
    threads: int,
    as_json: bool,
) -> int:
    from runs.cli.driving import detached, drive_here
    from runs.cli.here import Here, actor, placement

    side = Here()
    from runs.errors import UnknownWorkflow
    from runs.operations.resume_run import ResumeRequest, resume_run

    request = ResumeRequest(
        checkpoint=wanted.checkpoint,
        accept_changes=wanted.accept_changes,
        restore=wanted.restore,
        force=wanted.force,
        ask=_ask if _is_asked(as_json) else None,
    )
    try:
        run, note = resume_run(
            **what, inputs=inputs, request=request, by=actor(), placement=placement(detach)
        )
    except UnknownWorkflow as error:
        raise _nearest(error, what["workflow"]) from None
    _tell(note, run.workspace, as_json)
    if detach:
        return detached(side, side.get_run(run.id), as_json=as_json)
    typed = what["workflow"] or ""
    return drive_here(side, run.id, as_json=as_json, threads=threads, typed=typed)


def _is_asked(as_json: bool) -> bool:
    """Whether somebody sits at a terminal and can answer."""
    return not as_json and sys.stdin.isatty() and sys.stdout.isatty()


def _ask(found: Any) -> bool:
    return click.confirm(
        f"The working tree of {found.folder} differs from the snapshot of the checkpoint "
        f"{found.checkpoint}: {found.difference.words}. Bring the snapshot back?",
        default=False,
    )


_OLD = 24 * 3600


def _tell(note: Any, workspace: str, as_json: bool) -> None:
    """What is resumed: run, checkpoint, age, how many steps are kept."""
    from runs.cli.printing import say
    from runs.projections.words import count

    for warning in note.warnings:
        say(f"maverick: {warning}", err=True)
    kept = count(note.kept_steps, "step")
    age = _age(note.age_seconds)
    where = (
        f"from checkpoint {note.checkpoint_name}, saved {age} ago"
        if note.checkpoint_name
        else f"started {age} ago"
    )
    say(f"Resuming {note.source_run_id} {where}: {kept} kept.", err=as_json)
    if note.age_seconds > _OLD:
        what = "That checkpoint" if note.checkpoint_name else "That run"
        say(f"maverick: {what} is {age} old; what its steps rest on may have changed.", err=True)
    if note.workspace:
        say(f"maverick: {note.workspace}", err=True)
    if workspace and Path(workspace) != Path.cwd():
        say(f"maverick: It works in {workspace}.", err=True)


def _age(value: float) -> str:
    from runs.cli.progress import seconds

    if value < 2 * _OLD:
        return seconds(value)
    return f"{value / _OLD:.0f} days"
