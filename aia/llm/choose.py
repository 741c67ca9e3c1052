"""Which model to use: none without a key; plugins of the entry-point group `aia.llm` open it."""

from collections.abc import Callable
from dataclasses import dataclass

from aia.config import Settings
from aia.core.errors import Invalid
from aia.infra.plugins import load_plugin
from aia.llm.model import Model

GROUP = "aia.llm"
DEFAULT_MODELS = {
    "anthropic": "claude-haiku-5-5",
    "openai": "gpt-5.6-luna",
    "google": "gemini-3.8-flash",
    "groq": "openai/gpt-oss-120b",
}


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """What a plugin needs to open a model; the key is not shown when printed."""

    provider: str
    model: str
    key: "Key"
    base_url: str | None
    timeout_s: float


class Key(str):
    """A secret that does not print itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Key(hidden)"


def choose(settings: Settings) -> ModelChoice | None:
    """The model the settings name, else the default of the first provider with a key, else None.

    Raises `Invalid` when AIA_MODEL names a provider without its key.
    """
    keys = _keys(settings)
    if settings.aia_model is None:
        provider = next((p for p in DEFAULT_MODELS if keys.get(p)), None)
        if provider is None:
            return None
        name = DEFAULT_MODELS[provider]
    else:
        provider, colon, name = settings.aia_model.partition(":")
        if not colon or not name:
            raise Invalid(f"AIA_MODEL is {settings.aia_model!r}: write provider:model, like openai:gpt-5.6-luna")
    key = keys.get(provider)
    if not key and not settings.aia_model_base_url:
        wanted = "AZURE_OPENAI_KEY" if provider == "azure" else f"{provider.upper()}_API_KEY"
        raise Invalid(f"AIA_MODEL asks for {provider!r}, but {wanted} is not set")
    base_url = settings.azure_openai_endpoint if provider == "azure" else settings.aia_model_base_url
    return ModelChoice(provider, name, Key(key or "none"), base_url, settings.aia_model_timeout_s)


def open_model(choice: ModelChoice) -> Model:
    """Load the plugin of that provider, and with it the provider's SDK: never before it is needed."""
    factory: Callable[[ModelChoice], Model] = load_plugin(GROUP, choice.provider)
    return factory(choice)


def _keys(settings: Settings) -> dict[str, str | None]:
    secrets = {
        "anthropic": settings.anthropic_api_key,
        "openai": settings.openai_api_key,
        "google": settings.google_api_key,
        "groq": settings.groq_api_key,
        "azure": settings.azure_openai_key,
    }
    return {name: secret.get_secret_value() if secret else None for name, secret in secrets.items()}
