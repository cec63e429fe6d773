"""The actions of the test's project: a copy of this file stands in it as maverick_actions.py."""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

from runs.actions import action

HERE = Path(__file__).parent


def _effect(context, what="did"):
    line = f"{context.run_id} {context.path} {context.execution_id} {context.attempt} {what}\n"
    file = os.open(HERE / "effects.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    os.write(file, line.encode())
    os.close(file)


@action("mark")
def mark(context, value=None):
    """Leaves a line behind and answers its input."""
    _effect(context)
    return {"path": context.path, "value": value}


@action("until_file")
def until_file(context, name):
    """Does not end before a file is there."""
    _effect(context)
    while not (HERE / name).exists():
        time.sleep(0.02)
    return name


@action("held")
def held(context, name):
    """Its first attempt does not end before a file is there; the next one ends at once."""
    _effect(context)
    while context.attempt == 1 and not (HERE / name).exists():
        time.sleep(0.02)
    return context.attempt


@action("say")
def say(context, text):
    context.log(text)
    _effect(context)


@action("print_much")
def print_much(context, megabytes):
    _effect(context)
    line = "x" * 1023
    for _ in range(megabytes):
        for _ in range(1024):
            context.log(line)


@action("not_json")
def not_json(context):
    _effect(context)
    return {"rows": [1, {2, 3}]}


@action("never")
def never(context):
    _effect(context)
    while True:
        time.sleep(0.05)


@action("deaf")
def deaf(context):
    """Never ends, and swallows what is raised into it."""
    _effect(context)
    while True:
        try:
            while True:
                time.sleep(0.05)
        except BaseException:
            pass


@action("holds")
def holds(context):
    """Never ends, and lets no other thread of its process run: called without giving up the GIL."""
    _effect(context)
    ctypes.PyDLL(None).sleep(600)


@action("leave")
def leave(context, code=3):
    _effect(context)
    sys.exit(code)


@action("segv")
def segv(context):
    _effect(context)
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(5)


@action("null")
def null(context):
    _effect(context)
    ctypes.string_at(0)


@action("flaky")
def flaky(context, times):
    _effect(context)
    if context.attempt <= times:
        raise RuntimeError(f"attempt {context.attempt} fails")
    return context.attempt


@action("count_up")
def count_up(context, file):
    """Writes the number of turns so far: the same however often an attempt is repeated."""
    _effect(context)
    turn = int(context.path.partition("[")[2].partition("]")[0])
    (HERE / file).write_text(str(turn + 1))


@action("tell")
def tell(context, secret):
    """Gives a secret away in every way there is."""
    _effect(context)
    context.log("the secret is " + secret)
    (HERE / "got.txt").write_text(secret)
    return {"it": secret, "nested": ["a " + secret + " b"]}


@action("tell_and_fail")
def tell_and_fail(context, secret):
    raise RuntimeError("could not log in with " + secret)
