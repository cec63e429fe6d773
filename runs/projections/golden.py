"""Golden runs, and how a run stands against one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runs import steppath
from runs.definition.assertions import Assertions, Rule, parse_assertions, stored_assertions
from runs.errors import InvalidAssertions, NotFound, Refused, RunNotOver, UnknownRun
from runs.ids import is_run_id
from runs.models import AcceptedValue, Execution, Golden, Payload, Run
from runs.planning.checking import Finding, check_output
from runs.states import RUN_OVER, RunStatus

# Their outputs are made of others' (and those are checked), or name times and ids of their run.
# They are minded when the assertions name them.
UNMINDED = frozenset({"loop", "branch", "subworkflow", "checkpoint", "wait", "approval"})
LIMIT = 500


class UnknownGolden(NotFound):
    """No run is golden under this name."""

    code = "golden-not-found"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A value that checks expect instead of the golden run's own."""

    path: str
    from_run_id: str
    reason: str
    by: str
    at: datetime
    from_deleted: bool


@dataclass(frozen=True, slots=True)
class GoldenFacts:
    """One golden run."""

    name: str
    run_id: str
    workflow: str
    tags: tuple[str, ...]
    note: str
    assertions: Mapping[str, Any] | None
    accepted: tuple[Accepted, ...]
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """How one node stands against the baseline."""

    path: str
    type: str
    verdict: str  # passed, failed, missing, extra, ignored
    because: str  # in words; empty when it passed plainly
    accepted: bool  # the expected value is one that was accepted later
    findings: tuple[Finding, ...]
    acceptable: bool  # whether the new value can be accepted


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was checked against."""

    run_id: str
    name: str | None  # None: not a golden run


@dataclass(frozen=True, slots=True)
class Check:
    """A run against a baseline, node by node."""

    run_id: str
    workflow: str
    baseline: Baseline
    passed: bool
    counts: Mapping[str, int]
    nodes: tuple[NodeVerdict, ...]


def list_golden(workflow: str = "") -> tuple[GoldenFacts, ...]:
    """Golden runs by name, at most 500 of them."""
    rows = Golden.objects.select_related("run").prefetch_related("accepted").order_by("name")
    if workflow:
        rows = rows.filter(run__workflow_name=workflow)
    found = list(rows[:LIMIT])
    there = _there(found)
    return tuple(_facts(row, there) for row in found)


def get_golden(run_id: str) -> GoldenFacts | None:
    """The golden run with this id; None when it is not golden."""
    row = Golden.objects.select_related("run").filter(run_id=run_id).first()
    return None if row is None else _facts(row, _there([row]))


def _there(rows: Sequence[Golden]) -> frozenset[str]:
    """Which of the runs whose values were accepted are still there."""
    named = {one.from_run for row in rows for one in row.accepted.all()}
    return frozenset(Run.objects.filter(pk__in=named).values_list("pk", flat=True))


def _facts(row: Golden, there: frozenset[str]) -> GoldenFacts:
    return GoldenFacts(
        row.name,
        row.run_id,
        row.run.workflow_name,
        tuple(row.tags),
        row.note,
        row.assertions,
        tuple(
            Accepted(one.path, one.from_run, one.reason, one.by, one.at, one.from_run not in there)
            for one in sorted(row.accepted.all(), key=lambda one: steppath.sort_key(one.path))
        ),
        row.created_by,
        row.created_at,
    )


def check_run(
    run_id: str,
    against: str,
    *,
    assertions: str | None = None,
    file: str = "",
) -> Check:
    """Check a run against ``golden:NAME`` or a run's id.

    With the assertions that are kept with the golden run, or those given as text instead; without
    any, all outputs must be equal. Raises UnknownRun, UnknownGolden, RunNotOver, Refused,
    InvalidAssertions.
    """
    run = _over(run_id)
    golden, base = _baseline(against)
    if base.pk == run.pk:
        raise Refused("A run cannot be checked against itself.")
    if base.status != RunStatus.SUCCEEDED:
        raise Refused(f"{base.pk} is {base.status}; a baseline is a run that succeeded.")
    if assertions is not None:
        rules = parse_assertions(assertions, file=file or "<text>")
        if rules.problems:
            raise InvalidAssertions(rules.problems)
    else:
        rules = stored_assertions(golden.assertions if golden else None)
    nodes = _verdicts(_nodes(base), _accepted(golden), _nodes(run), rules)
    counts = dict.fromkeys(("passed", "failed", "missing", "extra", "ignored"), 0)
    for node in nodes:
        counts[node.verdict] += 1
    passed = not (counts["failed"] or counts["missing"] or counts["extra"])
    return Check(
        run.pk,
        run.workflow_name,
        Baseline(base.pk, golden.name if golden else None),
        passed,
        counts,
        nodes,
    )


def _over(run_id: str) -> Run:
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(f"There is no run {run_id!r}.")
    if run.state not in RUN_OVER:
        raise RunNotOver(f"{run_id} is {run.status}.", hint="Check it when it has ended.")
    return run


def _baseline(against: str) -> tuple[Golden | None, Run]:
    kind, colon, name = against.partition(":")
    if colon and kind == "golden":
        golden = Golden.objects.select_related("run").filter(name=name).first()
        if golden is None:
            near = [one.name for one in Golden.objects.order_by("name")[:5]]
            raise UnknownGolden(
                f"No run is golden as {name!r}.",
                hint=f"There are: {', '.join(near)}." if near else "No run is golden yet.",
            )
        return golden, golden.run
    # A golden name without its "golden:" may look like an id that a client chose: only what is there.
    named = is_run_id(against) and Run.objects.filter(pk=against).exists()
    if not against.startswith("run_") and not named:
        raise Refused(
            f"{against[:200]!r} is no baseline.", hint="Use golden:NAME, or the id of a run."
        )
    base = _over(against)
    return Golden.objects.filter(run=base).first(), base


@dataclass(frozen=True, slots=True)
class _Node:
    path: str
    type: str
    status: str
    reason: str
    output: Any
    payload: str | None
    accepted: bool = False

    def value(self, payloads: Mapping[str, Any]) -> Any:
        return self.output if self.payload is None else payloads.get(self.payload)


def _nodes(run: Run) -> dict[str, _Node]:
    rows = Execution.objects.filter(run=run).values_list(
        "path", "type", "status", "status_reason", "output", "payload_id"
    )
    return {row[0]: _Node(*row) for row in rows}


def _accepted(golden: Golden | None) -> dict[str, _Node]:
    if golden is None:
        return {}
    rows = AcceptedValue.objects.filter(golden=golden).values_list("path", "output", "payload_id")
    return {p: _Node(p, "", "succeeded", "", out, payload, True) for p, out, payload in rows}


def _verdicts(
    expected: dict[str, _Node],
    accepted: dict[str, _Node],
    actual: dict[str, _Node],
    rules: Assertions,
) -> tuple[NodeVerdict, ...]:
    expected = {**expected, **accepted}
    found = []
    pairs = []
    for path in sorted(expected.keys() | actual.keys(), key=steppath.sort_key):
        before, now = expected.get(path), actual.get(path)
        rule = rules.rule_for(path)
        kind = now.type if now else before.type if before else ""
        if rule is not None and rule.skip:
            found.append(_verdict(path, kind, "ignored", "the assertions ignore it"))
        elif rule is None and kind in UNMINDED:
            found.append(_verdict(path, kind, "ignored", _why_unminded(kind)))
        elif now is None:
            found.append(_verdict(path, kind, "missing", "the run does not have this node"))
        elif before is None:
            because = "the baseline does not have this node"
            found.append(_verdict(path, kind, "extra", because, now.status == "succeeded"))
        elif before.status != now.status:
            found.append(_status_verdict(before, now))
        elif now.status != "succeeded":
            found.append(_verdict(path, kind, "passed", f"{now.status}, as in the baseline"))
        elif rule is None and before.payload is not None and before.payload == now.payload:
            found.append(_verdict(path, kind, "passed", "", accepted=before.accepted))
        else:
            pairs.append((before, now, rule))
    found += _compare(pairs)
    return tuple(sorted(found, key=lambda one: steppath.sort_key(one.path)))


def _compare(pairs: list[tuple[_Node, _Node, Rule | None]]) -> list[NodeVerdict]:
    digests = {one.payload for pair in pairs for one in pair[:2] if one.payload is not None}
    payloads = dict(Payload.objects.filter(pk__in=digests).values_list("pk", "value"))
    found = []
    for before, now, rule in pairs:
        findings = check_output(before.value(payloads), now.value(payloads), rule)
        found.append(
            NodeVerdict(
                now.path,
                now.type,
                "failed" if findings else "passed",
                _sentence(findings),
                before.accepted,
                tuple(findings),
                bool(findings),
            )
        )
    return found


def _sentence(findings: list[Finding]) -> str:
    if not findings:
        return ""
    first = findings[0]
    more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    return f"{first.at or 'the output'} {first.message}{more}"


def _verdict(
    path: str, kind: str, verdict: str, because: str, acceptable: bool = False,
    *, accepted: bool = False,
) -> NodeVerdict:  # fmt: skip
    return NodeVerdict(path, kind, verdict, because, accepted, (), acceptable)


def _status_verdict(before: _Node, now: _Node) -> NodeVerdict:
    said = f"is {now.status}, not {before.status}" + (f": {now.reason}" if now.reason else "")
    finding = Finding("status", "", said, before.status, now.status)
    return NodeVerdict(
        now.path, now.type, "failed", said, before.accepted, (finding,), now.status == "succeeded"
    )


def _why_unminded(kind: str) -> str:
    if kind in ("loop", "branch", "subworkflow"):
        return "what is inside it is checked"
    return "its output is made of ids and times"
