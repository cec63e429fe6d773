"""What can be wrong with a workflow, said with a code, a place and a hint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]

# code → its meaning in one line. D0xx the text, D1xx the shape, D2xx names and references,
# D3xx what is named elsewhere, D4xx cannot run, D5xx values given to a run, W warnings.
CODES: dict[str, str] = {
    "D001": "The file is not text, or too large.",
    "D002": "The file is not readable YAML.",
    "D003": "The file is nested too deep or has too many parts (aliases written out).",
    "D004": "A key stands twice in one mapping.",
    "D005": "A value is not one that JSON knows.",
    "D101": "A required field is missing.",
    "D102": "A field has a value of the wrong kind or out of its range.",
    "D103": "The type of a step is not known.",
    "D104": "The version of the file is not one this program reads.",
    "D105": "Two fields of a step contradict each other.",
    "D106": "The default of an input does not fit its type.",
    "D201": "Two steps of one list have the same name.",
    "D202": "A name has characters that names cannot have.",
    "D203": "An expression cannot be read.",
    "D204": "A step is named that does not exist where it is named.",
    "D205": "A step is read that need not have finished before.",
    "D206": "An input is read that is not declared.",
    "D207": "`item` or `index` is read outside a loop that has it.",
    "D208": "Steps need each other in a circle.",
    "D209": "An expression stands where only a literal value can.",
    "D301": "The action is not known.",
    "D302": "The sub-workflow is not known.",
    "D303": "A required input of the sub-workflow is not given.",
    "D304": "The arguments do not fit the action.",
    "D305": "The agent is not known.",
    "D306": "The generator is not known.",
    "D307": "The context builder is not known.",
    "D308": "A workflow calls itself.",
    "D309": "An input of the sub-workflow is given a value that does not fit.",
    "D310": "An output schema is no JSON Schema.",
    "D311": "The project's own actions cannot be imported.",
    "D401": "This version of the program does not run it.",
    "D501": "A required input was not given.",
    "D502": "An input has a value of the wrong type.",
    "D503": "An input was given that the workflow does not declare.",
    "D504": "An input has a value that is not among the allowed ones.",
    "D601": "An assertion is not known.",
    "D602": "An assertion has a value of the wrong kind.",
    "D603": "An assertion has a pattern that is no regular expression, or one that would not stay "
    "within its bounds.",
    "D604": "An assertion has a band that cannot be read.",
    "W001": "A key is not known and has no effect.",
    "W002": "An input is declared and never read.",
    "W003": "An old way of writing, still understood.",
    "W004": "An input is given to a sub-workflow that does not declare it.",
    "W005": "A field has no effect here.",
    "W006": "A key has no value and counts as missing.",
    "W007": "What a name stands for is not known here, and not checked.",
    "W008": "A field is read that is never there.",
}

# What is not registered: an error where a run is to start, a warning where a file is only drawn.
UNREGISTERED = frozenset({"D301", "D302", "D305", "D306", "D307"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` and `column` begin with 1; None when there is no place."""

    code: str
    message: str
    hint: str = ""
    line: int | None = None
    column: int | None = None
    file: str = "<text>"
    severity: Severity = "error"

    def __str__(self) -> str:
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.code} {self.message}{hint}"
