"""`agent` and `generate` steps in runs: programs and chat endpoints, as the project names them."""

from pathlib import Path

import pytest

from runs.actor import SYSTEM
from runs.models import Execution, LogChunk, Run
from runs.operations.restart_run import plan_restart, restart_run
from tests.fakes.model_server import ModelServer, busy, says

from .here import do, done, steps

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = """\
[agents.writer]
command = ["sh", "agent.sh"]
output = "json"
"""
SCRIPT = """\
cat > asked.txt
echo "thinking about it" >&2
touch "made-by-$MAVERICK_EXECUTION_ID"
printf '{"files": 1, "attempt": %s}' "$MAVERICK_ATTEMPT"
"""
WRITES = """
version: "1.0"
name: writes
inputs: {topic: {type: string, default: cats}}
steps:
  - name: write
    type: agent
    agent: writer
    context: {task: "Write about ${{ inputs.topic }}.", length: 3}
  - {name: after, type: python, action: mark, kwargs: {value: "${{ steps.write.output.files }}"}}
"""


def log_of(run: Run, path: str) -> str:
    row = Execution.objects.get(run=run, path=path)
    return "".join(
        LogChunk.objects.filter(execution=row).order_by("id").values_list("text", flat=True)
    )


@pytest.fixture
def program(project: Path) -> Path:
    (project / "maverick.toml").write_text(PROGRAM)
    (project / "agent.sh").write_text(SCRIPT)
    return project


def test_an_agent_that_is_a_program_works_in_the_workspace(program: Path) -> None:
    run = done(program, WRITES)
    assert run.status == "succeeded", run.status_reason
    row = steps(run)["write"]
    assert row.output == {"files": 1, "attempt": 1}
    assert (program / f"made-by-{row.pk}").exists()
    asked = (program / "asked.txt").read_text()
    assert asked.startswith("Write about cats.")
    assert '"length": 3' in asked
    assert "thinking about it" in log_of(run, "write")
    assert row.code_version.startswith("command ")


def test_settings_of_a_step_may_be_expressions(program: Path) -> None:
    (program / "agent.sh").write_text('printf \'"%s"\' "$MAVERICK_AGENT_MODEL"')
    text = """
    version: "1.0"
    name: chosen
    inputs: {model: {type: string}}
    steps:
      - {name: ask, type: agent, agent: writer, config: {model_id: "${{ inputs.model }}"}}
    """
    run = done(program, text, {"model": "large"})
    assert run.status == "succeeded", run.status_reason
    assert steps(run)["ask"].output == "large"
    assert steps(run)["ask"].code_version.startswith("large ")


def test_an_agent_that_fails_fails_its_step_with_what_it_said(program: Path) -> None:
    (program / "agent.sh").write_text("echo 'no credit left' >&2; exit 9")
    run = done(program, WRITES)
    assert run.status == "failed"
    error = steps(run)["write"].error
    assert error["code"] == "agent-exit-status"
    assert "exit code 9: no credit left" in error["message"]


def test_an_agent_set_up_otherwise_is_another_one_for_a_restart(program: Path) -> None:
    text = WRITES + "  - {name: last, type: python, action: fails_unless, kwargs: {name: fixed}}\n"
    first = done(program, text)
    assert first.status == "failed"
    same = {item.path: item.action.value for item in plan_restart(first.pk).items}
    assert same["write"] == "reuse"
    (program / "maverick.toml").write_text(PROGRAM.replace("agent.sh", 'agent.sh", "--better'))
    changed = {item.path: item.because for item in plan_restart(first.pk).items}
    assert changed["write"].startswith("code version changed from command ")
    assert changed["after"].startswith("depends on `write`, which runs again; reused if")


def test_an_unknown_agent_is_named_with_those_that_are_meant(program: Path) -> None:
    run = done(program, WRITES.replace("agent: writer", "agent: ${{ 'writr' }}"))
    error = steps(run)["write"].error
    assert error["code"] == "unknown-agent"
    assert "writer" in error["hint"]


