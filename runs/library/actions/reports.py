"""Reports: what was checked and mended, what became of many issues."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from runs.actions import action

_GOOD = frozenset({"success", "succeeded", "fixed", "completed", "done", "ok"})
_SKIPPED = frozenset({"skipped", "dry_run", "cancelled"})


class StageReport(TypedDict):
    """One stage of a validation."""

    name: str
    passed: bool
    errors: list[Any]
    duration_ms: int


class ValidationReport(TypedDict):
    """How a validation ended. `remaining_errors` name their stage."""

    passed: bool
    stages: list[StageReport]
    attempts: int
    fixes_applied: list[Any]
    remaining_errors: list[dict[str, Any]]
    suggestions: list[str]


class IssueReport(TypedDict):
    """What became of one issue: `status` is success, failed or skipped."""

    number: int | None
    title: str
    status: str
    branch: str | None
    pr_url: str | None
    error: str | None


class CleanupSummary(TypedDict):
    """What became of many issues."""

    label: str | None
    parallel_mode: bool | None
    total_requested: int
    total: int
    processed_count: int
    success_count: int
    failure_count: int
    skipped_count: int
    issues: list[IssueReport]
    pr_urls: list[str]
    summary: str


@action("generate_validation_report", effect="pure")
def generate_validation_report(
    initial_result: dict[str, Any] | None = None,
    fix_loop_result: dict[str, Any] | None = None,
    fix_result: dict[str, Any] | None = None,
    fix_enabled: bool = True,
    max_attempts: int = 0,
    stages: list[str] | None = None,
) -> ValidationReport:
    """How a validation ended, mended or not.

    `initial_result` and the fix's result are outputs of `validate` steps, or of workflows that
    end with one. Answers `{passed, stages, attempts, fixes_applied, remaining_errors, suggestions}`.
    """
    fix = _mapping(fix_loop_result) or _mapping(fix_result)
    final = _mapping(fix.get("final_result")) or (fix if _has_verdict(fix) else {})
    result = final or _mapping(initial_result)
    reports = list(_stages(result)) or list(_stages(_mapping(initial_result)))
    if stages:
        reports = [one for one in reports if one["name"] in stages]
    passed = _passed(result)
    attempts = int(fix.get("attempts") or fix.get("rounds") or 0)
    return {
        "passed": passed,
        "stages": reports,
        "attempts": attempts,
        "fixes_applied": list(fix.get("fixes_applied") or []),
        "remaining_errors": [] if passed else list(_errors(reports)),
        "suggestions": []
        if passed
        else list(_suggestions(reports, bool(fix_enabled), attempts, int(max_attempts))),
    }


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _has_verdict(result: Mapping[str, Any]) -> bool:
    return "passed" in result or "success" in result


def _passed(result: Mapping[str, Any]) -> bool:
    return bool(result.get("passed", result.get("success", False)))


def _stages(result: Mapping[str, Any]) -> Iterator[StageReport]:
    """From a validate step's output, or from a report like ours."""
    told = result.get("stage_results")
    if isinstance(told, Mapping):
        order = [name for name in result.get("stages") or told if name in told]
        entries = [{**_mapping(told[name]), "name": name} for name in order]
    else:
        entries = [_mapping(one) for one in result.get("stages") or [] if isinstance(one, Mapping)]
    for entry in entries:
        yield {
            "name": str(entry.get("name") or ""),
            "passed": bool(entry.get("passed")),
            "errors": list(entry.get("errors") or []),
            "duration_ms": int(entry.get("duration_ms") or 0),
        }


def _errors(reports: list[StageReport]) -> Iterator[dict[str, Any]]:
    for report in reports:
        for error in [] if report["passed"] else report["errors"]:
            known = _mapping(error) or {"file": "", "line": None, "message": str(error)}
            yield {"stage": report["name"], **known}


def _suggestions(
    reports: list[StageReport], fix_enabled: bool, attempts: int, most: int
) -> Iterator[str]:
    if not fix_enabled:
        yield "Run it again with fixing enabled, or mend what is listed."
    elif most and attempts >= most:
        yield f"{attempts} attempts at mending were not enough; allow more, or mend by hand."
    for report in reports:
        if not report["passed"] and report["errors"]:
            count = len(report["errors"])
            yield f"Look at {report['name']} first: {count} error{'s' if count != 1 else ''}."
            break


@action("generate_cleanup_summary", effect="pure")
def generate_cleanup_summary(
    results: list[Any] | None = None,
    parallel_result: Any = None,
    sequential_result: Any = None,
    total_requested: int = 0,
    label: str | None = None,
    parallel_mode: bool | None = None,
    issues: list[dict[str, Any]] | None = None,
) -> CleanupSummary:
    """What became of many issues: counts, one entry for each, and the pull requests.

    The results are a loop's output, turn by turn; a turn without a result has failed. `issues` are
    those that the loop went over: they tell number and title of such a turn.
    """
    turns = next(
        (
            found
            for found in map(_turns, (results, sequential_result, parallel_result))
            if found is not None
        ),
        [],
    )
    asked = list(issues or [])
    count = max(len(turns), len(asked))
    told = [
        _issue(turns[at] if at < len(turns) else {"status": "skipped"}, _mapping(_at(asked, at)))
        for at in range(count)
    ]
    by = {status: sum(one["status"] == status for one in told) for status in ("success", "failed")}
    skipped = len(told) - by["success"] - by["failed"]
    return {
        "label": label,
        "parallel_mode": parallel_mode,
        "total_requested": int(total_requested or 0) or len(told),
        "total": len(told),
        "processed_count": by["success"] + by["failed"],
        "success_count": by["success"],
        "failure_count": by["failed"],
        "skipped_count": skipped,
        "issues": told,
        "pr_urls": [one["pr_url"] for one in told if one["pr_url"]],
        "summary": f"{by['success']} of {len(told)} issues were dealt with, "
        f"{by['failed']} failed, {skipped} were skipped.",
    }


# The name that it had first.
action("generate_refuel_summary", effect="pure")(generate_cleanup_summary)


def _at(items: list[Any], at: int) -> Any:
    return items[at] if at < len(items) else None


def _turns(given: Any) -> list[Any] | None:
    """The turns of a loop, or the `processed` of the first version of this workflow."""
    if isinstance(given, Mapping):
        given = given.get("processed")
    return list(given) if isinstance(given, list) else None


def _issue(turn: Any, asked: Mapping[str, Any]) -> IssueReport:
    if isinstance(turn, list):  # the outputs of a turn's steps: the last that tells how it ended
        turn = next((one for one in reversed(turn) if _tells(one)), None)
    told = _mapping(turn)
    inner = _mapping(told.get("issue"))
    number = told.get("issue_number") or told.get("number") or inner.get("number")
    return {
        "number": number or asked.get("number"),
        "title": str(told.get("title") or inner.get("title") or asked.get("title") or ""),
        "status": _status(told),
        "branch": told.get("branch") or told.get("branch_name"),
        "pr_url": told.get("pr_url"),
        "error": told.get("error") or (None if told else "It gave no result."),
    }


def _tells(output: Any) -> bool:
    return isinstance(output, Mapping) and any(
        key in output for key in ("status", "success", "pr_url")
    )


def _status(told: Mapping[str, Any]) -> str:
    said = str(told.get("status") or "").lower()
    if said in _SKIPPED:
        return "skipped"
    if said:
        return "success" if said in _GOOD else "failed"
    return "success" if told.get("success") is True or told.get("pr_url") else "failed"
