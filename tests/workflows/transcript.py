"""Writes docs/transcripts/fly-resumed.md: a flight that is killed with -9, and resumed.

    make transcript

Everything is real: a repository and its bare remote in a temporary folder, a PostgreSQL of its own,
GitHub's API on loopback, ruff and pytest, and an agent that edits files. What changes from machine
to machine is replaced: folders, addresses.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from tests.fakes.github_server import GitHubServer
from tests.workflows.repository import environment_of, make_repository
from tests.workflows.terminal import Terminal, publish, wait_until_database_ended


def write(folder: Path) -> str:
    """The transcript of one flight in ``folder``."""
    with GitHubServer(repository=folder / "tide.git") as github:
        project, remote = make_repository(folder)
        replaced = [
            (str(project), "~/tide"),
            (str(remote), "~/tide.git"),
            (str(folder / "home"), "~/.maverick"),
            (str(folder), "~"),
            (github.url, "https://github.example"),
        ]
        env = environment_of(folder, github)
        terminal = Terminal(project, folder / "home", env, replaced)
        terminal.say("# fly, killed and resumed")
        terminal.say(
            "Written by `make transcript`: a repository with a bare remote, an agent that edits "
            "files, GitHub's API on loopback, ruff and pytest as checks. Folders and addresses are "
            "replaced; steps that were skipped are left out of what `maverick run` prints."
        )
        terminal.say("Two phases are to be implemented.")
        terminal.run("cat specs/tides/tasks.md")
        terminal.run("git log --oneline --all")
        terminal.say(
            "The flight begins, and is killed as soon as both phases are implemented and committed."
        )
        terminal.run_and_kill("maverick fly -i branch_name=tides", said="✓ implementation_complete")
        terminal.say("What is there: a commit for each phase, nothing pushed, no pull request.")
        terminal.run("git log --oneline main..tides")
        terminal.run("git ls-remote --heads origin")
        terminal.run("maverick checkpoint list")
        terminal.say(
            "Resumed. It says what it resumes; what the checkpoint holds is kept, and the rest is "
            "done. The reviewer finds modules without a word about what they are, the fixer mends "
            "that, the checks run again."
        )
        terminal.run("maverick fly --resume", only=r"^(?!– )")
        terminal.say(
            "One commit for each phase, one for what the review found; pushed; one pull request."
        )
        terminal.run("git log --format=%s main..tides")
        terminal.run("git ls-remote --heads origin")
        pulls = [
            {key: pull[key] for key in ("number", "title", "draft", "state")}
            for pull in github.pulls.values()
        ]
        shown = "\n".join(json.dumps(pull) for pull in pulls)
        terminal.parts.append(
            "```text\n$ curl -s https://github.example/repos/octo/tide/pulls "
            f"| jq -c '.[] | {{number, title, draft, state}}'\n{shown}\n```"
        )
        terminal.say("Why each step was kept or done, as `maverick runs show @last` tells it:")
        terminal.run("maverick runs show @last", after="STEP ")
        return terminal.page()


def main() -> None:
    """Write the page."""
    folder = Path(tempfile.mkdtemp(prefix="mvk-fly-"))
    try:
        text = write(folder)
    finally:
        wait_until_database_ended(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
    publish("fly-resumed.md", text)


if __name__ == "__main__":
    main()
