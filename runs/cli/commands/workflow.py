"""`maverick workflow list|show|validate|schema`."""

from pathlib import Path
from typing import Any

import click

from runs.cli.backend import Json
from runs.cli.options import json_option
from runs.cli.refusals import OK, REFUSED, CliRefusal
from runs.cli.side import backend, refuse_server


@click.group("workflow")
def command() -> None:
    """List, show and validate workflows."""


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the workflows that can be run here, or that a server knows."""
    from runs.cli.printing import print_json, print_table

    if ctx.find_root().obj["server"]:
        found = backend(ctx).workflows()
    else:
        found = _files()
    if as_json:
        print_json({"items": found})
        return
    print_table(
        ("workflow", "from", "file", "description"),
        [
            (
                one["name"],
                one.get("origin") or f"version {one.get('version')}",
                one.get("file") or "",
                (one.get("description") or "", "dim"),
            )
            for one in found
        ],
        empty="No workflows: put a YAML file here or into workflows/.",
    )


def _files() -> list[Json]:
    """The workflow files; then those that are only in the database."""
    from runs.cli.here import Here

    side = Here()
    from runs.definition import load_workflow
    from runs.library.find import find_workflow, list_workflows
    from runs.operations.places import project_folder, user_folder

    found: dict[str, Json] = {}
    for one in list_workflows(project=project_folder(), user=user_folder()):
        text = find_workflow(one.path)
        loaded = load_workflow(text.text, file=str(one.path)) if text else None
        found[one.name] = {
            "name": one.name,
            "origin": one.origin,
            "file": _short(one.path),
            "description": loaded.spec.description if loaded and loaded.spec else "",
            "valid": bool(loaded and loaded.ok),
            "overrides": [str(path) for path in one.overrides],
        }
    for kept in side.workflows():
        found.setdefault(kept["name"], {**kept, "origin": "database", "valid": True})
    return [found[name] for name in sorted(found)]


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@command.command("show")
@click.argument("workflow", metavar="FILE_OR_NAME")
@json_option
@click.pass_context
def show(ctx: click.Context, workflow: str, as_json: bool) -> None:
    """Show a workflow: what it is, its inputs and its steps."""
    from runs.cli.printing import print_json, print_table, say

    text, file = _text(ctx, workflow)
    from runs.definition import load_workflow
    from runs.errors import InvalidDefinition

    loaded = load_workflow(text, file=file)
    if loaded.spec is None:
        raise InvalidDefinition(loaded.problems)
    spec = loaded.spec
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
    print_table(("step", "type", "needs", "when"), list(_steps(spec.steps)))


def _steps(steps: Any, depth: int = 0) -> Any:
    for step in steps:
        needs = ", ".join(step.needs) if step.needs is not None else ""
        yield ("  " * depth + step.name, step.type, needs, (step.when or "", "dim"))
        yield from _steps(getattr(step, "steps", ()), depth + 1)
        for option in getattr(step, "options", ()):
            yield from _steps((option.step,), depth + 1)
        otherwise = getattr(step, "otherwise", None)
        if otherwise is not None:
            yield from _steps((otherwise,), depth + 1)


def _text(ctx: click.Context, given: str) -> tuple[str, str]:
    """The text of a workflow and where it is from: a file, a name here, a name on a server."""
    from runs.cli.commands.run import looks_like_a_path
    from runs.cli.inputs import read_text

    if given == "-":
        return read_text("-"), "<stdin>"
    if looks_like_a_path(given):
        return read_text(given), given
    if ctx.find_root().obj["server"]:
        found = backend(ctx).workflow(given)
        return found["source"], given
    from runs.library.find import find_workflow
    from runs.operations.places import project_folder, user_folder

    file = find_workflow(given, project=project_folder(), user=user_folder())
    if file is not None:
        return file.text, _short(file.path)
    kept = backend(ctx).workflow(given)
    return kept["source"], kept["workflow"]["file"] or given


@command.command("validate")
@click.argument("files", metavar="FILE_OR_NAME...", nargs=-1, required=True)
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@json_option
@click.pass_context
def validate(ctx: click.Context, files: tuple[str, ...], strict: bool, as_json: bool) -> int:
    """Check workflow files: every problem at once, as file:line:column."""
    from runs.cli.printing import mark, print_json, say
    from runs.cli.refusals import problem_line, problem_of

    refuse_server(ctx, "Validating")
    results: list[Json] = []
    for given in files:
        try:
            problems, name = _problems(ctx, given)
        except CliRefusal as error:
            problems, name = [{**_as_problem(error), "file": given}], ""
        bad = [p for p in problems if strict or p.get("severity") != "warning"]
        results.append({"file": given, "name": name, "valid": not bad, "problems": problems})
    good = all(result["valid"] for result in results)
    if as_json:
        print_json({"valid": good, "files": results})
        return OK if good else REFUSED
    for result in results:
        for problem in result["problems"]:
            say(problem_line(problem_of(problem), str(result["file"])), err=True)
        if result["valid"]:
            say(f"{mark('succeeded')} {result['file']}: {result['name']} is valid.")
    return OK if good else REFUSED


def _as_problem(error: CliRefusal) -> Json:
    return {"code": error.told.code, "message": error.told.message, "severity": "error"}


def _problems(ctx: click.Context, given: str) -> tuple[list[Json], str]:
    """What is wrong with one file, with the workflows that it calls looked up."""
    from runs.cli.refusals import problem_of

    text, file = _text(ctx, given)
    from runs.cli.here import load_django

    load_django()
    from runs.errors import InvalidDefinition
    from runs.operations.publish_workflow import check_workflow

    try:
        checked = check_workflow(text, file=file)
    except InvalidDefinition as error:
        return [problem_of(one) for one in error.problems], ""
    return [problem_of(one) for one in checked.warnings], checked.compiled.spec.name


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of workflow files, for editors."""
    import json

    from runs.definition import workflow_json_schema

    print(json.dumps(workflow_json_schema(), indent=2, ensure_ascii=False))
