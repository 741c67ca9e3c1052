"""Models through pydantic-ai, one request at a time; a plugin of `aia.llm`, loaded when chosen."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import httpx
from pydantic_ai.direct import model_request
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, UserError
from pydantic_ai.messages import ModelRequest, TextPart
from pydantic_ai.models import Model as ProviderModel
from pydantic_ai.models import infer_model
from pydantic_ai.providers import Provider, infer_provider_class
from pydantic_ai.settings import ModelSettings

from aia.core.errors import Invalid
from aia.llm.choose import ModelChoice
from aia.llm.model import Answer, ModelUnavailable, Prompt


@dataclass(frozen=True, slots=True)
class PydanticAIModel:
    """One model of one provider."""

    name: str
    model: ProviderModel
    timeout_s: float

    async def ask(self, prompt: Prompt) -> Answer:
        """One request without retries of ours; raises `ModelUnavailable` naming the model and cause."""
        request = ModelRequest.user_text_prompt(prompt.text, instructions=prompt.instructions)
        settings = ModelSettings(max_tokens=prompt.output_tokens_max, timeout=self.timeout_s)
        try:
            response = await model_request(self.model, [request], model_settings=settings)
        except ModelHTTPError as error:
            raise ModelUnavailable(f"{self.name} answered HTTP {error.status_code}") from error
        except (AgentRunError, UserError, httpx.HTTPError, OSError, TimeoutError) as error:
            raise ModelUnavailable(f"{self.name} does not answer: {type(error).__name__}") from error
        text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
        return Answer(text, response.usage.input_tokens, response.usage.output_tokens)


def open_model(choice: ModelChoice) -> PydanticAIModel:
    """Raises `Invalid` when the provider does not know the model."""
    name = f"{choice.provider}:{choice.model}"
    # Chat completions are what every OpenAI-compatible server speaks; the Responses API is not.
    kind = "openai-chat" if choice.provider == "openai" else choice.provider
    try:
        model = infer_model(f"{kind}:{choice.model}", lambda _: _provider(choice))
    except UserError as error:
        raise Invalid(f"the model {name} cannot be used: {error}") from error
    return PydanticAIModel(name, model, choice.timeout_s)


def _provider(choice: ModelChoice) -> Provider[Any]:
    # Every provider takes api_key; the common base class does not say so.
    provider = cast("Callable[..., Provider[Any]]", infer_provider_class(choice.provider))
    if choice.provider == "azure":
        return provider(azure_endpoint=choice.base_url, api_key=choice.key)
    if choice.base_url:
        return provider(api_key=choice.key, base_url=choice.base_url)
    return provider(api_key=choice.key)
