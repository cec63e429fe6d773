"""Tables that tests leave to be shown at the end of the session (`make matrix`)."""

import pytest

TABLES = pytest.StashKey[list[str]]()
