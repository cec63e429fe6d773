"""A workflow as a picture: Mermaid for documents, text for terminals."""

from runs.definition.drawing.mermaid import mermaid
from runs.definition.drawing.text import tree

__all__ = ["mermaid", "tree"]
