"""A long text leaves while it is read, under ASGI as well."""

from collections.abc import Iterator

from asgiref.sync import async_to_sync
from django.test import AsyncRequestFactory, RequestFactory

from runs.web.streamed import BLOCK, streamed

LINE = "x" * 99 + "\n"
LINES = 3 * BLOCK // len(LINE)


class Lines:
    """Counts how many of its lines were asked for."""

    def __init__(self) -> None:
        self.read = 0

    def __iter__(self) -> Iterator[str]:
        for _ in range(LINES):
            self.read += 1
            yield LINE


def test_the_first_block_leaves_before_the_last_line_is_read() -> None:
    lines = Lines()
    answer = streamed(AsyncRequestFactory().get("/"), iter(lines), "text/plain")
    assert answer.is_async
    sent: list[tuple[int, int]] = []

    async def read() -> None:
        async for block in answer:
            sent.append((len(block), lines.read))  # noqa: PERF401 - as each arrives

    async_to_sync(read)()
    assert sum(size for size, _ in sent) == LINES * len(LINE)
    assert BLOCK <= sent[0][0] < BLOCK + len(LINE)
    assert sent[0][1] < LINES // 2


def test_a_plain_server_gets_a_plain_iterator() -> None:
    answer = streamed(RequestFactory().get("/"), iter(Lines()), "text/plain")
    assert not answer.is_async
    assert b"".join(answer) == LINE.encode() * LINES  # type: ignore[arg-type]
