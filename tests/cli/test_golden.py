"""`maverick golden …` and `maverick check`: exit codes, JUnit, assertions with their lines."""

from xml.etree import ElementTree

from tests.cli.conftest import Maverick

FLOW = """\
version: "1.0"
name: {name}
inputs:
  word: {{type: string, default: one}}
steps:
  - {{name: say, type: shell, run: "echo ${{{{ inputs.word }}}}"}}
  - {{name: end, type: shell, run: "true"}}
"""


def test_a_run_is_checked_against_a_golden_one_until_its_value_is_accepted(
    maverick: Maverick,
) -> None:
    maverick.write("a.yaml", FLOW.format(name="check-a"))
    base = maverick("run", "a.yaml", "--json").json["id"]
    same = maverick("run", "a.yaml", "--json").json["id"]
    other = maverick("run", "a.yaml", "-i", "word=two", "--json").json["id"]
    marked = maverick("runs", "golden", base, "--name", "words", "--tag", "nightly", "--json")
    assert marked.json["golden"] == {"name": "words", "tags": ["nightly"], "note": ""}
    taken = maverick("golden", "mark", same, "--name", "words")
    assert taken.code == 2
    assert "golden-name-taken" in taken.err

    passed = maverick("check", same, "--against", "golden:words")
    assert passed.code == 0
    assert passed.out.startswith(f"✓ {same} passed against golden:words: 2 passed")
    failed = maverick("check", other, "--against", "golden:words", "--junit", "out.xml")
    assert failed.code == 1
    assert "say: equal: stdout is not equal (expected one, got two)" in failed.out
    suite = ElementTree.parse(maverick.project / "out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    assert suite.find("testcase[@name='say']/failure") is not None
    assert maverick("check", other, "--against", "golden:no").code == 2

    maverick.write("bad.yaml", "nodes:\n  say:\n    equals: true\n")
    bad = maverick("golden", "assertions", "words", "bad.yaml")
    assert bad.code == 2
    assert "bad.yaml:3:5: D601" in bad.err
    maverick.write("good.yaml", "nodes:\n  say: {ignore: [stdout]}\n")
    assert maverick("check", other, "--against", base, "--assertions", "good.yaml").code == 0
    assert maverick("golden", "assertions", "words", "good.yaml").out == "words: 1 node\n"
    assert maverick("check", other, "--against", "golden:words", "--json").json["passed"]
    maverick("golden", "assertions", "words", "--clear")

    assert maverick("golden", "accept", "words", "say", "--from", other).code == 2
    done = maverick("golden", "accept", "words", "say", "--from", other, "--reason", "new word")
    assert done.code == 0, done.err
    assert maverick("check", other, "--against", "golden:words").code == 0
    shown = maverick("golden", "show", "words")
    assert "new word" in shown.out
    assert [one["name"] for one in maverick("golden", "list", "--json").json["items"]] == ["words"]
    entry = maverick("audit", "--action", "golden.accept", "--json").json["items"][0]
    assert entry["data"]["reason"] == "new word"
    assert maverick("runs", "golden", base, "--remove", "--json").json["golden"] is None
