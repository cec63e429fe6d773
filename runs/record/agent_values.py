"""What agents are given and give back: as it may be shown, and sealed as it is.

Agents must get exactly what others gave them, and a row must not hold what the patterns of secret
keys say (product page, section 2.8). So where the two differ, the real one is kept encrypted.
"""

from typing import Any

from runs import environment
from runs.canonical import storable
from runs.masking import Masker
from runs.record import sealing


def shown(value: Any) -> Any:
    """``value`` with secrets masked, and only with text that PostgreSQL can keep."""
    masker = Masker(environment.secrets().values(), keys=environment.mask_keys())
    masker.learn(value)
    return storable(masker.value(value))


def split(values: dict[str, Any]) -> tuple[dict[str, Any], bytes | None]:
    """The values as they may be shown, and sealed as they are if that is something else."""
    plain = {name: shown(value) for name, value in values.items()}
    return plain, None if plain == values else sealing.seal(values)


def real(sealed: bytes | memoryview | None, name: str, plain: Any) -> Any:
    """The value as it was given."""
    return sealing.unseal(sealed).get(name, plain) if sealed else plain
