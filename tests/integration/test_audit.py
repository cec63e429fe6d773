"""Every command that changes something says so in the audit log, in the transaction of the change."""

import importlib
import inspect
import io
import pkgutil
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from runs import operations
from runs.actor import SYSTEM, Actor
from runs.agentfield import Caller
from runs.errors import Refused
from runs.models import AgentCall, AuditEntry, Checkpoint, Execution, Run, User
from runs.operations import steer_call, webhooks
from runs.operations.bulk_runs import bulk_runs
from runs.operations.call_agent import call_agent
from runs.operations.cancel_run import cancel_run
from runs.operations.clear_checkpoints import clear_checkpoints
from runs.operations.decide_approval import decide_approval
from runs.operations.delete_run import clean_up, clean_up_automatically, delete_run
from runs.operations.execute_target import execute_target, find_target
from runs.operations.golden import accept_value, mark_golden, set_assertions, unmark_golden
from runs.operations.import_checkpoint import import_checkpoint
from runs.operations.import_run import import_run
from runs.operations.label_run import change_labels, set_labels
from runs.operations.note_run import write_note
from runs.operations.pause_run import pause_run, unpause_run
from runs.operations.people import (
    change_password,
    invite_user,
    new_link,
    set_active,
    set_role,
)
from runs.operations.publish_workflow import publish_workflow
from runs.operations.register_agent import register_agent
from runs.operations.remove_agent import remove_agent
from runs.operations.restart_call import RestartCall, restart_call
from runs.operations.restart_execution import restart_execution
from runs.operations.restart_run import RestartRequest, restart_run
from runs.operations.resume_checkpoint import resume_checkpoint
from runs.operations.resume_run import resume_run
from runs.operations.retry_step import retry_step
from runs.operations.saved_views import ViewChange, change_view, delete_view, save_view
from runs.operations.start_run import start_run
from runs.operations.tokens import create_token, revoke_token, rotate_token
from runs.projections.audit import ACTIONS, AuditFilter, list_audit
from runs.projections.export import export_run
from runs.record import audit
from runs.record.webhooks import claim

from .here import LINE, do, done, start
from .test_retry_now import RETRIED

ANN = Actor("user", "ann", "admin", via="page", address="192.0.2.7")
ONE = 'version: "1.0"\nname: one\nsteps:\n  - {name: a, type: python, action: mark}\n'
ASK = 'version: "1.0"\nname: ask\nsteps:\n  - {name: ask, type: approval, prompt: "ok?"}\n'
SAVES = """
version: "1.0"
name: saves
steps:
  - {name: a, type: python, action: mark, kwargs: {value: 1}}
  - {name: save, type: checkpoint}
  - {name: b, type: python, action: fails_unless, kwargs: {name: fixed}}
"""

Deed = Callable[[Path], Any]


def _start(project: Path) -> Any:
    start_run(definition=ONE, by=ANN, workspace=project)


def _restart(project: Path) -> Any:
    restart_run(done(project, LINE).pk, by=ANN)


def _fork(project: Path) -> Any:
    restart_run(done(project, LINE).pk, RestartRequest(fork=True, reason="try"), by=ANN)


def _restart_execution(project: Path) -> Any:
    restart_execution(Execution.objects.get(run=done(project, ONE)).pk, RestartRequest(), by=ANN)


def _cancel(project: Path) -> Any:
    cancel_run(start(project, ONE).pk, by=ANN, reason="enough")


def _pause(project: Path) -> Any:
    pause_run(start(project, ONE).pk, by=ANN)


def _unpause(project: Path) -> Any:
    run = start(project, ONE)
    pause_run(run.pk, by=SYSTEM)
    unpause_run(run.pk, by=ANN)


def _mark(project: Path) -> Any:
    mark_golden(done(project, ONE).pk, "good", by=ANN)


def _unmark(project: Path) -> Any:
    run = done(project, ONE)
    mark_golden(run.pk, "good", by=SYSTEM)
    unmark_golden(run.pk, by=ANN)


def _assertions(project: Path) -> Any:
    run = done(project, ONE)
    mark_golden(run.pk, "good", by=SYSTEM)
    set_assertions(run.pk, "nodes: {a: ignore}", by=ANN)


def _accept(project: Path) -> Any:
    run = done(project, ONE)
    mark_golden(run.pk, "good", by=SYSTEM)
    accept_value(run.pk, done(project, ONE).pk, "a", "new wording", by=ANN)


def _delete(project: Path) -> Any:
    delete_run(done(project, ONE).pk, by=ANN)


