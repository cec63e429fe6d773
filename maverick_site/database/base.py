"""PostgreSQL as Django has it; before it connects, the embedded server is made sure of."""

from typing import Any

from django.db import OperationalError
from django.db.backends.postgresql import base

from maverick_site import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        self._make_sure()
        params: dict[str, Any] = super().get_connection_params()
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self._make_sure()
        return super().get_new_connection(conn_params)

    def _make_sure(self) -> None:
        # Here and not in the settings: `manage.py check`, mypy and `--help` load the settings
        # too, and shall not start a server. Here and not once: a server that was killed comes
        # back with the next connection.
        home = embedded.home_of(self.settings_dict["HOST"])
        if home is None:
            return
        try:
            embedded.ensure_running(home)
        except embedded.EmbeddedError as error:
            raise OperationalError(str(error)) from error
