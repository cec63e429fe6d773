"""Actions: the functions behind `type: python`.

    @action("summarise")
    def summarise(text: str, *, limit: int = 100) -> dict: ...

A project keeps its own in `maverick_actions.py`; installed packages bring theirs by entry points. A
parameter annotated `StepContext`, or else one named `context`, receives the step's context; a
workflow never passes it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Protocol, TypeVar, overload

log = logging.getLogger(__name__)

Effect = Literal["pure", "idempotent", "once", "ask"]
EFFECTS: tuple[Effect, ...] = ("pure", "idempotent", "once", "ask")
PROJECT_FILE = "maverick_actions.py"
ENTRY_POINTS = "maverick.actions"

_Function = TypeVar("_Function", bound=Callable[..., Any])


class StepContext(Protocol):
    """What an action may know about the step that calls it."""

    @property
    def run_id(self) -> str: ...
    @property
    def execution_id(self) -> str:
        """The idempotency key: the same when a killed step runs again."""
        ...

    @property
    def path(self) -> str: ...
    @property
    def attempt(self) -> int:
        """1 for the first."""
        ...

    @property
    def workspace(self) -> Path: ...

    def log(self, text: str, level: str = "info") -> None:
        """Add a line to the log of the execution."""
        ...

    def secret(self, name: str) -> str | None:
        """The value behind `${{ secrets.NAME }}`, which is masked from now on; None: not set."""
        ...

    def stops_by(self, stop: Callable[[], None]) -> AbstractContextManager[None]:
        """While the block runs, the step is stopped by calling `stop` from another thread.

        For what waits for a program or a server: the exception that stops other code would be
        seen only when that has answered.
        """
        ...


class ActionImportError(Exception):
    """The actions of a project cannot be imported. `file` and `line` say where it went wrong."""

    def __init__(self, message: str, *, file: str, line: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        return f"{self.file}{f':{self.line}' if self.line else ''}: {self.message}"


@dataclass(frozen=True)
class Action:
    """A registered function. `version` is part of what makes a step the same as last time.

    `effect` is the function's own; a step's file may say otherwise. None: not declared.
    `reports`: a `success: false` that it returns tells of what it looked at and is no failure.
    """

    name: str
    function: Callable[..., Any]
    version: str = "1"
    effect: Effect | None = None
    reports: bool = False

    @cached_property
    def context_name(self) -> str | None:
        """The parameter that receives the step's context: one annotated so, else `context`."""
        for name, parameter in self._parameters.items():
            if parameter.annotation is StepContext or parameter.annotation == "StepContext":
                return name
        return "context" if "context" in self._parameters else None

    @property
    def is_async(self) -> bool:
        return inspect.iscoroutinefunction(self.function)

    @property
    def description(self) -> str:
        """The first line of the function's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @cached_property
    def _parameters(self) -> Mapping[str, inspect.Parameter]:
        try:
            return inspect.signature(self.function).parameters
        except (TypeError, ValueError):  # a builtin without a signature: nothing can be checked
            anything = inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD)
            return {"kwargs": anything}

    def check_kwargs(self, kwargs: Mapping[str, Any]) -> list[str]:
        """What is wrong with the names of the arguments, in sentences; empty when they fit."""
        wrong = []
        parameters = self._parameters
        kinds = {parameter.kind for parameter in parameters.values()}
        named = {
            name: parameter
            for name, parameter in parameters.items()
            if name != self.context_name
            and parameter.kind
            in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        }
        given = self.context_name
        if given in kwargs:
            wrong.append(f"`{self.name}` gets `{given}` from the engine, not from the file.")
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            known = ", ".join(sorted(named)) or "none"
            for name in kwargs:
                if name not in named and name != given:
                    shown = f"`{self.name}` takes no argument `{str(name)[:80]}`"
                    wrong.append(f"{shown} (it takes: {known}).")
        for name, parameter in named.items():
            if parameter.default is inspect.Parameter.empty and name not in kwargs:
                wrong.append(f"`{self.name}` requires the argument `{name}`.")
        return wrong


_lock = threading.RLock()
_registry: dict[str, Action] = {}
# A project's actions stay its own: one worker serves many projects, and two of them may give the
# same name to different things. folder → (mtime of its file in ns, its actions)
_loaded: dict[Path, tuple[int, dict[str, Action]]] = {}
_packages_loaded = False
_broken_packages: dict[str, str] = {}
_registering = threading.local()  # the project whose file this thread is importing, if any


@overload
def action(name: _Function, /) -> _Function: ...
@overload
def action(
    name: str | None = None,
    *,
    version: str = "1",
    effect: Effect | None = None,
    reports: bool = False,
) -> Callable[[_Function], _Function]: ...
def action(
    name: str | Callable[..., Any] | None = None,
    *,
    version: str = "1",
    effect: Effect | None = None,
    reports: bool = False,
) -> Any:
    """Register a plain or async function as an action; usable with and without brackets.

    `name` defaults to the function's own; it may hold dots. Raise `version` when the function's
    meaning changes, so that a restart runs it again. A mapping with `success: false` fails the step,
    unless the action only ``reports``. Registering a name again replaces it. Raises ValueError for
    an effect that does not exist.
    """
    if callable(name):
        _register(Action(name.__name__, name, str(version), effect, reports))
        return name
    if effect is not None and effect not in EFFECTS:
        raise ValueError(f"effect is one of {', '.join(EFFECTS)}, not {effect!r}")
    chosen = name

    def decorate(function: _Function) -> _Function:
        _register(Action(chosen or function.__name__, function, str(version), effect, reports))
        return function

    return decorate


def _register(made: Action) -> None:
    target: dict[str, Action] | None = getattr(_registering, "target", None)
    with _lock:
        (_registry if target is None else target)[made.name] = made


def find_action(name: str, folder: Path | None = None) -> Action | None:
    """The action of a name, or None: the project's own (if ``folder`` is loaded), else any."""
    found = _of(folder).get(name) or _registry.get(name)
    if found is None and not _packages_loaded:
        load_package_actions()
        found = _registry.get(name)
    return found


