"""The web process of `maverick up`: uvicorn on a socket that its parent has bound.

The parent keeps the socket, so a web process that is started again finds the requests waiting,
and a port that is taken is told before anything is started.
"""

import argparse
import os
import socket

from maverick_site.children import die_with_parent


def main() -> None:
    die_with_parent()
    parser = argparse.ArgumentParser(prog="maverick_site.web")
    parser.add_argument("--fd", type=int, required=True)
    listener = socket.socket(fileno=parser.parse_args().fd)
    listener.set_inheritable(False)

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maverick_site.settings")
    os.environ["MAVERICK_PROCESS"] = "web"
    import uvicorn
    from django.core.exceptions import ImproperlyConfigured
    from django.db import connection

    from maverick_site.asgi import application

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,  # it would write the login link's token into a file
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        limit_concurrency=2000,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        try:
            connection.close_pool()  # type: ignore[attr-defined]
        except (ImproperlyConfigured, KeyError):
            pass


if __name__ == "__main__":
    main()
