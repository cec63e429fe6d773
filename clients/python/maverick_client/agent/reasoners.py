"""A function as a reasoner: what it takes, told and checked by its annotations."""

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

from maverick_client.agent.shapes import ANY, Field, Schema, Shape, Wrong, object_shape, shape_of
from maverick_client.errors import ClientError


class InputRefused(ClientError):
    """The input does not fit the reasoner's annotations."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        self.wrong = list(wrong)
        super().__init__("; ".join(map(str, self.wrong)))


@dataclass(frozen=True)
class Reasoner:
    """One function of an agent."""

    name: str
    function: Callable[..., Any]
    input: Shape
    output_schema: Schema
    description: str = ""
    tags: tuple[str, ...] = ()

    def taken(self, body: Any) -> dict[str, Any]:
        """The function's arguments. Raises InputRefused."""
        wrong: list[Wrong] = []
        taken = self.input.take(body, "", wrong)
        if wrong:
            raise InputRefused(wrong)
        return dict(taken)

    async def run(self, arguments: dict[str, Any]) -> Any:
        """Call the function: a coroutine here, anything else in a thread of its own."""
        try:
            if inspect.iscoroutinefunction(self.function):
                return await self.function(**arguments)
            found = await _in_a_thread(lambda: self.function(**arguments), self.name)
            return await found if inspect.isawaitable(found) else found
        except SystemExit as left:  # else it would end the event loop, and the agent with it
            raise RuntimeError(f"SystemExit: {left.code}") from None

    def told(self) -> dict[str, Any]:
        """As it is registered."""
        return {
            "id": self.name,
            "description": self.description,
            "tags": list(self.tags),
            "input_schema": self.input.schema,
            "output_schema": self.output_schema,
        }


def reasoner_of(
    function: Callable[..., Any],
    name: str | None = None,
    description: str | None = None,
    tags: Sequence[str] = (),
) -> Reasoner:
    """Raises TypeError for a signature that no JSON object fits."""
    own = name or getattr(function, "__name__", "")
    if not own or any(mark in own for mark in "./ \t\n?#%"):
        raise ValueError(f"{own!r} cannot be the name of a reasoner: no dot, slash or space")
    try:
        hints = get_type_hints(function, include_extras=True)
        shape = _arguments(function, hints)
    except (TypeError, NameError) as error:
        raise TypeError(f"the reasoner {own!r} cannot be described: {error}") from None
    text = inspect.getdoc(function) or "" if description is None else description
    return Reasoner(own, function, shape, _output(hints.get("return", Any)), text, tuple(tags))


def _arguments(function: Callable[..., Any], hints: dict[str, Any]) -> Shape:
    members: dict[str, Field] = {}
    open_to: Shape | None = None
    for one in inspect.signature(function).parameters.values():
        if one.kind in (one.VAR_POSITIONAL, one.POSITIONAL_ONLY):
            raise TypeError(f"the input is an object, and {one.name!r} has no name in it")
        try:
            shape = shape_of(hints.get(one.name, Any))
        except TypeError as error:
            raise TypeError(f"{one.name}: {error}") from None
        if one.kind is one.VAR_KEYWORD:
            open_to = shape
        elif one.default is one.empty:
            members[one.name] = Field(shape)
        else:
            members[one.name] = Field(shape, False, one.default)
    return object_shape(members, open_to=open_to)


def _output(annotation: Any) -> Schema:
    try:
        return shape_of(annotation).schema
    except TypeError:  # Any object may be returned that turns into JSON; only nothing is promised.
        return ANY.schema


async def _in_a_thread(work: Callable[[], Any], name: str) -> Any:
    """Not asyncio.to_thread: a reasoner may wait for its calls to this same agent, and a pool with
    a bound would then wait for itself."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()
    context = contextvars.copy_context()

    def settle(value: Any, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(value)
        else:
            done.set_exception(error)

    def tell(value: Any, error: BaseException | None) -> None:
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    def run() -> None:
        try:
            tell(context.run(work), None)
        except StopIteration as error:  # a future takes none
            tell(None, RuntimeError(f"StopIteration: {error}"))
        except BaseException as error:
            tell(None, error)

    threading.Thread(target=run, name=f"reasoner {name}", daemon=True).start()
    return await done
