"""Quire's chat models as LangChain knows them."""

import functools
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Literal

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda, RunnableMap, RunnablePassthrough
from langchain_core.runnables.config import run_in_executor
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel

from quire.errors import ReplyUnusable, UsageError
from quire.models.engine.watching import WatchedReply, foreign_errors_told
from quire.models.forms import Form, JsonSchema
from quire.models.protocols import (
    CallsTools,
    ChatModel,
    Generation,
    Message,
    Tool,
    ToolCall,
)

# The thoughts of another model are left out; calls stand in `tool_calls` too.
_READ = {"text", "reasoning", "thinking", "tool_call", "tool_use"}
_NO_TOOLS = "The model {model} can be given no tools."


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

    def get_num_tokens(self, text: str) -> int:
        """Tokens of a text, by the model's own vocabulary; LangChain's default would download that
        of GPT-2."""
        return int(self.engine.count_tokens(text))

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """Tokens of a whole prompt, scaffolding included; of tools, those of their schemas."""
        described = "".join(json.dumps(convert_to_openai_tool(tool)) for tool in tools or ())
        tokens = int(self.engine.prompt_tokens(from_langchain(messages)))
        return tokens + (self.get_num_tokens(described) if described else 0)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | bool | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with tools that it may call. `tool_choice` is "auto", "any" (or "required", or
        true) where it must call one, or the name of that which it must call.

        Raises UsageError for a model that can be given none: its template knows no tools.
        """
        engine = self.engine
        if problem := engine.tools_problem if isinstance(engine, CallsTools) else _NO_TOOLS:
            raise UsageError(
                problem.format(model=engine.name),
                hint="Choose a model that was trained to call tools.",
            )
        described = [convert_to_openai_tool(tool) for tool in tools]
        chosen = _choice(tool_choice, [each["function"]["name"] for each in described])
        return self.bind(tools=described, tool_choice=chosen, **kwargs)

    def get_token_ids(self, text: str) -> list[int]:
        """Only with a `custom_get_token_ids`: an engine counts tokens, and does not number them."""
        if self.custom_get_token_ids is None:
            raise UsageError(
                f"The model {self.engine.name} counts tokens, and does not number them.",
                hint="Use get_num_tokens.",
            )
        return self.custom_get_token_ids(text)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        keep_unusable: bool = False,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        """With `keep_unusable` a reply that is none ends well, and `response_metadata` holds the
        `problem`."""
        generation = self._begin(messages, stop, **kwargs)
        problem = ""
        try:
            for text in generation:
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                if run_manager:
                    run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
        except ReplyUnusable as error:
            if not keep_unusable:
                raise
            problem = error.message
        finally:
            generation.cancel()
        yield self._end(generation, problem)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        *,
        keep_unusable: bool = False,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        """The same in threads: a task that is cancelled leaves, and so stops the model, at once.
        LangChain's default would wait for the next piece."""
        begin = functools.partial(self._begin, messages, stop, **kwargs)
        generation = await run_in_executor(None, begin)
        problem = ""
        try:
            while (text := await run_in_executor(None, next, generation, None)) is not None:
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
                if run_manager:
                    await run_manager.on_llm_new_token(text, chunk=chunk)
                yield chunk
        except ReplyUnusable as error:
            if not keep_unusable:
                raise
            problem = error.message
        finally:
            generation.cancel()
        yield self._end(generation, problem)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _begin(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None,
        *,
        cancel: threading.Event | None = None,
        form: Form | None = None,
        until_loop: bool = False,
        tools: Sequence[dict[str, Any]] = (),
        tool_choice: str = "auto",
        **kwargs: Any,
    ) -> WatchedReply:
        engine: ChatModel = self.engine
        asked = from_langchain(messages)
        generation: Generation
        if tools and isinstance(engine, CallsTools):
            with foreign_errors_told(engine):
                generation = engine.call(
                    asked,
                    tools=[as_tool(tool) for tool in tools],
                    choice=tool_choice,
                    max_tokens=kwargs.get("max_tokens", self.max_tokens),
                    stop=stop or (),
                    temperature=kwargs.get("temperature", self.temperature),
                    cancel=cancel,
                )
            return WatchedReply(generation, model=engine, until_loop=until_loop)
        with foreign_errors_told(engine):
            generation = engine.stream(
                told_form(asked, form) if isinstance(form, JsonSchema) else asked,
                max_tokens=kwargs.get("max_tokens", self.max_tokens),
                stop=stop or (),
                temperature=kwargs.get("temperature", self.temperature),
                cancel=cancel,
                form=form,
            )
        return WatchedReply(generation, model=engine, until_loop=until_loop)

    def _end(self, generation: WatchedReply, problem: str) -> ChatGenerationChunk:
        usage = generation.usage
        return ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                chunk_position="last",
                tool_call_chunks=[
                    tool_call_chunk(name=call.name, args=call.arguments, id=call.id, index=at)
                    for at, call in enumerate(generation.calls)
                ],
                response_metadata={
                    "model_name": self.engine.name,
                    "finish_reason": generation.finish,
                    **({"problem": problem} if problem else {}),
                },
                usage_metadata=UsageMetadata(
                    input_tokens=usage.prompt_tokens,
                    output_tokens=usage.completion_tokens,
                    total_tokens=usage.prompt_tokens + usage.completion_tokens,
                ),
            )
        )

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        *,
        method: Literal["json_schema", "json_mode", "function_calling"] = "json_schema",
        include_raw: bool = False,
        strict: bool | None = None,  # noqa: ARG002  it always is
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Replies as objects of a Pydantic class, or as dictionaries that fit a JSON schema or a
        TypedDict.

        By each `method` the model is told the schema and held to it by a grammar; a reply that does
        not fit, because it was cut short, raises ReplyUnusable, or with `include_raw` is there with
        its `parsing_error`. Raises UsageError for a schema that cannot be.
        """
        if method not in ("json_schema", "json_mode", "function_calling") or kwargs:
            raise ValueError(f"Not supported: {kwargs or method!r}")
        told = described = convert_to_json_schema(schema)
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            own = schema.model_json_schema()
            # LangChain's conversion has no definitions, and so loses what refers to itself.
            told = own if "$defs" in own else described
        model = self.bind(
            form=JsonSchema(told),
            keep_unusable=include_raw,
            ls_structured_output_format={"kwargs": {"method": method}, "schema": described},
        )
        parser: Runnable[Any, Any] = JsonOutputParser()
        if isinstance(schema, type) and is_basemodel_subclass(schema):
            parser = PydanticOutputParser[Any](pydantic_object=schema)
        if not include_raw:
            return model | parser

        def parse(found: dict[str, Any]) -> Any:
            if problem := found["raw"].response_metadata.get("problem"):
                raise ReplyUnusable(problem)
            return parser.invoke(found["raw"])

        parsed = RunnablePassthrough.assign(parsed=parse, parsing_error=lambda _: None)
        failed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=model) | parsed.with_fallbacks(
            [failed], exception_key="parsing_error"
        )


def told_form(messages: Sequence[Message], form: JsonSchema) -> list[Message]:
    """The messages with the schema of the reply before them: a grammar keeps a model from writing
    anything else, and does not tell it what its fields mean."""
    told = f"Reply with one JSON object that fits this schema:\n{form.text}"
    if messages and messages[0].role == "system":
        return [Message("system", f"{messages[0].content}\n\n{told}"), *messages[1:]]
    return [Message("system", told), *messages]


Prompted = Runnable[Any, BaseMessage]
"""A model that has its prompt: to be streamed, whatever it is given."""


def prompted(
    model: ChatModel,
    messages: Sequence[Message],
    *,
    max_tokens: int,
    temperature: float,
    cancel: threading.Event,
) -> Prompted:
    """A model with its prompt, and with what a reply is ended by: `max_tokens`, `cancel`, and that
    it says the same over and over."""
    chat = QuireChatModel(engine=model, max_tokens=max_tokens, temperature=temperature)
    given = to_langchain(messages)
    return RunnableLambda(lambda _: given) | chat.bind(cancel=cancel, until_loop=True)


def to_langchain(messages: Sequence[Message]) -> list[BaseMessage]:
    kinds = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [kinds[message.role](message.content) for message in messages]


def from_langchain(messages: Sequence[BaseMessage]) -> list[Message]:
    """Raises UsageError for what is no text: a model that does not see it would answer all the
    same."""
    for message in messages:
        for block in message.content:
            kind = block.get("type", "unknown") if isinstance(block, dict) else "text"
            if kind not in _READ:
                raise UsageError(
                    f"A message holds something of the type {kind!r}, and the models of Quire read "
                    "text only.",
                    hint="Put what it says into words.",
                )
    return [_from_langchain(message) for message in messages]


def _from_langchain(message: BaseMessage) -> Message:
    if isinstance(message, ToolMessage):
        return Message("tool", message.text, answers=message.tool_call_id)
    if isinstance(message, AIMessage):
        calls = tuple(
            ToolCall(
                call["id"] or "",
                call["name"],
                json.dumps(call["args"], ensure_ascii=False),
            )
            for call in message.tool_calls
        )
        return Message("assistant", message.text, calls=calls)
    return Message("system" if message.type == "system" else "user", message.text)


def as_tool(described: dict[str, Any]) -> Tool:
    """A tool that is described in OpenAI's language."""
    function = described["function"]
    nothing = {"type": "object", "properties": {}}
    return Tool(
        function["name"], function.get("description", ""), function.get("parameters") or nothing
    )


def _choice(wanted: str | bool | dict[str, Any] | None, names: Sequence[str]) -> str:
    """A tool choice as `CallsTools.call` has it."""
    if isinstance(wanted, dict):
        wanted = wanted.get("function", {}).get("name", "any")
    if wanted in (None, False, "auto"):
        return "auto"
    if wanted in (True, "any", "required"):
        return "any"
    if wanted not in names:
        raise UsageError(
            f"There is no tool {wanted!r} to call.", hint=f"There are: {', '.join(names)}"
        )
    return str(wanted)
