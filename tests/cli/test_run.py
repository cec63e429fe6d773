"""`maverick run` here, in this process and folder."""

import json

import pytest

from tests.cli.conftest import Maverick
from tests.cli.flows import FAILS_UNTIL_OK, flow

RUN_FIELDS = {
    "id", "workflow", "status", "status_reason", "kind", "source_run_id", "golden", "counts",
    "inputs", "labels", "created_at", "started_at", "finished_at", "duration_ms",
}  # fmt: skip


def test_a_run_that_succeeds_ends_with_0_and_is_the_last_line(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-ok"))
    done = maverick("run", "a.yaml", "-i", "topic=coffee", "--label", "team=docs", "--json")
    assert done.code == 0, done.err
    assert len(done.out.splitlines()) == 1
    assert set(done.json) == RUN_FIELDS | {"outputs"}
    assert done.json["status"] == "succeeded"
    assert done.json["counts"]["succeeded"] == done.json["counts"]["total"] == 4
    assert done.json["inputs"] == {"topic": "coffee"}
    assert done.json["labels"] == {"team": "docs"}
    assert maverick.calls() == ["one-coffee", "two", "three"]


def test_a_run_that_fails_ends_with_1_and_says_which_step(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-fails", FAILS_UNTIL_OK))
    done = maverick("run", "a.yaml")
    assert done.code == 1
    assert "✓ one" in done.out
    assert "✗ three  failed: exit code 3" in done.out
    assert "maverick run a.yaml --resume" in done.out
    assert "maverick restart run_" in done.out


def test_what_a_run_gave_is_told_at_its_end_and_when_it_is_shown(maverick: Maverick) -> None:
    text = flow("run-gives") + "outputs: {topic: '${{ inputs.topic }}', none: null, list: [1, 2]}\n"
    maverick.write("a.yaml", text)
    done = maverick("run", "a.yaml")
    assert "  output  list = [1, 2]\n          topic = tea\n" in done.out
    assert "          topic = tea\n" in maverick("runs", "show", "@last").out
    shown = maverick("runs", "show", "@last", "--json").json
    assert shown["outputs"] == {"topic": "tea", "none": None, "list": [1, 2]}


def test_a_workflow_is_found_by_its_name(maverick: Maverick) -> None:
    maverick.write("workflows/deep/x.yaml", flow("run-by-name"))
    assert maverick("run", "run-by-name").code == 0


def test_a_definition_comes_from_standard_input(maverick: Maverick) -> None:
    done = maverick("run", "-", "--json", stdin=flow("run-stdin"))
    assert (done.code, done.json["workflow"]) == (0, "run-stdin")


def test_a_text_input_stays_the_text_that_was_typed(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-text"))
    assert maverick("run", "a.yaml", "-i", "topic=1.10", "--json").json["inputs"] == {
        "topic": "1.10"
    }


def test_inputs_come_from_files(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-files"))
    maverick.write("in.yaml", "topic: from-yaml\n")
    maverick.write("in.json", json.dumps({"topic": "from-json"}))
    maverick.write("topic.txt", "from-text")
    for options, expected in (
        (["--inputs", "in.yaml"], "from-yaml"),
        (["--inputs", "in.json"], "from-json"),
        (["--inputs", "in.json", "-i", "topic=typed"], "typed"),
        (["-i", "topic=@topic.txt"], "from-text"),
        (["-i", "topic=@@home"], "@home"),
    ):
        done = maverick("run", "a.yaml", *options, "--json")
        assert done.json["inputs"] == {"topic": expected}


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["run", "nowhere.yaml"], "workflow-not-found", "nowhere.yaml"),
        (["run", "no-such-flow"], "workflow-not-found", "no-such-flow"),
        (["run", "a.yaml", "-i", "nonsense"], "usage", "nonsense"),
        (["run", "a.yaml", "-i", "tpoic=x"], "invalid-inputs", "did you mean `topic`?"),
        (["run", "a.yaml", "-i", "topic=@gone.txt"], "file", "gone.txt"),
        (["run", "a.yaml", "--inputs", "gone.json"], "file", "gone.json"),
        (["run", "a.yaml", "--accept-changes"], "usage", "--resume"),
        (["run", "a.yaml", "--threads", "0"], "usage", "--threads"),
        (["run"], "usage", "FILE_OR_NAME"),
        (["restart", "run_zzzzzzzzzzzzzz"], "run-not-found", "run_zzzzzzzzzzzzzz"),
        (["runs", "show", "run_ab"], "run-not-found", "too short"),
        (["runs", "list", "--status", "odd"], "usage", "odd"),
        (["nonsense"], "usage", "nonsense"),
    ],
)
def test_bad_input_ends_with_2_and_one_clear_line(
    maverick: Maverick, args: list[str], code: str, says: str
) -> None:
    maverick.write("a.yaml", flow("run-refused"))
    done = maverick(*args)
    assert done.code == 2
    first = done.err.splitlines()[0]
    assert first.startswith("maverick: ")
    assert first.endswith(f"[{code}]")
    assert says in done.err
    assert done.out == ""


def test_a_broken_definition_shows_every_problem_with_its_place(maverick: Maverick) -> None:
    maverick.write(
        "bad.yaml",
        "version: '1.0'\nname: bad\nsteps:\n  - name: a\n    type: shel\n  - name: b\n"
        "    type: shell\n    run: echo ${{ steps.nobody.output }}\n",
    )
    done = maverick("run", "bad.yaml", "--json")
    assert done.code == 2
    assert "bad.yaml:5:" in done.err
    assert "bad.yaml:8:" in done.err
    codes = {problem["code"] for problem in done.json["error"]["problems"]}
    assert {"D103", "D204"} <= codes


def test_what_a_step_prints_cannot_steer_the_terminal(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-escapes", r"printf '\033[2J\033]0;x\007boom' >&2; exit 1"))
    done = maverick("run", "a.yaml")
    assert done.code == 1
    assert "\x1b" not in done.out + done.err
    shown = maverick("runs", "show", "@last", "--log", "three")
    assert "\\x1b[2J" in shown.out
    assert "\x1b" not in shown.out


def test_a_reader_that_goes_away_does_not_end_the_run(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-pipe", "sleep 1; echo three >> calls"))
    process = maverick.start("run", "a.yaml")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=60)
    assert maverick.calls()[-1] == "three"


def test_a_terminal_without_unicode_gets_plain_signs(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-ascii"))
    done = maverick("run", "a.yaml", PYTHONIOENCODING="ascii")
    assert done.code == 0
    assert "+ one" in done.out


def test_a_detached_run_waits_for_workers_and_says_so(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("run-detached"))
    done = maverick("run", "a.yaml", "--detach", "--json")
    assert (done.code, done.json["status"]) == (0, "queued")
    assert "`maverick up`" in done.err
    assert len(done.err.splitlines()) == 1, "and nothing else"
    cancelled = maverick("runs", "cancel", done.json["id"], "--reason", "enough", "--json")
    assert (cancelled.code, cancelled.json["status"]) == (0, "cancelled")
    again = maverick("runs", "cancel", done.json["id"])
    assert again.code == 2
    assert "run-is-over" in again.err


def test_an_action_that_is_not_there_is_told_before_the_first_step(maverick: Maverick) -> None:
    wrong = "  - {name: four, type: python, action: not_there}\n"
    maverick.write("typo.yaml", flow("typo") + wrong)
    ended = maverick("run", "typo.yaml")
    assert ended.code == 2, ended.err
    assert "D301" in ended.err
    assert maverick.calls() == []
    assert maverick("runs", "list", "--workflow", "typo", "--json").json["items"] == []
