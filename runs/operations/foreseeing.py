"""foresight_of: what the loops of a run that is about to be made will go through."""

from collections.abc import Mapping
from typing import Any

from runs import environment
from runs.masking import Masker
from runs.planning.foresight import Foresight
from runs.planning.graph import Compiled
from runs.record import sealing
from runs.record.prior_runs import Results


def foresight_of(
    compiled: Compiled,
    results: Results,
    *,
    inputs: Mapping[str, Any],
    workspace: str,
    context: Mapping[str, Any] | None,
) -> Foresight:
    """With the inputs of the new run, secret ones as they are, and the results of the earlier one."""
    masker = Masker(environment.secrets().values(), keys=environment.mask_keys())
    sealing.learn(masker, compiled.spec, inputs)
    return Foresight(
        compiled,
        results,
        inputs=inputs,
        run={
            "id": "",
            "workflow": compiled.spec.name,
            "workspace": workspace,
            "context": context or {},
        },
        secrets=environment.secrets(),
        env=environment.allowed(),
        mask=masker.value,
    )