def _clean(project: Path) -> Any:
    done(project, ONE)
    clean_up(timedelta(0), by=ANN)


def _clean_automatically(project: Path) -> Any:
    done(project, ONE)
    clean_up_automatically(0.0, by=ANN)


def _import_run(project: Path) -> Any:
    run, out = done(project, ONE), io.BytesIO()
    export_run(run.pk, out)
    import_run(out, by=ANN, new_id=True, workspace=project)


def _bulk(project: Path) -> Any:
    bulk_runs("cancel", [start(project, ONE).pk], by=ANN)


def _decide(project: Path) -> Any:
    run = start(project, ASK)
    from runs.engine import driver

    driver.work(run.pk)
    decide_approval(run.pk, "ask", approve=True, by=ANN)


def _resume(project: Path) -> Any:
    run = done(project, SAVES)
    resume_run(definition=run.version.source, inputs={}, by=ANN, workspace=project)


def _retry(project: Path) -> Any:
    from runs.engine import driver

    run = start(project, RETRIED)
    while driver.work(run.pk):
        pass
    retry_step(run.pk, "b", by=ANN)


def _resume_checkpoint(project: Path) -> Any:
    resume_checkpoint(done(project, SAVES).pk, "save", by=ANN)


def _import_checkpoint(project: Path) -> Any:
    run = done(project, SAVES)
    content = Checkpoint.objects.get(run=run).content
    import_checkpoint(content, by=ANN)


def _clear(project: Path) -> Any:
    clear_checkpoints(run_id=done(project, SAVES).pk, by=ANN)


def _publish(project: Path) -> Any:
    publish_workflow(ONE, by=ANN)


def _create_token(project: Path) -> Any:
    create_token("ci", "viewer", None, by=ANN)


def _revoke_token(project: Path) -> Any:
    create_token("ci", "viewer", None, by=SYSTEM)
    revoke_token("ci", by=ANN)


def _save_view(project: Path) -> Any:
    save_view(ViewChange(name="Broken", search="status:failed"), ANN)


def _shared_view() -> int:
    return int(save_view(ViewChange(name="Broken", shared=True), SYSTEM).pk)


def _change_view(project: Path) -> Any:
    change_view(_shared_view(), ViewChange(name="Failed"), ANN)


def _delete_view(project: Path) -> Any:
    delete_view(_shared_view(), ANN)


def _rotate_token(project: Path) -> Any:
    create_token("ci", "viewer", None, by=SYSTEM)
    rotate_token("ci", by=ANN)


def _invited() -> User:
    return invite_user("bob", "viewer", base_url="http://x", by=SYSTEM)[0]


def _invite_user(project: Path) -> Any:
    invite_user("bob", "viewer", base_url="http://x", by=ANN)


def _new_link(project: Path) -> Any:
    _invited()
    new_link("bob", base_url="http://x", by=ANN)


def _set_role(project: Path) -> Any:
    _invited()
    set_role("bob", "operator", by=ANN)


def _deactivate(project: Path) -> Any:
    _invited()
    set_active("bob", False, by=ANN)


def _activate(project: Path) -> Any:
    _invited()
    set_active("bob", False, by=SYSTEM)
    set_active("bob", True, by=ANN)


def _change_password(project: Path) -> Any:
    change_password(_invited(), "", "correct horse", by=ANN)


def _called(project: Path, by: Actor = SYSTEM) -> AgentCall:
    """A call that its agent has been sent."""
    about = {"id": "auditor", "base_url": "http://127.0.0.1:9", "reasoners": [{"id": "plan"}]}
    register_agent(about)
    call = execute_target(find_target("auditor.plan", {}), Caller(), by=by)
    AgentCall.objects.filter(pk=call.pk).update(state="begun", status="running")
    return call


def _execute_target(project: Path) -> Any:
    _called(project, ANN)


def _call_agent(project: Path) -> Any:
    _called(project)
    call_agent("auditor.plan", {}, by=ANN)


def _remove_agent(project: Path) -> Any:
    _called(project)
    remove_agent("auditor", force=True, by=ANN)


def _restart_call(project: Path) -> Any:
    restart_call(_called(project).pk, RestartCall(), by=ANN)


def _cancel_call(project: Path) -> Any:
    steer_call.cancel_call(_called(project).pk, reason="enough", by=ANN)


def _pause_call(project: Path) -> Any:
    steer_call.pause_call(_called(project).pk, reason="", by=ANN)