def known_actions(folder: Path | None = None) -> Mapping[str, Action]:
    """All actions by name, as they are now; those of the project ``folder`` come first."""
    load_package_actions()
    with _lock:
        return MappingProxyType({**_registry, **_of(folder)})


def _of(folder: Path | None) -> Mapping[str, Action]:
    if folder is None:
        return {}
    known = _loaded.get(folder)
    return {} if known is None else known[1]


def load_project_actions(folder: Path) -> list[str]:
    """Import `maverick_actions.py` of a project folder; answers the names it registered.

    Imported once, and again after the file has changed, under a private module name, so that two
    projects cannot meet. A folder without the file has no actions. Raises ActionImportError, and
    leaves what was registered before as it was.
    """
    # A plain join: pathlib's would cost a trivial step a tenth of its time.
    file = os.path.join(folder, PROJECT_FILE)
    try:
        changed = os.stat(file).st_mtime_ns
    except OSError:
        _loaded.pop(folder, None)
        return []
    known = _loaded.get(folder)
    if known is not None and known[0] == changed:
        return sorted(known[1])
    with _lock:
        mine: dict[str, Action] = {}
        _registering.target = mine
        try:
            _import(Path(file).absolute())
        finally:
            _registering.target = None
        _loaded[folder] = (changed, mine)
        return sorted(mine)


def load_package_actions() -> Mapping[str, str]:
    """Register the actions of installed packages: entry points of the group `maverick.actions`.

    An entry point names a module, whose import registers, or a function, which then is an action
    of the entry point's name. Done once. Answers what could not be loaded: entry point → why. A
    package cannot replace an action that comes with Maverick.
    """
    global _packages_loaded
    with _lock:
        if _packages_loaded:
            return MappingProxyType(_broken_packages)
        _packages_loaded = True
        from importlib.metadata import entry_points  # not for those who never get here

        before = getattr(_registering, "target", None)
        for point in entry_points(group=ENTRY_POINTS):
            mine: dict[str, Action] = {}
            _registering.target = mine
            try:
                loaded = point.load()
                if callable(loaded) and not any(one.function is loaded for one in mine.values()):
                    _register(Action(point.name, loaded))
            except (Exception, SystemExit) as error:
                # One bad package must not take everybody else's actions with it.
                _broken_packages[point.name] = f"{point.value}: {type(error).__name__}: {error}"
                log.warning("Actions of %s cannot be loaded: %s", point.name, error)
                continue
            finally:
                _registering.target = before
            for name, made in mine.items():
                if name in _registry:
                    _broken_packages[point.name] = f"{point.value}: there is an action {name!r}"
                else:
                    _registry[name] = made
    return MappingProxyType(_broken_packages)


def _import(file: Path) -> None:
    digest = hashlib.sha256(str(file).encode()).hexdigest()[:16]
    module_name = f"_maverick_actions_{digest}"
    spec = importlib.util.spec_from_file_location(module_name, file)
    if spec is None or spec.loader is None:
        raise ActionImportError("the file cannot be imported", file=str(file), line=None)
    module = importlib.util.module_from_spec(spec)
    previous = sys.modules.get(module_name)
    sys.modules[module_name] = module  # dataclasses and pickle look their module up
    try:
        # Compiled from the text: a cached .pyc goes by whole seconds and would hide a quick edit.
        code = compile(file.read_bytes(), str(file), "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102 - the project's own code, as importing it is
    except (Exception, SystemExit) as error:
        if previous is None:
            del sys.modules[module_name]
        else:
            sys.modules[module_name] = previous
        raise _import_error(error, file) from error


def _import_error(error: BaseException, file: Path) -> ActionImportError:
    """Where it went wrong: the innermost line in the project's file."""
    message = f"{type(error).__name__}: {error}"
    if isinstance(error, SyntaxError):
        where = error.filename or str(file)
        return ActionImportError(f"SyntaxError: {error.msg}", file=where, line=error.lineno)
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(file)
    ]
    return ActionImportError(message, file=str(file), line=lines[-1] if lines else None)
