"""`maverick workflow list|show|validate|viz|new|schema`."""

import time
from pathlib import Path
from typing import Any

import click

from runs.cli.backend import Json
from runs.cli.options import json_option
from runs.cli.refusals import OK, REFUSED, CliRefusal
from runs.cli.side import backend, refuse_server
from runs.cli.workflow_new import new


@click.group("workflow")
def command() -> None:
    """List, show, draw, check and begin workflows."""


command.add_command(new)


@command.command("list")
@click.option(
    "--source", type=click.Choice(["all", "project", "user", "built-in"]), default="all",
    help="Only those from there.",
)  # fmt: skip
@click.option("--all", "published", is_flag=True, help="Also those that are only in the database.")
@json_option
@click.pass_context
def list_(ctx: click.Context, source: str, published: bool, as_json: bool) -> None:
    """List the workflows that can be run here, or that a server knows.

    Of two files with one workflow name, the project's goes before the user's, and that before
    the built-in one, wherever the file lies.
    """
    from runs.cli.printing import print_json, print_table

    if ctx.find_root().obj["server"]:
        found = backend(ctx).workflows()
    else:
        found = [one for one in _files(published) if source in ("all", one["origin"])]
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("workflow", "kind", "from", "file", "overrides", "description"),
        [
            (
                one["name"],
                one.get("kind", ""),
                one.get("origin") or f"version {one.get('version')}",
                one.get("file") or "",
                (", ".join(one.get("overrides", [])), "dim"),
                _state(one),
            )
            for one in found
        ],
        empty="No workflows: put a YAML file here or into workflows/.",
    )


def _state(one: Json) -> tuple[str, str]:
    if one.get("rivals"):
        return (f"! also in {', '.join(one['rivals'])}: which one is meant?", "red")
    if not one.get("valid", True):
        return (f"! has problems: maverick workflow validate {one['file']}", "red")
    return (one.get("description") or "", "dim")


def _files(published: bool) -> list[Json]:
    """The workflow files; then, if asked for, those that are only in the database."""
    from runs.cli.workflow_texts import near
    from runs.definition import load_workflow
    from runs.library.find import list_workflows
    from runs.operations.places import project_folder, user_folder

    found: dict[str, Json] = {}
    for one in list_workflows(project=project_folder(), user=user_folder()):
        try:
            loaded = load_workflow(one.path.read_bytes(), file=str(one.path), lenient=True)
        except OSError:
            continue  # it went away between the two looks
        found[one.name] = {
            "name": one.name,
            "kind": "fragment" if one.is_fragment else "workflow",
            "origin": one.origin,
            "file": near(one.path),
            "version": loaded.spec.version if loaded.spec else None,
            "description": loaded.spec.description if loaded.spec else "",
            "valid": loaded.ok,
            "overrides": [near(path) for path in one.overrides],
            "rivals": [near(path) for path in one.rivals],
        }
    if published:
        from runs.cli.here import Here

        for kept in Here().workflows():
            only_there = {**kept, "kind": "workflow", "origin": "database", "valid": True}
            found.setdefault(kept["name"], only_there)
    return [found[name] for name in sorted(found)]


@command.command("show")
@click.argument("workflow", metavar="FILE_OR_NAME")
@json_option
@click.pass_context
def show(ctx: click.Context, workflow: str, as_json: bool) -> None:
    """Show a workflow: what it is, its inputs and its steps."""
    from runs.cli.printing import print_json, print_table, say
    from runs.cli.workflow_texts import spec_of

    spec, text, file = spec_of(ctx, workflow)
    if as_json:
        # By the name in the file (`else`), as the API and the schema have it.
        document = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
        print_json({**document, "source": text})
        return
    say(f"{spec.name}  {spec.description}".rstrip(), style="bold")
    say(f"  file  {file}\n")
    print_table(
        ("input", "type", "needed", "default", "description"),
        [
            (
                name,
                one.type + (" (secret)" if one.secret else ""),
                "yes" if one.required else "",
                "" if not one.has_default else str(one.default),
                (one.description, "dim"),
            )
            for name, one in spec.inputs.items()
        ],
    )
    if spec.inputs:
        say()
    print_table(("step", "type", "what", "needs", "more"), list(_steps(spec.steps)))


