"""Language models: text from a prompt, and vectors from texts.

    from spin_sdk import llm

    answer = llm.infer("llama2-chat", "Why is the sky blue?")
    print(answer.text, answer.usage.generated_token_count)

The manifest must name the model, `ai_models = ["llama2-chat"]`, and the runtime configuration a service that has it:

    [llm_compute]
    type = "remote_http"
    url = "http://127.0.0.1:8080"
    auth_token = "..."
    api_type = "open_ai"    # or "default", Spin's own

All failures raise `spin_sdk.wit.types.Err`, whose `value` says which one it is: `Error_InvalidInput` (the component may
not use the model, or a parameter has no meaning), `Error_ModelNotSupported` (the service does not have it), or
`Error_RuntimeError` with the reason: no service is configured, it cannot be reached, or its answer is not one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from spin_sdk.wit.imports import llm as spin_llm
from spin_sdk.wit.imports.llm import (
    EmbeddingsResult,
    EmbeddingsUsage,
    Error,
    Error_InvalidInput,
    Error_ModelNotSupported,
    Error_RuntimeError,
    InferencingResult,
    InferencingUsage,
)

__all__ = [
    "EmbeddingsResult",
    "EmbeddingsUsage",
    "Error",
    "Error_InvalidInput",
    "Error_ModelNotSupported",
    "Error_RuntimeError",
    "InferencingParams",
    "InferencingResult",
    "InferencingUsage",
    "generate_embeddings",
    "infer",
    "infer_with_options",
]


@dataclass
class InferencingParams:
    """How text is made. A service may not know all of these: `open_ai` takes the first two."""

    max_tokens: int = 100
    """The length of the text, at most, in tokens."""
    repeat_penalty: float = 1.1
    """How much tokens that were used before are avoided."""
    repeat_penalty_last_n_token_count: int = 64
    """How many of the last tokens that concerns."""
    temperature: float = 0.8
    """How freely tokens are chosen: 0 always takes the most likely one."""
    top_k: int = 40
    """Chooses among so many of the most likely tokens."""
    top_p: float = 0.9
    """Chooses among the most likely tokens that together have this probability, 0 to 1."""


def generate_embeddings(model: str, text: Sequence[str]) -> EmbeddingsResult:
    """Makes a vector of each text.

    The result's `embeddings` has a list of floats for each text, in order, and `usage.prompt_token_count` how many tokens
    were read.

    Raises `spin_sdk.wit.types.Err`; see the module.
    """
    return spin_llm.generate_embeddings(model, list(text))


def infer_with_options(model: str, prompt: str, options: Optional[InferencingParams]) -> InferencingResult:
    """Continues a prompt, as `options` say; None means the defaults of `InferencingParams`.

    The result's `text` is what the model says, `usage.prompt_token_count` and `usage.generated_token_count` are how many
    tokens it read and made.

    Raises `spin_sdk.wit.types.Err`; see the module.
    """
    given = options or InferencingParams()
    params = spin_llm.InferencingParams(
        given.max_tokens,
        given.repeat_penalty,
        given.repeat_penalty_last_n_token_count,
        given.temperature,
        given.top_k,
        given.top_p,
    )
    return spin_llm.infer(model, prompt, params)


def infer(model: str, prompt: str) -> InferencingResult:
    """Continues a prompt with the defaults of `InferencingParams`.

    Raises `spin_sdk.wit.types.Err`; see the module.
    """
    return infer_with_options(model, prompt, None)
