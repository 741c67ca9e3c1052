"""Language models behind one port; AIA runs without any, and says so in its reports."""

from aia.llm.choose import ModelChoice, choose, open_model
from aia.llm.model import Answer, Model, ModelUnavailable, Prompt, ScriptedModel

__all__ = [
    "Answer",
    "Model",
    "ModelChoice",
    "ModelUnavailable",
    "Prompt",
    "ScriptedModel",
    "choose",
    "open_model",
]