def _resume_call(project: Path) -> Any:
    call = _called(project)
    steer_call.pause_call(call.pk, reason="", by=SYSTEM)
    steer_call.resume_call(call.pk, by=ANN)


def _cancel_tree(project: Path) -> Any:
    steer_call.cancel_tree(_called(project).run_id, reason="enough", by=ANN)


def _set_labels(project: Path) -> Any:
    set_labels(do(start(project, ONE)).pk, {"team": "tides"}, by=ANN)


def _change_labels(project: Path) -> Any:
    change_labels(do(start(project, ONE)).pk, {"team": "tides"}, by=ANN)


def _write_note(project: Path) -> Any:
    write_note(do(start(project, ONE)).pk, "**Seen**", by=ANN)


def _webhook(by: Actor) -> str:
    fields = webhooks.WebhookFields(url="https://example.org/hook")
    return webhooks.create_webhook(fields, by=by)[0].pk


def _create_webhook(project: Path) -> None:
    _webhook(ANN)


def _change_webhook(project: Path) -> None:
    fields = webhooks.WebhookFields(enabled=False)
    webhooks.change_webhook(_webhook(SYSTEM), fields, by=ANN)


def _remove_webhook(project: Path) -> None:
    webhooks.remove_webhook(_webhook(SYSTEM), by=ANN)


def _rotate_secret(project: Path) -> None:
    webhooks.rotate_secret(_webhook(SYSTEM), by=ANN)


def _ping_webhook(project: Path) -> None:
    webhooks.ping_webhook(_webhook(SYSTEM), by=ANN)


def _redeliver(project: Path) -> None:
    made = webhooks.ping_webhook(_webhook(SYSTEM), by=SYSTEM)
    claim(1)
    webhooks.redeliver(made.message_id, by=ANN)


# What does it, and the word that it leaves. An operation without a line here fails the test below.
DEEDS: dict[str, list[tuple[Deed, str]]] = {
    "start_run": [(_start, "run.start")],
    "restart_run": [(_restart, "run.restart"), (_fork, "run.fork")],
    "restart_execution": [(_restart_execution, "run.restart")],
    "cancel_run": [(_cancel, "run.cancel")],
    "pause_run": [(_pause, "run.pause")],
    "unpause_run": [(_unpause, "run.unpause")],
    "mark_golden": [(_mark, "run.golden")],
    "unmark_golden": [(_unmark, "run.ungolden")],
    "set_assertions": [(_assertions, "golden.assertions")],
    "accept_value": [(_accept, "golden.accept")],
    "delete_run": [(_delete, "run.delete")],
    "clean_up": [(_clean, "runs.gc")],
    "clean_up_automatically": [(_clean_automatically, "runs.gc")],
    "import_run": [(_import_run, "run.import")],
    "bulk_runs": [(_bulk, "run.cancel")],
    "decide_approval": [(_decide, "step.approve")],
    "retry_step": [(_retry, "step.retry")],
    "resume_run": [(_resume, "run.resume")],
    "resume_checkpoint": [(_resume_checkpoint, "run.resume")],
    "import_checkpoint": [(_import_checkpoint, "checkpoint.import")],
    "clear_checkpoints": [(_clear, "checkpoint.clear")],
    "publish_workflow": [(_publish, "workflow.publish")],
    "create_token": [(_create_token, "token.create")],
    "revoke_token": [(_revoke_token, "token.revoke")],
    "save_view": [(_save_view, "view.save")],
    "change_view": [(_change_view, "view.change")],
    "delete_view": [(_delete_view, "view.delete")],
    "rotate_token": [(_rotate_token, "token.rotate")],
    "invite_user": [(_invite_user, "user.invite")],
    "new_link": [(_new_link, "user.link")],
    "set_role": [(_set_role, "user.role")],
    "set_active": [(_deactivate, "user.deactivate"), (_activate, "user.activate")],
    "change_password": [(_change_password, "user.password")],
    "execute_target": [(_execute_target, "run.start")],
    "call_agent": [(_call_agent, "run.start")],
    "remove_agent": [(_remove_agent, "agent.remove")],
    "restart_call": [(_restart_call, "run.restart")],
    "cancel_call": [(_cancel_call, "call.cancel")],
    "pause_call": [(_pause_call, "run.pause")],
    "resume_call": [(_resume_call, "run.unpause")],
    "cancel_tree": [(_cancel_tree, "run.cancel")],
    "set_labels": [(_set_labels, "run.labels")],
    "change_labels": [(_change_labels, "run.labels")],
    "write_note": [(_write_note, "run.note")],
    "create_webhook": [(_create_webhook, "webhook.create")],
    "change_webhook": [(_change_webhook, "webhook.change")],
    "remove_webhook": [(_remove_webhook, "webhook.remove")],
    "rotate_secret": [(_rotate_secret, "webhook.rotate")],
    "ping_webhook": [(_ping_webhook, "webhook.ping")],
    "redeliver": [(_redeliver, "webhook.redeliver")],
}
# Parts of the operations above, which write the entry.
PARTS = {
    "new_run_of", "resume_start", "import_source", "answered", "remember", "call_once",
    "decide_call", "note_event",
}  # fmt: skip
# How the list looks to one person: nothing that anybody else would see.
LOOKS = {"choose_columns", "forget_default"}


