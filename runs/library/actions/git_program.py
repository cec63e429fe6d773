"""Git by its own program: asking it, and staging what may be committed."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass

from runs.actions import StepContext
from runs.errors import StepFailure
from runs.library.actions.programs import Ran, run, without_credentials
from runs.library.actions.workspace import inside

# No prompt, no pager, no editor: nobody sits at this terminal.
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_MERGE_AUTOEDIT": "no",
    "LC_ALL": "C",
}
# A repository named by the environment (a hook's) is not the workspace's.
FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
# Checkpoints are Maverick's, not the project's: they once were committed with everything else.
NEVER = ":(exclude,top,glob)**/.maverick/**"
_OURS = ":(top,glob)**/.maverick/**"
NETWORK_SECONDS = 600.0
_GITHUB = re.compile(
    r"^(?:[a-z+]+://(?:[^/@]*@)?[^/]+/|[^/@:]*@?[^/:]+:)(?P<owner>[^/]+)/(?P<name>[^/]+?)(?:\.git)?/?$"
)


class GitFailed(StepFailure):
    """Git refused, in its own words."""

    code = "git-failed"


@dataclass(frozen=True)
class Status:
    """What is not committed."""

    staged: tuple[str, ...]
    unstaged: tuple[str, ...]
    untracked: tuple[str, ...]

    @property
    def any(self) -> bool:
        return bool(self.staged or self.unstaged or self.untracked)


class Git:
    """The repository of a folder in the workspace."""

    def __init__(self, context: StepContext, cwd: str | None = None) -> None:
        self._context = context
        self.folder = inside(context.workspace, cwd) if cwd else context.workspace

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """One quick question; what it prints is not logged."""
        env = {key: value for key, value in os.environ.items() if key not in FOREIGN}
        try:
            return subprocess.run(
                ["git", *arguments],
                cwd=self.folder,
                env={**env, **QUIET},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            if not self.folder.is_dir():
                raise GitFailed(f"The folder {self.folder.name} does not exist.") from None
            raise GitFailed("The program git is not on this machine.") from None

    def out(self, *arguments: str) -> str:
        """What it prints. Raises GitFailed when it refuses."""
        done = self.run(*arguments)
        if done.returncode != 0:
            raise self._failed(arguments[0], done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def ask(self, *arguments: str) -> str | None:
        """What it prints, trimmed; None when it has nothing to say. GitFailed: no repository."""
        done = self.run(*arguments)
        if done.returncode == 0:
            return done.stdout.decode("utf-8", "replace").strip()
        if b"not a git repository" in done.stderr:
            raise GitFailed("The workspace is not a git repository.")
        return None

    def ok(self, *arguments: str) -> bool:
        """Whether its exit code is 0."""
        return self.run(*arguments).returncode == 0

    def long(self, *arguments: str, timeout: float | None = NETWORK_SECONDS) -> Ran:
        """What may take its time: hooks, the network. Goes to the log; ends with the step."""
        words = ["git", *arguments]
        return run(
            self._context, words, cwd=self.folder, env=QUIET, without=FOREIGN, timeout=timeout
        )

    def must(self, *arguments: str, timeout: float | None = NETWORK_SECONDS) -> Ran:
        """`long`, and GitFailed when it refuses."""
        ran = self.long(*arguments, timeout=timeout)
        if ran.code != 0:
            raise self._failed(arguments[0], ran.err or ran.out)
        return ran

    def _failed(self, what: str, said: str) -> GitFailed:
        return GitFailed(f"git {what}: {last_words(said)}")

    # -- where it stands --------------------------------------------------------------------------

    def branch(self) -> str | None:
        """The current branch; None between branches. Raises GitFailed outside a repository."""
        return self.out("branch", "--show-current").strip() or None

    def head(self) -> str | None:
        """The current commit; None before the first."""
        return self.ask("rev-parse", "--verify", "-q", "HEAD")

    def commit_of(self, given: str) -> str:
        """The full name of a commit, so that no text of a workflow can be taken for an option."""
        found = self.ask("rev-parse", "-q", "--verify", "--end-of-options", f"{given}^{{commit}}")
        if not found:
            raise GitFailed(f"There is no commit {given!r}.")
        return found

    def has_branch(self, name: str) -> bool:
        """Is there a local branch of that name?"""
        return bool(self.ask("rev-parse", "-q", "--verify", f"refs/heads/{name}"))

    def check_branch_name(self, name: str) -> None:
        """Raises GitFailed for what git takes for no branch's name."""
        self.check_ref(f"refs/heads/{name}", name)

    def check_ref(self, ref: str, shown: str) -> None:
        """Raises GitFailed for what git takes for no ref's name."""
        if shown.startswith("-") or not self.ok("check-ref-format", ref):
            raise GitFailed(f"{shown!r} is no name that git accepts.")

    def base(self, wanted: str) -> str | None:
        """The base branch, here or as the remote's; None when there is none."""
        for ref in (f"refs/heads/{wanted}", f"refs/remotes/origin/{wanted}"):
            if self.ask("rev-parse", "-q", "--verify", ref):
                return ref
        return None

    def repository(self, remote: str = "origin") -> tuple[str, str] | None:
        """Owner and name, from the remote's address; None when it has no such shape."""
        url = self.ask("config", "--get", f"remote.{remote}.url")
        found = _GITHUB.match(url or "")
        return (found["owner"], found["name"]) if found else None

    # -- what is not committed --------------------------------------------------------------------

    def status(self) -> Status:
        """Staged, unstaged and untracked files, `.maverick/` not among them."""
        said = self.out(
            "status", "--porcelain=v1", "-z", "--untracked-files=all", "--", ":/", NEVER
        )
        staged, unstaged, untracked = [], [], []
        entries = iter(said.split("\0"))
        for entry in entries:
            if not entry:
                continue
            state, name = entry[:2], entry[3:]
            if state[0] in "RC":
                next(entries, None)  # the old name follows
            if state == "??":
                untracked.append(name)
                continue
            if state[0] != " ":
                staged.append(name)
            if state[1] != " ":
                unstaged.append(name)
        return Status(tuple(staged), tuple(unstaged), tuple(untracked))

    def stage_all(self) -> None:
        """Stage everything but `.maverick/`."""
        self.out("add", "--all", "--", ":/", NEVER)
        self.unstage_ours()

    def unstage_ours(self) -> None:
        """Take `.maverick/` out of what is staged: an agent may have added it."""
        staged = self.out("diff", "--cached", "--name-only", "-z", "--", _OURS)
        names = [f":(top,literal){name}" for name in staged.split("\0") if name]
        if names:
            self.out("reset", "--quiet", "--", *names)

    def staged(self) -> list[str]:
        """The files that a commit would change."""
        return [n for n in self.out("diff", "--cached", "--name-only", "-z").split("\0") if n]


def last_words(said: str) -> str:
    """The line of git's words that says why, without credentials."""
    lines = [line.strip() for line in without_credentials(said).splitlines() if line.strip()]
    # Hints come last and explain; the error stands before them.
    telling = [line for line in lines if not line.startswith("hint:")]
    why = [line for line in telling if re.match(r"(fatal|error|!)", line)]
    return ((why or telling or lines or ["it failed without a word"])[-1])[:300]
