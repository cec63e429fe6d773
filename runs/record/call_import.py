"""The calls of agents in an exported run, written into this database.

Whether two calls are the same is a keyed hash, and the key is this installation's: it is made anew.
What was sealed there is not in the file. So a call with secrets in its input matches none here, and
a result with secrets in it is not given to anybody as if it were the result.
"""

from collections.abc import Iterator
from typing import Any

from runs import run_file
from runs.agentfield import MODES, OVER
from runs.masking import is_masked
from runs.models import AgentCall, Run
from runs.record import imported
from runs.record import run_values as value
from runs.record.agent_calls import Target
from runs.run_file import Reader, RunFileDamaged

_ROLES = frozenset({"root", "nested", "step"})
_STATUSES = frozenset(OVER)
_MODES = frozenset({"", *MODES})
_TEXTS = ("parent", "session", "actor", "replay_run", "replay_before")
_MOST = 200


def calls_in(reader: Reader, run: Run, known: Any, mine: set[str]) -> Iterator[AgentCall]:
    """The rows. ``known``: the file's ids, or new ones; ``mine``: the run's executions."""
    if run_file.CALLS not in reader.names:
        return
    numbers = set[int]()
    for row in reader.lines(run_file.CALLS):
        number = value.number(row.get("number"), "The number of a call")
        shown = f"call {number}"
        if number in numbers:
            raise RunFileDamaged(f"The file has {shown} twice.")
        numbers.add(number)
        execution = known.execution(row.get("execution_id"))
        if execution not in mine:
            raise RunFileDamaged(f"{shown} belongs to none of the run's steps.")
        pk = known.execution(row.get("id"))
        role = value.one_of(row.get("role"), _ROLES, f"The role of {shown}")
        if not pk or (role != "step" and pk != execution):
            raise RunFileDamaged(f"{shown} has not the id of its execution.")
        yield _call(row, run, shown, pk, execution, number, role, known)


def _call(
    row: dict[str, Any],
    run: Run,
    shown: str,
    pk: str,
    execution: str,
    number: int,
    role: str,
    known: Any,
) -> AgentCall:
    given, context = row.get("input"), row.get("context")
    hidden = bool(row.get("sealed")) or is_masked(given) or is_masked(context)
    texts = {one: _short(row.get(one), f"{one} of {shown}") for one in _TEXTS}
    texts["parent"] = known.known(texts["parent"])
    node, name = (_short(row.get(one), f"{one} of {shown}") for one in ("node", "name"))
    kind = value.word(row.get("kind"), f"The kind of {shown}")[:10]
    masked = bool(row.get("sealed_result")) or is_masked(row.get("result"))
    code = row.get("error_status")
    return AgentCall(
        id=pk,
        run=run,
        execution_id=execution,
        role=role,
        number=number,
        node=node,
        name=name,
        kind=kind,
        **texts,
        replay_mode=value.one_of(row.get("replay_mode") or "", _MODES, f"Mode of {shown}"),
        match_key="" if hidden else Target(node, name, kind, given, context).key,
        input={} if given is None else given,
        context=context,
        sealed=imported.NOT_HERE if hidden else None,
        state="over",
        status=value.one_of(row.get("status"), _STATUSES, f"The status of {shown}"),
        status_reason=value.text(row.get("status_reason"), f"The reason of {shown}"),
        error=value.text(row.get("error"), f"The error of {shown}"),
        error_details=row.get("error_details"),
        error_status=None if code is None else value.number(code, f"The code of {shown}", 599),
        result=row.get("result"),
        has_result=bool(row.get("has_result")) and not masked,
        usage=row.get("usage"),
        lineage=value.mapping_or_none(row.get("lineage"), f"The lineage of {shown}"),
        notes=_notes(row.get("notes"), shown),
        created_at=value.when(row.get("created_at")) or run.created_at,
        dispatched_at=value.when(row.get("dispatched_at")),
        ended_at=value.when(row.get("ended_at")) or run.created_at,
    )


def _short(given: Any, what: str) -> str:
    text = value.text(given, what)
    if len(text) > _MOST:
        raise RunFileDamaged(f"{what} has more than {_MOST} characters.")
    return text


def _notes(given: Any, shown: str) -> list[dict[str, Any]]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise RunFileDamaged(f"The notes of {shown} are no list.")
    return [value.mapping(one, f"A note of {shown}") for one in given]
