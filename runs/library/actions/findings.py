"""What reviews found: combined, counted, and what was mended of it."""

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from runs.actions import action

SEVERITIES = ("critical", "major", "minor", "suggestion")  # the worst first
RECOMMENDATIONS = ("request_changes", "comment", "approve")  # the strictest first
_SAME = {
    "blocker": "critical",
    "error": "critical",
    "high": "major",
    "warning": "major",
    "important": "major",
    "medium": "minor",
    "low": "suggestion",
    "info": "suggestion",
    "nit": "suggestion",
    "style": "suggestion",
}


class Finding(TypedDict):
    """One thing that a review found."""

    severity: str
    file: str
    line: int | None
    message: str
    suggestion: str
    source: str


class Combined(TypedDict):
    """Several reviews as one."""

    review_report: str
    issues: list[Finding]
    recommendation: str


class Analysis(TypedDict):
    """Whether there is something to mend."""

    total: int
    counts: dict[str, int]
    issue_groups: list[dict[str, Any]]
    needs_fixes: bool
    skip_reason: str | None


class FixReport(TypedDict):
    """What became of the findings of a review."""

    review_report: str
    recommendation: str
    issues_found: int
    issues_fixed: int
    issues_remaining: list[Finding]
    attempts: int
    fix_summary: str


@action("combine_review_results", effect="pure")
def combine_review_results(
    agent_review: Any = None,
    coderabbit_review: Any = None,
    spec_review: Any = None,
    technical_review: Any = None,
    pr_metadata: dict[str, Any] | None = None,
) -> Combined:
    """Several reviews as one: `{review_report, issues, recommendation}`.

    A review is a mapping with `issues` or `findings`, `summary` and `recommendation`, or a text.
    The recommendation is `request_changes` for a critical or major finding or where a review says
    so, `approve` where nothing was found and no review disagrees, otherwise `comment`.
    """
    reviews = {
        "agent": agent_review,
        "coderabbit": coderabbit_review,
        "spec": spec_review,
        "technical": technical_review,
    }
    made = {name: review for name, review in reviews.items() if review}
    issues = sorted(
        (one for name, review in made.items() for one in _issues(review, name)),
        key=lambda one: (SEVERITIES.index(one["severity"]), one["file"], one["line"] or 0),
    )
    recommendation = _recommendation(made, issues)
    report = _report(made, issues, recommendation, pr_metadata or {})
    return {"review_report": report, "issues": issues, "recommendation": recommendation}


action("review.combine_review_results", effect="pure")(combine_review_results)


@action("analyze_review_findings", effect="pure")
def analyze_review_findings(
    review_result: dict[str, Any] | None = None, recommendation: str | None = None
) -> Analysis:
    """Whether a review has found something to mend, by file.

    Answers `{total, counts, issue_groups: [{file, issues}], needs_fixes, skip_reason}`.
    """
    issues = list(_issues(review_result, "review"))
    said = recommendation or (review_result or {}).get("recommendation")
    files: dict[str, list[Finding]] = {}
    for one in issues:
        files.setdefault(one["file"], []).append(one)
    reason = None
    if said == "approve":
        reason = "The review approves."
    elif not issues:
        reason = "The review found nothing."
    return {
        "total": len(issues),
        "counts": _counts(issues),
        "issue_groups": [{"file": file, "issues": found} for file, found in files.items()],
        "needs_fixes": reason is None,
        "skip_reason": reason,
    }


@action("generate_review_fix_report", effect="pure")
def generate_review_fix_report(
    initial_review: dict[str, Any] | None = None,
    final_review: dict[str, Any] | None = None,
    attempts: int = 0,
    max_attempts: int = 0,
    fix_summary: str | None = None,
    loop_result: dict[str, Any] | None = None,
    fix_loop_result: dict[str, Any] | None = None,
) -> FixReport:
    """What became of the findings of a review.

    `initial_review` is what was found, `final_review` what is left after mending (null: nothing was
    mended); or both are in the result of a loop. Answers `{review_report, recommendation, issues_found, issues_fixed, issues_remaining,
    attempts, fix_summary}`.
    """
    given = loop_result or fix_loop_result
    loop = dict(given) if isinstance(given, Mapping) else {}
    first = initial_review or loop.get("initial_review") or {}
    last = final_review or loop.get("final_review") or first
    found, remaining = list(_issues(first, "review")), list(_issues(last, "review"))
    tries = int(attempts or loop.get("attempts") or 0)
    fixed = max(0, len(found) - len(remaining))
    summary = (
        fix_summary
        or loop.get("fix_summary")
        or (
            f"{fixed} of {len(found)} findings were mended in {tries} attempts."
            if tries
            else "Nothing was mended."
        )
    )
    if tries and max_attempts and tries >= max_attempts and remaining:
        summary += f" All {max_attempts} attempts are used up."
    recommendation = str(last.get("recommendation") or "") or _recommendation(
        {"r": last}, remaining
    )
    return {
        "review_report": str(last.get("review_report") or last.get("summary") or ""),
        "recommendation": recommendation,
        "issues_found": len(found),
        "issues_fixed": fixed,
        "issues_remaining": remaining,
        "attempts": tries,
        "fix_summary": str(summary),
    }


