"""`${{ … }}`: text → checked tree → value. Pure: no Django, no files, no clock.

evaluate("inputs.count + 1", {"inputs": {"count": 2}})        # 3
render({"to": "${{ inputs.who }}"}, {"inputs": {"who": "Alice"}})
references("${{ steps.plan.output.files }}")                  # what a value depends on
"""

from runs.expressions.errors import ExpressionError, MissingValueError
from runs.expressions.evaluate import Judgement, evaluate, evaluate_condition, judge
from runs.expressions.nodes import FUNCTIONS, ROOTS, Expression
from runs.expressions.parse import parse, unwrap
from runs.expressions.references import Reference, condition_references, references
from runs.expressions.template import Slot, find_expressions, render, split, texts, whole

__all__ = [
    "FUNCTIONS",
    "ROOTS",
    "Expression",
    "ExpressionError",
    "Judgement",
    "MissingValueError",
    "Reference",
    "Slot",
    "condition_references",
    "evaluate",
    "evaluate_condition",
    "find_expressions",
    "judge",
    "parse",
    "references",
    "render",
    "split",
    "texts",
    "unwrap",
    "whole",
]