def _steps(steps: Any, depth: int = 0) -> Any:
    from runs.definition import nested
    from runs.definition.drawing.words import notes, what

    for step in steps:
        needs = ", ".join(step.needs) if step.needs is not None else ""
        more = ("; ".join(notes(step)), "dim")
        yield ("  " * depth + step.name, step.type, what(step), needs, more)
        yield from _steps([inner for _, inner in nested(step)], depth + 1)


@command.command("viz")
@click.argument("workflow", metavar="FILE_OR_NAME")
@click.option(
    "--format", "form", type=click.Choice(["text", "mermaid"]), default="text", show_default=True,
    help="A tree for the terminal, or a flowchart for documents.",
)  # fmt: skip
@click.option(
    "--direction", type=click.Choice(["TD", "LR"]), default="TD", show_default=True,
    help="Of a flowchart: top down, or left to right.",
)  # fmt: skip
@click.option("--output", metavar="FILE", help="Write it there.")
@click.pass_context
def viz(ctx: click.Context, workflow: str, form: str, direction: Any, output: str | None) -> None:
    """Draw a workflow. What it names need not exist yet."""
    import sys

    from runs.cli.printing import can_show, say
    from runs.cli.workflow_texts import spec_of

    spec, _, _ = spec_of(ctx, workflow)
    from runs.definition.drawing import mermaid, tree

    if form == "mermaid":
        drawn = mermaid(spec, direction)
    else:
        drawn = tree(spec, ascii_only=output is None and not can_show("├─│└…", sys.stdout)) + "\n"
    if output is None:
        say(drawn.rstrip("\n"))
        return
    try:
        Path(output).write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise CliRefusal("file", f"{output}: {error.strerror}.") from None
    say(f"{output} is written.")


@command.command("validate")
@click.argument("files", metavar="[FILE_OR_NAME]...", nargs=-1)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option(
    "--lenient", is_flag=True,
    help="Actions, agents and workflows that do not exist yet are warnings.",
)  # fmt: skip
@json_option
@click.pass_context
def validate(
    ctx: click.Context, files: tuple[str, ...], strict: bool, lenient: bool, as_json: bool
) -> int:
    """Check workflow files: every problem at once, as file:line:column.

    Without a file: every workflow file of this project and of the user.
    """
    from runs.cli.printing import print_json, say
    from runs.cli.refusals import problem_line, problem_of
    from runs.cli.workflow_texts import Checker, everything

    refuse_server(ctx, "Validating")
    if strict and lenient:
        raise CliRefusal("usage", "--strict and --lenient contradict each other.")
    began = time.monotonic()
    checker = Checker(ctx, lenient)
    results: list[Json] = []
    for given in files or everything():
        try:
            found, spec = checker.problems_of(given)
            problems = [problem_of(one) for one in found]
        except CliRefusal as error:
            problems, spec = [{**_as_problem(error), "file": given}], None
        bad = [p for p in problems if strict or p.get("severity") != "warning"]
        name, steps = (spec.name, _count(spec)) if spec else ("", 0)
        results.append(
            {"file": given, "name": name, "steps": steps, "valid": not bad, "problems": problems}
        )
    good = all(result["valid"] for result in results)
    if as_json:
        spent = round((time.monotonic() - began) * 1000)
        print_json({"valid": good, "duration_ms": spent, "files": results})
        return OK if good else REFUSED
    told: set[str] = set()
    for result in results:
        for problem in result["problems"]:
            line = problem_line(problem, str(result["file"]))
            if line not in told:  # two files may call the same broken one
                say(line, err=True)
                told.add(line)
        _verdict(result)
    if len(results) > 1:
        wrong = sum(not result["valid"] for result in results)
        say(f"{len(results)} files, {wrong} of them with problems." if wrong else
            f"{len(results)} files, all of them valid.")  # fmt: skip
    return OK if good else REFUSED


def _verdict(result: Json) -> None:
    from runs.cli.printing import mark, say
    from runs.projections.words import count

    if result["valid"]:
        steps = count(result["steps"], "step")
        say(f"{mark('succeeded')} {result['file']}: {result['name']} is valid ({steps}).")


def _count(spec: Any) -> int:
    from runs.definition import nested

    todo, count = list(spec.steps), 0
    while todo:
        count += 1
        todo.extend(inner for _, inner in nested(todo.pop()))
    return count


def _as_problem(error: CliRefusal) -> Json:
    return {"code": error.told.code, "message": error.told.message, "severity": "error"}


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of workflow files, for editors."""
    import json

    from runs.definition import workflow_json_schema

    print(json.dumps(workflow_json_schema(), indent=2, ensure_ascii=False))
