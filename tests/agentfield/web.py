"""The one HTTP client of these tests: making one costs as much as fifty requests (its TLS)."""

import httpx

http = httpx.Client(
    timeout=60,
    trust_env=False,
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=80),
    # A server that a test has started again has closed what was kept.
    transport=httpx.HTTPTransport(
        retries=3, limits=httpx.Limits(max_connections=None, max_keepalive_connections=80)
    ),
)
