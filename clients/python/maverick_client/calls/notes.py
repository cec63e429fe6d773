"""What people write on a run: notes and labels."""

from collections.abc import Mapping
from typing import cast

from maverick_client.models import Note, Run
from maverick_client.sending import Sending, part


class NoteCalls(Sending):
    """Methods of Client."""

    def note(self, run_id: str) -> Note:
        """A run's notes; without any, an empty text of revision 0."""
        return cast(Note, self._json("GET", f"runs/{part(run_id)}/note"))

    def write_note(self, run_id: str, text: str, *, revision: int | None = None) -> Note:
        """Write a run's notes. With the `revision` that was read, 409 when somebody has written
        since; None writes over whatever is there. An empty text takes them away."""
        body = {"text": text, "revision": revision}
        return cast(Note, self._json("PUT", f"runs/{part(run_id)}/note", json=body, safe=True))

    def set_labels(self, run_id: str, labels: Mapping[str, str]) -> Run:
        """Give a run these labels and no others."""
        body = {"labels": dict(labels)}
        return cast(Run, self._json("PUT", f"runs/{part(run_id)}/labels", json=body, safe=True))
