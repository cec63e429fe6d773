"""The clients against a real server with a real worker."""

import sys
from pathlib import Path

from tests.clients.conftest import Served
from tests.docs.pages import ROOT, blocks

CLIENT = ROOT / "clients" / "python"


def test_the_readme_of_the_python_client_does_what_it_says(served: Served, tmp_path: Path) -> None:
    text = (CLIENT / "README.md").read_text()
    (tmp_path / "example.py").write_text("\n".join(blocks(text, "python")))
    said = served.play(
        sys.executable, "-c",
        f"import sys; sys.path[:0] = [{str(CLIENT)!r}]; exec(open('example.py').read()); "
        "assert not {'django', 'runs'} & set(sys.modules)",
        cwd=tmp_path,
    )  # fmt: skip
    assert said == "".join(blocks(text, "text"))