def commands() -> dict[str, Callable[..., Any]]:
    """Every public function of an operation's file that is told who asks."""
    found: dict[str, Callable[..., Any]] = {}
    for info in pkgutil.iter_modules(operations.__path__):
        module = importlib.import_module(f"runs.operations.{info.name}")
        for name, one in inspect.getmembers(module, inspect.isfunction):
            mine = one.__module__ == module.__name__ and not name.startswith("_")
            if mine and "by" in inspect.signature(one).parameters:
                found[name] = one
    return found


def test_every_operation_has_its_entry() -> None:
    assert set(commands()) == set(DEEDS) | PARTS | LOOKS


@pytest.mark.parametrize(
    ("deed", "action"),
    [one for those in DEEDS.values() for one in those],
    ids=[f"{name}-{action}" for name, those in DEEDS.items() for _, action in those],
)
@pytest.mark.django_db(transaction=True)
def test_every_operation_says_who_did_it_and_from_where(
    project: Path, deed: Deed, action: str
) -> None:
    deed(project)
    entry = AuditEntry.objects.get(who="ann")
    assert (entry.action, entry.via, entry.address, entry.role) == (
        action, "page", "192.0.2.7", "admin",
    )  # fmt: skip
    assert action in ACTIONS
    assert entry.target


@pytest.mark.django_db(transaction=True)
def test_what_is_refused_or_changes_nothing_leaves_no_entry(project: Path) -> None:
    run = do(start(project, ONE))
    for refused in (
        lambda: cancel_run(run.pk, by=ANN),
        lambda: create_token("", "viewer", None, by=ANN),
        lambda: restart_run(run.pk, RestartRequest(scope="nothing"), by=ANN),
    ):
        with pytest.raises(Exception):  # noqa: B017 - each its own
            refused()
    unmark_golden(run.pk, by=ANN)
    assert not AuditEntry.objects.filter(who="ann").exists()


@pytest.mark.django_db(transaction=True)
def test_one_idempotency_key_is_one_entry(project: Path) -> None:
    for _ in range(2):
        start_run(definition=ONE, by=ANN, workspace=project, idempotency_key="k1")
    assert AuditEntry.objects.filter(who="ann", action="run.start").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_with_one_key_at_once_leave_one_run_and_one_entry(project: Path) -> None:
    together = threading.Barrier(2)

    def ask() -> None:
        try:
            together.wait(60)
            start_run(definition=ONE, by=ANN, workspace=project, idempotency_key="k2")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert Run.objects.count() == 1
    assert AuditEntry.objects.get(who="ann").target == Run.objects.get().pk


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_with_its_change_or_not_at_all() -> None:
    with pytest.raises(RuntimeError):
        audit.note(ANN, "run.start", "run_x")
    with pytest.raises(Refused), transaction.atomic():
        audit.note(ANN, "run.start", "run_x")
        raise Refused("the change did not come about")
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
def test_the_log_is_read_page_by_page_and_by_filter() -> None:
    for n in range(5):
        audit.note(ANN, "run.start", f"run_{n}")
    audit.note(SYSTEM, "run.cancel", "run_0")
    first = list_audit(AuditFilter(who="ann"), 2)
    assert [one.target for one in first.items] == ["run_4", "run_3"]
    assert first.next_before is not None
    second = list_audit(AuditFilter(who="ann", before=first.next_before), 9)
    assert [one.target for one in second.items] == ["run_2", "run_1", "run_0"]
    assert second.next_before is None
    assert [one.who for one in list_audit(AuditFilter(target="run_0")).items] == ["maverick", "ann"]
    assert [one.who for one in list_audit(AuditFilter(action="run.cancel")).items] == ["maverick"]
