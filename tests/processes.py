"""Which processes are alive, by what /proc says."""

from pathlib import Path


def living(variable: str) -> dict[int, str]:
    """Living processes with this ``NAME=value`` in their environment, and their command lines."""
    found = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if variable.encode() in (process / "environ").read_bytes().split(b"\0"):
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if words:  # a zombie has none
                    found[int(process.name)] = words
        except OSError:
            continue  # gone meanwhile
    return found
