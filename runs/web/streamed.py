"""Long texts, sent while they are read.

Under ASGI Django gathers a plain iterator to its end before the first byte leaves, so that a log of
a gigabyte would lie in memory. An asynchronous one is sent as it comes; each step of it is a hop to
the thread of the request, so the parts are put together to blocks first.
"""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

BLOCK = 65536  # characters, at least, but for the last


def streamed(
    request: HttpRequest, parts: Iterator[str], content_type: str
) -> StreamingHttpResponse:
    """``parts`` one after the other, never all of them at once."""
    blocks = _blocks(parts)
    content = _awaited(blocks) if isinstance(request, ASGIRequest) else blocks
    return StreamingHttpResponse(content, content_type=content_type)


def _blocks(parts: Iterator[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= BLOCK:
            yield "".join(held)
            held, size = [], 0
    if held:
        yield "".join(held)


async def _awaited(blocks: Iterator[str]) -> AsyncIterator[str]:
    following = sync_to_async(lambda: next(blocks, None), thread_sensitive=True)
    while (block := await following()) is not None:
        yield block
