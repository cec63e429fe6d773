"""`maverick fork`: changed fields of inputs, and what they run again."""

from tests.cli.conftest import Maverick

READS = """\
version: "1.0"
name: NAME
inputs:
  config: {type: object, default: {region: here, size: 1}}
  title: {type: string, default: one}
steps:
  - {name: region, type: shell, run: "echo ${{ inputs.config.region }}", needs: []}
  - {name: size, type: shell, run: "echo ${{ inputs.config.size }}", needs: []}
  - {name: title, type: shell, run: "echo ${{ inputs.title }}", needs: []}
"""


def first_run(maverick: Maverick, name: str) -> str:
    maverick.write("a.yaml", READS.replace("NAME", name))
    done = maverick("run", "a.yaml", "--json")
    assert done.code == 0, done.err
    return str(done.json["id"])


def test_a_fork_runs_what_reads_the_change(maverick: Maverick) -> None:
    source = first_run(maverick, "fork-field")
    done = maverick("fork", source, "-i", "config.size=2", "--reason", "larger", "--json")
    assert done.code == 0, done.err
    assert (done.json["kind"], done.json["source_run_id"]) == ("fork", source)
    assert done.json["inputs"] == {"config": {"region": "here", "size": 2}, "title": "one"}
    assert done.json["counts"]["reused"] == 2
    shown = maverick("runs", "show", done.json["id"])
    assert "input `config.size` changed" in shown.out


def test_a_fork_is_previewed_and_committed_as_previewed(maverick: Maverick) -> None:
    source = first_run(maverick, "fork-plan")
    plan = maverick("fork", source, "--patch", '{"title": "two"}', "--plan", "--json").json
    assert plan["counts"] == {"reuse": 2, "run": 1, "unknown": 0}
    stale = maverick("fork", source, "-i", "title=three", "--plan-id", plan["plan_id"])
    assert stale.code == 2
    done = maverick("fork", source, "-i", "title=two", "--plan-id", plan["plan_id"], "--json")
    assert done.code == 0, done.err


def test_what_is_no_change_is_refused_in_one_line(maverick: Maverick) -> None:
    source = first_run(maverick, "fork-refused")
    for words in (["-i", "title"], ["--patch", "{"], ["--patch", "3"], ["-i", "nobody=1"]):
        refused = maverick("fork", source, *words)
        assert refused.code == 2, words
        assert "Traceback" not in refused.err
