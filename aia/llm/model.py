"""The port to language models: one question, one answer, its tokens. AIA works without any."""

from dataclasses import dataclass
from typing import Protocol

from aia.core.errors import Unavailable


class ModelUnavailable(Unavailable):
    """The model did not answer, or not in time; callers go on without it and say so."""

    code = "model-unavailable"
    title = "The language model does not answer"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Instructions are ours; `text` may quote documents and is data, never instruction."""

    instructions: str
    text: str
    output_tokens_max: int

    @property
    def tokens_max(self) -> int:
        """The most tokens this call can use: no tokenizer makes more tokens than UTF-8 bytes."""
        return len(self.instructions.encode()) + len(self.text.encode()) + self.output_tokens_max


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's text and what it used."""

    text: str
    input_tokens: int
    output_tokens: int

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


class Model(Protocol):
    """A language model; `name` is `provider:model` and stands in the report."""

    @property
    def name(self) -> str: ...

    async def ask(self, prompt: Prompt) -> Answer:
        """Raises `ModelUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """Answers every prompt with the same text: the model of tests and of offline trials."""

    text: str
    name: str = "scripted:fixed-answer"

    async def ask(self, prompt: Prompt) -> Answer:
        return Answer(self.text, len(prompt.text.encode()), len(self.text.encode()))
