"""Make the virtual environment find this checkout, and give it the `maverick` command.

Instead of an editable install: that would build a package, and a build wants a build backend
from the network. Two lines in a .pth file and a launcher do the same.
"""

import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write the .pth file and `.venv/bin/maverick`."""
    packages = Path(sysconfig.get_paths()["purelib"])
    (packages / "maverick.pth").write_text(f"{ROOT}\n{ROOT / 'clients' / 'python'}\n")
    launcher = Path(sys.executable).parent / "maverick"
    launcher.write_text(
        f"#!{sys.executable}\nimport sys\n\nfrom runs.cli.main import main\n\nsys.exit(main())\n"
    )
    launcher.chmod(0o755)


if __name__ == "__main__":
    main()
