"""Fork with changes: fields from the declared inputs, only what changed is sent, secrets never shown."""

import json
import re
from datetime import datetime

import pytest
from django.test import Client

from runs.actor import SYSTEM
from runs.models import Run
from runs.operations.start_run import start_run
from tests.web.test_run_page import page

TEXT = """\
version: "1.0"
name: forked
inputs:
  topic: {type: string, required: true, description: what to ship}
  size: {type: string, enum: [small, large], default: small}
  tries: {type: integer, default: 3}
  dry: {type: boolean, default: true}
  config: {type: object, default: {region: here, size: 1, auth: {password: t-nested}}}
  api_key: {type: string, secret: true}
steps:
  - {name: one, type: python, action: text.join, needs: [], kwargs: {items: ["${{ inputs.topic }}"]}}
  - {name: two, type: python, action: text.join, needs: [], kwargs: {items: ["${{ inputs.size }}"]}}
  - {name: three, type: python, action: text.join, needs: [two], kwargs: {items: ["${{ inputs.tries }}"]}}
  - {name: far, type: python, action: text.join, needs: [], kwargs: {items: ["${{ inputs.config.region }}"]}}
  - {name: tell, type: python, action: text.join, needs: [one], effect: ask, kwargs: {items: []}}
"""
SECRET = "s3cret-value"


@pytest.fixture
def run(db: None, now: datetime) -> Run:
    from runs.models import Execution
    from tests.browser.rows import add

    made = start_run(
        definition=TEXT, inputs={"topic": "search", "api_key": SECRET}, by=SYSTEM, labels={}
    )
    Execution.objects.filter(run=made).delete()
    for n, name in enumerate(("one", "two", "three", "far", "tell")):
        add(made, name, "python", "succeeded", now, took=10, position=n)
    Run.objects.filter(pk=made.pk).update(status="succeeded")
    made.refresh_from_db()
    return made


def sent(html: str) -> dict[str, str]:
    """The form as a browser would send it."""
    form = html[html.index("data-fork-form") :]
    fields = dict(re.findall(r'<input [^>]*name="([\w.]+)"[^>]*? value="([^"]*)"', form))
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    for name, body in re.findall(r'<select [^>]*name="([\w.]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        fields[name] = chosen[1] if chosen else ""
    for name, body in re.findall(
        r'<textarea [^>]*name="([\w.]+)"[^>]*>\n(.*?)</textarea>', form, re.S
    ):
        fields[name] = body.replace("&quot;", '"')
    return {**fields, **hidden}


def test_each_declared_input_has_its_field(alice: Client, run: Run) -> None:
    html = page(alice, f"/runs/{run.pk}/fork")
    for said in ("text, required · what to ship", "one of 2", "whole number", "yes or no",
                 "object, JSON", "kept from the source run", "read by 1 step"):  # fmt: skip
        assert said in html, said
    fields = sent(html)
    assert fields["input.topic"] == "search"
    assert fields["input.size"] == "small"
    assert fields["input.dry"] == "true"
    assert json.loads(fields["input.config"]) == {
        "region": "here", "size": 1, "auth": {"password": "•••"},
    }  # fmt: skip
    assert "0 fields changed" in html
    assert "Nothing is changed yet." in html
    assert "style=" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)


def test_no_secret_is_shown_and_what_is_typed_over_one_is_not_repeated(
    alice: Client, run: Run
) -> None:
    html = page(alice, f"/runs/{run.pk}/fork")
    assert SECRET not in html
    assert "t-nested" not in html
    fields = {**sent(html), "input.api_key": "another-secret", "do": "preview"}
    html = alice.post(f"/runs/{run.pk}/fork", fields).content.decode()
    assert "another-secret" not in html
    assert "a new value" in html


def test_a_changed_field_is_marked_and_previewed(alice: Client, run: Run) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork")) | {"input.size": "large", "do": "preview"}
    html = alice.post(f"/runs/{run.pk}/fork", fields).content.decode()
    assert "<del>small</del>" in html
    assert "<ins>large</ins>" in html
    assert "1 field changed" in html
    counter = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split('class="counter"')[1][:500]))
    assert "3 reused 2 run saves 30 s" in counter
    assert "Input <code>size</code> changed." in html
    assert not Run.objects.filter(source=run).exists()
    side = alice.post(f"/runs/{run.pk}/fork?part=side", fields).content.decode()
    assert "plan_id" in side
    assert "<form" not in side


def test_only_changed_fields_are_sent_and_secrets_are_kept(alice: Client, run: Run) -> None:
    from runs.record import sealing

    fields = sent(page(alice, f"/runs/{run.pk}/fork"))
    config = json.loads(fields["input.config"]) | {"region": "there"}
    fields |= {"input.config": json.dumps(config), "input.tries": "5", "reason": "why not"}
    shown = alice.post(f"/runs/{run.pk}/fork", {**fields, "do": "preview"}).content.decode()
    for _ in range(2):  # a double press
        answer = alice.post(f"/runs/{run.pk}/fork", fields | {"plan_id": sent(shown)["plan_id"]})
        assert answer.status_code == 302, answer.content.decode()
    (made,) = Run.objects.filter(source=run)
    assert (made.kind, made.reason) == ("fork", "why not")
    assert made.inputs["config"] == {"region": "there", "size": 1, "auth": {"password": "•••"}}
    assert made.inputs["tries"] == 5
    unsealed = sealing.unseal(made.sealed)
    assert unsealed["api_key"] == SECRET
    assert unsealed["config"]["auth"]["password"] == "t-nested"
    assert {p: d["action"] for p, d in made.decisions.items()} == {
        "one": "reuse", "two": "reuse", "three": "run", "far": "run", "tell": "reuse",
    }  # fmt: skip