def _issues(review: Any, source: str) -> Iterator[Finding]:
    if isinstance(review, list):
        for one in review:
            yield from _issues(one, source)
        return
    if not isinstance(review, Mapping):
        return
    listed = review.get("issues") or review.get("findings")
    for one in listed if isinstance(listed, list) else []:
        known = dict(one) if isinstance(one, Mapping) else {"message": str(one)}
        said = known.get("message") or known.get("description") or known.get("title") or ""
        line = known.get("line") or known.get("line_number")
        yield {
            "severity": _severity(known.get("severity")),
            "file": str(known.get("file") or known.get("path") or known.get("file_path") or ""),
            "line": line if isinstance(line, int) and not isinstance(line, bool) else None,
            "message": str(said),
            "suggestion": str(known.get("suggestion") or known.get("fix") or ""),
            "source": str(known.get("source") or source),
        }


def _severity(said: Any) -> str:
    word = str(said or "").strip().lower()
    return word if word in SEVERITIES else _SAME.get(word, "minor")


def _counts(issues: list[Finding]) -> dict[str, int]:
    return {name: sum(one["severity"] == name for one in issues) for name in SEVERITIES}


def _recommendation(made: Mapping[str, Any], issues: list[Finding]) -> str:
    said = []
    for review in made.values():
        word = str(review.get("recommendation") or "") if isinstance(review, Mapping) else ""
        word = word.strip().lower().replace(" ", "_").replace("-", "_")
        # A review in words only has not approved anything that we could read.
        said.append(
            word if word in RECOMMENDATIONS else ("approve" if _is_list(review) else "comment")
        )
    if any(one["severity"] in ("critical", "major") for one in issues):
        said.append("request_changes")
    elif issues or not made:
        said.append("comment")
    return min(said, key=RECOMMENDATIONS.index)


def _is_list(review: Any) -> bool:
    """Does the review list what it found, be it nothing?"""
    return isinstance(review, Mapping) and ("issues" in review or "findings" in review)


def _report(
    made: Mapping[str, Any],
    issues: list[Finding],
    recommendation: str,
    metadata: Mapping[str, Any],
) -> str:
    title = str(metadata.get("title") or "")
    number = f"#{metadata['number']} " if metadata.get("number") else ""
    lines = [f"# Review{f' of {number}{title}'.rstrip() if number or title else ''}", ""]
    lines += [f"**{recommendation.replace('_', ' ').capitalize()}.** {_counted(issues, made)}", ""]
    for severity in SEVERITIES:
        these = [one for one in issues if one["severity"] == severity]
        if these:
            lines += [f"## {severity.capitalize()}", ""]
            lines += [_line(one) for one in these]
            lines.append("")
    for name, review in made.items():
        words = review if isinstance(review, str) else _summary(review)
        if words:
            lines += [f"## From the {name} review", "", words.strip(), ""]
    return "\n".join(lines).rstrip() + "\n"


def _counted(issues: list[Finding], made: Mapping[str, Any]) -> str:
    if not made:
        return "No review was made."
    counts = ", ".join(f"{count} {name}" for name, count in _counts(issues).items() if count)
    return f"Found: {counts}." if counts else "Nothing was found."


def _line(one: Finding) -> str:
    where = one["file"] + (f":{one['line']}" if one["line"] else "")
    tip = f" _{one['suggestion']}_" if one["suggestion"] else ""
    return f"- {f'`{where}` ' if where else ''}{one['message']}{tip}"


def _summary(review: Any) -> str:
    if not isinstance(review, Mapping):
        return ""
    return str(review.get("summary") or review.get("review_report") or "")
