"""The Timeline tab."""

from django.test import Client

from runs.models import Run

Pair = tuple[Run, Run]


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_bars(alice: Client, pair: Pair) -> None:
    html = page(alice, f"/runs/{pair[1].pk}?tab=timeline")
    assert "b-lost" in html
