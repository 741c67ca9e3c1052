"""Passages that state a problem or a request, with their exact place."""

from aia.text.statements.find import Span, find_statements, is_satisfied, sentences

__all__ = ["Span", "find_statements", "is_satisfied", "sentences"]
