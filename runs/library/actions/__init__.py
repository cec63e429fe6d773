"""The actions that every workflow can use. Importing this package registers them all."""

from runs.library.actions import files, git, preflight, text

__all__ = ["files", "git", "preflight", "text"]