CHAT = """\
[generators.poet]
base_url = "{url}"
model = "tiny-1"
api_key = "${{{{ secrets.POET_KEY }}}}"
price_in = 1.0
price_out = 2.0
wait_min = 0.01
"""
POEM = """
version: "1.0"
name: poem
steps:
  - {name: write, type: generate, generator: poet, context: told}
"""
TOLD = """
@action("told")
def told(inputs, steps, context):
    return {"prompt": "A line about rain.", "run": context.run_id}
"""


def test_a_generator_behind_a_chat_endpoint(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_POET_KEY", "key-that-nobody-sees")
    with (project / "maverick_actions.py").open("a") as file:
        file.write(TOLD)
    with ModelServer([busy(429), says("It rains, key-that-nobody-sees says.")]) as server:
        (project / "maverick.toml").write_text(CHAT.format(url=server.base_url))
        run = done(project, POEM)
        requests = list(server.requests)
    assert run.status == "succeeded", run.status_reason
    row = steps(run)["write"]
    assert row.output == "It rains, ••• says."
    assert "key-that" not in log_of(run, "write")
    assert row.code_version.startswith("tiny-1 ")
    usage = row.tries[-1]["usage"]
    assert usage["model"] == "fake-1"  # as the endpoint says itself
    assert usage["tokens_in"] == 10
    assert usage["cost"] == pytest.approx((10 * 1.0 + 5 * 2.0) / 1e6)
    assert len(requests) == 2
    assert requests[0].headers["authorization"] == "Bearer key-that-nobody-sees"
    assert "A line about rain." in requests[0].body["messages"][-1]["content"]
    assert run.pk in requests[0].body["messages"][-1]["content"]


def test_an_endpoint_that_refuses_the_key_is_not_asked_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_SECRET_POET_KEY", "key-that-nobody-sees")
    with ModelServer([busy(401)]) as server:
        (project / "maverick.toml").write_text(CHAT.format(url=server.base_url))
        text = POEM.replace(
            "context: told", "context: {prompt: hi}, retry: {max_attempts: 3, backoff: 0}"
        )
        run = done(project, text)
        assert len(server.requests) == 1
    assert steps(run)["write"].error["code"] == "agent-refused"
    assert len(steps(run)["write"].tries) == 1


def test_an_agent_is_not_asked_again_by_a_restart_that_reuses_it(program: Path) -> None:
    first = done(
        program,
        WRITES + "  - {name: last, type: python, action: fails_unless, kwargs: {name: fixed}}\n",
    )
    (program / "fixed").touch()
    second = do(restart_run(first.pk, by=SYSTEM))
    assert second.status == "succeeded"
    made = [file.name for file in program.iterdir() if file.name.startswith("made-by-")]
    assert made == [f"made-by-{steps(first)['write'].pk}"]


def test_an_agent_works_in_the_folder_that_its_step_names(program: Path) -> None:
    (program / "part").mkdir()
    (program / "maverick.toml").write_text(PROGRAM.replace("agent.sh", str(program / "agent.sh")))

    text = WRITES.replace("agent: writer", "agent: writer\n    cwd: ${{ 'part' }}")
    run = done(program, text)
    assert run.status == "succeeded", run.status_reason
    assert (program / "part" / "asked.txt").exists()
    assert steps(run)["write"].input["cwd"] == "part"


@pytest.mark.parametrize("folder", ["nowhere", "../.."])
def test_an_agent_does_not_work_where_there_is_no_folder_of_the_workspace(
    program: Path, folder: str
) -> None:
    run = done(program, WRITES.replace("agent: writer", f"agent: writer\n    cwd: {folder}"))
    assert run.status == "failed"
    assert "does not exist" in run.status_reason or "leads out" in run.status_reason
    assert not (program / "asked.txt").exists()
