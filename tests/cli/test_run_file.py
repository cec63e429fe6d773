"""`maverick runs export` and `import`: to another home, with an empty database."""

import shutil
import tempfile
from pathlib import Path

from tests.cli.conftest import Maverick
from tests.cli.flows import FAILS_UNTIL_OK, flow


def test_a_run_goes_on_on_another_machine(maverick: Maverick) -> None:
    maverick.write("a.yaml", flow("export-a", FAILS_UNTIL_OK))
    run = maverick("run", "a.yaml", "--json").json["id"]
    done = maverick("runs", "export", run, "-o", "run.zip")
    assert done.code == 0, done.err
    assert maverick("runs", "import", "run.zip").code == 2
    maverick.write("broken.zip", "no zip")
    refused = maverick("runs", "import", "broken.zip")
    assert refused.code == 2
    assert "run-file-damaged" in refused.err
    elsewhere = Path(tempfile.mkdtemp(prefix="mvk-"))
    try:
        made = maverick("runs", "import", "run.zip", "--json", MAVERICK_HOME=str(elsewhere))
        assert made.code == 0, made.err
        assert made.json["run"]["id"] == run
        maverick.write("ok", "")
        again = maverick("restart", run, "--json", MAVERICK_HOME=str(elsewhere))
        assert again.code == 0, again.err
        assert again.json["counts"]["reused"] == 3
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)
