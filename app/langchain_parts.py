"""Quire's chat models as LangChain knows them."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from quire.models.protocols import ChatModel
from quire.records import Message


class QuireChatModel(BaseChatModel):
    """Any `ChatModel` of Quire as a LangChain chat model, streaming."""

    engine: Any
    """A `quire.models.protocols.ChatModel`."""
    max_tokens: int = 256
    temperature: float = 0.0

    @property
    def _llm_type(self) -> str:
        return "quire"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.engine.name}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "quire"
        params["ls_model_name"] = kwargs.get("model", self.engine.name)
        return params

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        cancel: threading.Event | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        engine: ChatModel = self.engine
        generation = engine.stream(
            from_langchain(messages),
            max_tokens=kwargs.get("max_tokens", self.max_tokens),
            stop=stop or (),
            temperature=kwargs.get("temperature", self.temperature),
            cancel=cancel,
        )
        try:
            for text in generation:
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                if run_manager:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
        finally:
            generation.cancel()
        usage = generation.usage
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                chunk_position="last",
                response_metadata={"model_name": engine.name, "finish_reason": generation.finish},
                usage_metadata=UsageMetadata(
                    input_tokens=usage.prompt_tokens,
                    output_tokens=usage.completion_tokens,
                    total_tokens=usage.prompt_tokens + usage.completion_tokens,
                ),
            )
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))


def to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](message.content) for message in messages]


def from_langchain(messages: Sequence[BaseMessage]) -> list[Message]:
    roles = {"system": "system", "human": "user", "ai": "assistant"}
    return [Message(roles.get(m.type, "user"), m.text) for m in messages]  # type: ignore[arg-type]