def test_what_was_not_shown_is_not_started(alice: Client, run: Run) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork"))
    answer = alice.post(f"/runs/{run.pk}/fork", fields | {"input.size": "large"})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "The preview was of something else" in html
    assert not Run.objects.filter(source=run).exists()
    again = fields | {"input.size": "large", "plan_id": sent(html)["plan_id"]}
    assert alice.post(f"/runs/{run.pk}/fork", again).status_code == 302


def test_a_field_is_reset_without_a_script(alice: Client, run: Run) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork"))
    changed = fields | {"input.size": "large", "input.tries": "9", "reset": "input.size"}
    html = alice.post(f"/runs/{run.pk}/fork", changed).content.decode()
    assert sent(html)["input.size"] == "small"
    assert sent(html)["input.tries"] == "9"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("input.config", "{", "config: this is no JSON"),
        ("input.tries", "many", "must be a whole number"),
        ("input.size", "huge", "must be one of"),
        ("input.config", '{"auth": "•••"}', "in the place of a secret"),
    ],
)
def test_what_does_not_fit_is_said_and_kept(
    alice: Client, run: Run, name: str, value: str, said: str
) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork")) | {name: value}
    answer = alice.post(f"/runs/{run.pk}/fork", fields)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Run.objects.filter(source=run).exists()


def test_what_asks_is_confirmed_in_the_form(alice: Client, run: Run) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork")) | {"input.topic": "other"}
    html = alice.post(f"/runs/{run.pk}/fork", {**fields, "do": "preview"}).content.decode()
    assert re.search(r'name="confirm" value="tell" required', html)
    fields["plan_id"] = sent(html)["plan_id"]
    refused = alice.post(f"/runs/{run.pk}/fork", fields)
    assert (refused.status_code, "asks to be confirmed" in refused.content.decode()) == (422, True)
    assert alice.post(f"/runs/{run.pk}/fork", fields | {"confirm": "tell"}).status_code == 302


def test_a_fork_from_a_step_and_with_another_model(alice: Client, run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(context={"model": "small"})
    html = page(alice, f"/runs/{run.pk}/fork?from=two")
    fields = sent(html)
    assert fields["from"] == "two"
    assert fields["context.model"] == "small"
    answer = alice.post(
        f"/runs/{run.pk}/fork",
        {k: v for k, v in fields.items() if k != "plan_id"} | {"context.model": "large"},
    )
    assert answer.status_code == 302
    made = Run.objects.get(source=run)
    assert made.context == {"model": "large"}
    assert made.decisions["two"]["because"] == "chosen to run again"


def test_the_dialog_is_the_form_alone_and_only_operators_start(
    alice: Client, charlie: Client, run: Run
) -> None:
    dialog = page(alice, f"/runs/{run.pk}/fork?part=dialog")
    assert "<html" not in dialog
    assert "Start fork" in dialog
    html = page(charlie, f"/runs/{run.pk}/fork")
    assert 'aria-disabled="true" title="Only operators fork runs"' in html
    assert "data-start" not in html
    assert charlie.post(f"/runs/{run.pk}/fork", sent(html)).status_code == 403
    Run.objects.filter(pk=run.pk).update(status="running")
    going = alice.get(f"/runs/{run.pk}/fork", follow=True)
    assert "cannot be restarted" in going.content.decode()
    assert alice.get("/runs/run_nobody/fork").status_code == 404


def test_experts_say_it_as_json(alice: Client, run: Run) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork"))
    fields |= {"json": '{"config": {"region": "there"}, "tries": 7}', "input.tries": "5"}
    shown = alice.post(f"/runs/{run.pk}/fork", {**fields, "do": "preview"}).content.decode()
    assert "Input <code>tries</code> changed." in shown
    answer = alice.post(f"/runs/{run.pk}/fork", fields | {"plan_id": sent(shown)["plan_id"]})
    assert answer.status_code == 302, answer.content.decode()
    (made,) = Run.objects.filter(source=run)
    assert made.inputs["tries"] == 7
    assert made.inputs["config"] == {"region": "there", "size": 1, "auth": {"password": "•••"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "Changes as JSON: "),
        ("[1]", "an object is needed"),
        ('{"topic": "•••"}', "in the place of a secret"),
        ('{"api_key": "fresh-value"}', "a secret is changed in its own field"),
        ('{"config": {"auth": {"password": "fresh-value"}}}', "in its own field"),
        ('{"nothing": 1}', "nothing"),
    ],
)
def test_json_that_cannot_be_taken_is_said(alice: Client, run: Run, text: str, said: str) -> None:
    fields = sent(page(alice, f"/runs/{run.pk}/fork")) | {"json": text}
    answer = alice.post(f"/runs/{run.pk}/fork", fields)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert said in html
    assert "fresh-value" not in html
    assert not Run.objects.filter(source=run).exists()
