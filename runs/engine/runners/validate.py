"""`type: validate`: run checks in stages. What mends them, and the rounds, are the frontier's."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runs.definition.spec import ValidateStep
from runs.engine.context import StepContext
from runs.engine.runners.stopping import Stop
from runs.errors import StepFailure
from runs.library.validation import BadStages, load_validation, run_stages
from runs.operations.places import user_folder
from runs.processes import Ended, TextSink, run_program


class ValidationFailed(StepFailure):
    """The checks had not passed in the last round, and `fail` is set."""

    code = "validation-failed"
    permanent = True


def run_validate(context: StepContext, given: Any) -> dict[str, Any]:
    """Run the stages once; output ``{success, passed, stages, stage_results}``.

    Raises BadStages, and ValidationFailed when they do not pass and the step says `fail`.
    """
    step = context.job.node.step
    assert isinstance(step, ValidateStep)
    settings = load_validation(context.workspace, user_folder())
    for problem in settings.problems:
        context.log(str(problem), "warning")
    folder = settings.folder(context.workspace, given.get("cwd"))
    if not folder.is_dir():
        raise BadStages(f"The folder {given.get('cwd') or settings.project_root} does not exist.")
    stop = Stop(context)

    def run_command(
        words: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        out: TextSink,
        err: TextSink,
        stdin: str = "",
        timeout: float | None = None,
    ) -> Ended:
        return run_program(
            words,
            cwd=cwd,
            env=env,
            out=out,
            err=err,
            stdin=stdin,
            timeout=timeout,
            stopped=stop.asked,
            on_process=stop.on_process,
        )

    result = run_stages(
        given["stages"],
        settings,
        folder,
        log=lambda text, stream: context.buffer.add(text, stream),
        run_command=run_command,
    )
    if step.fail and not result["passed"]:
        results = result["stage_results"]
        # Those behind the one that failed were not looked at.
        bad = [
            name
            for name in result["stages"]
            if not results[name]["passed"] and "skipped" not in results[name]
        ]
        raise ValidationFailed(
            f"{', '.join(bad)} did not pass.", hint="The log says more.", result=result
        )
    return result
