"""LangChain's own tests of a chat model, and what they leave out, on the starter model.

Of LangChain's tests these are skipped, by themselves, for these reasons:

- Tools, with the starter model alone: its chat template knows none, and it is refused them in a
  sentence. A stand-in that writes what a model writes which was trained for tools has all of them.
- Replies in a form, with that stand-in alone: the starter model has them.
- Pictures, sound and PDF as input: the models read text.
- Another model named in the call (`model_override_value`): an engine is one loaded file.
- Settings from the environment (`init_from_env_params`): `quire.Settings` reads it, not the model.
- Serialization (the `snapshot` fixture): it would write down a path or an address, and LangChain's
  loader is not used here.
- Recorded network traffic (the `vcr` fixture): there is none.
- Messages in the shape of Anthropic's interface: not what this is.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage, trim_messages
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel

from quire.answering.langchain_model import QuireChatModel
from quire.errors import ModelError, ReplyUnusable, UsageError
from quire.models.engine.llama import LlamaEngine
from quire.models.engine.tool_calls import CallingReply
from quire.models.fakes import FakeChatModel, FakeReply, FakeToolCaller
from quire.models.forms import Form, JsonSchema
from quire.models.protocols import Generation, Message, Tool

# Asynchronous tests run by anyio, which comes with LangChain.
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def benchmark() -> Callable[[Callable[[], None]], None]:
    """Runs what is to be timed, once: that it works is enough here."""
    return lambda run: run()


@pytest.fixture
def snapshot() -> None:
    pytest.skip("the model is not serializable")


@pytest.fixture
def vcr() -> None:
    pytest.skip("nothing goes over the network")


class TestAsAnyChatModel(ChatModelUnitTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuireChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"engine": FakeToolCaller(["It ends in May."])}

    @property
    def has_structured_output(self) -> bool:
        return True


class Brief:
    """An engine whose texts within a form are short, so that every form comes to its end."""

    def __init__(self, engine: LlamaEngine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def stream(
        self, messages: Sequence[Message], *, form: Form | None = None, **options: Any
    ) -> Generation:
        if isinstance(form, JsonSchema):
            form = JsonSchema(brief(form.schema))
        return self._engine.stream(messages, form=form, **options)


def brief(schema: Any) -> Any:
    """A schema with an end to each of its texts."""
    match schema:
        case {"type": "string", **rest} if "enum" not in rest:
            return {**schema, "maxLength": 20}
        case dict():
            return {name: brief(inner) for name, inner in schema.items()}
        case list():
            return [brief(inner) for inner in schema]
        case _:
            return schema


class TestWithTheStarterModel(ChatModelIntegrationTests):
    _engine: LlamaEngine

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def lent(cls, engine: LlamaEngine) -> None:
        cls._engine = engine

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuireChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"engine": Brief(self._engine), "max_tokens": 24}

    @pytest.fixture
    def model(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> BaseChatModel:
        """A reply in a form needs room for all of it; another one does not end by itself."""
        formed = "structured" in request.node.name or "json" in request.node.name
        if not formed:
            monkeypatch.setattr(self._engine._runtime, "ends_reply", lambda _: False)
        return QuireChatModel(**self.chat_model_params | {"max_tokens": 600 if formed else 24})

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return True


class Obliging(FakeChatModel):
    """Writes a call of the first tool with what the question names, in the form that most models
    have learned, and in the turn after it what the tool gave."""

    tools_problem = ""

    def __init__(self) -> None:
        super().__init__(lambda messages: f"That is {messages[-1].content}.")

    def call(
        self,
        messages: Sequence[Message],
        *,
        tools: Sequence[Tool],
        choice: str = "auto",
        **options: Any,
    ) -> CallingReply:
        last = messages[-1]
        if last.role != "user" or ("three" in last.content and choice == "auto"):
            return CallingReply(self.stream(messages, **options), ())
        chosen = next((tool for tool in tools if tool.name == choice), tools[0])
        arguments = {
            name: int("".join(filter(str.isdigit, last.content)) or 3)
            if described.get("type") == "integer"
            else last.content
            for name, described in chosen.parameters["properties"].items()
        }
        call = json.dumps({"name": chosen.name, "arguments": arguments}, ensure_ascii=False)
        reply = FakeChatModel(f"I look.\n<tool_call>\n{call}\n</tool_call>")
        return CallingReply(reply.stream(messages, max_tokens=999), {chosen.name})


class TestWithAModelThatCallsTools(ChatModelIntegrationTests):
    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuireChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"engine": Obliging()}

    @property
    def has_structured_output(self) -> bool:
        return False  # tried with a real model above


class Part(BaseModel):
    name: str
    parts: list["Part"] = []


def test_leaving_a_stream_stops_the_model() -> None:
    replies = []

    class Watched(FakeChatModel):
        def stream(self, *args: Any, **kwargs: Any) -> FakeReply:
            replies.append(super().stream(*args, **kwargs))
            return replies[-1]

    stream = QuireChatModel(engine=Watched("It ends in May.")).stream("When?")
    assert next(stream).text == "It"
    stream.close()  # type: ignore[attr-defined]
    assert replies[0].finish == "cancelled"


@pytest.mark.parametrize("way", ["ainvoke", "astream"])
async def test_cancelling_a_task_stops_the_model_before_its_next_piece(way: str) -> None:
    begun, left = threading.Event(), threading.Event()
    heard = []  # whether somebody left before the next piece

    class Slow(FakeReply):
        """Reads its prompt until somebody leaves."""

        def __next__(self) -> str:
            begun.set()
            heard.append(left.wait(60))
            return super().__next__()

        def cancel(self) -> None:
            super().cancel()
            left.set()

    class SlowModel(FakeChatModel):
        def stream(self, *_: Any, **__: Any) -> FakeReply:
            return Slow("It ends.", prompt_tokens=2, max_tokens=9, cancel=None)

    async def ask() -> None:
        model = QuireChatModel(engine=SlowModel(""))
        if way == "ainvoke":
            await model.ainvoke("When?")
        else:
            async for _ in model.astream("When?"):
                pass

    task = asyncio.create_task(ask())
    await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left.is_set()
    assert False not in heard


async def test_an_answer_awaited_is_the_answer_invoked() -> None:
    model = QuireChatModel(engine=FakeChatModel("It ends in May."))
    awaited = await model.ainvoke("When?")
    assert awaited.text == "It ends in May."
    assert awaited.usage_metadata == model.invoke("When?").usage_metadata


def test_tokens_are_counted_by_the_model_and_nothing_is_fetched_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(arguments)
        raise PermissionError

    for way_out in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, way_out, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    model = QuireChatModel(engine=FakeChatModel("It ends in May."))
    assert model.get_num_tokens("When does it end?") == 5
    asked = [HumanMessage("When?"), HumanMessage("And why?")]
    assert model.get_num_tokens_from_messages(asked) == 2 + 3 + 3 + 3
    assert trim_messages(asked, token_counter=model, max_tokens=6) == asked[1:]
    with pytest.raises(UsageError, match="does not number them"):
        model.get_token_ids("When?")
    assert model.get_num_tokens_from_messages(asked, tools=[Part]) > 50
    model = QuireChatModel(engine=model.engine, custom_get_token_ids=lambda text: [len(text)])
    assert model.get_token_ids("When?") == [5]
    assert not tried


def test_messages_reach_the_model_with_their_roles_and_text() -> None:
    model = FakeChatModel("In May.")
    QuireChatModel(engine=model).invoke(
        [("system", "Be brief."), ("user", [{"type": "text", "text": "When?"}]), ("ai", "Soon.")]
    )
    assert model.asked == [
        (
            Message("system", "Be brief."),
            Message("user", "When?"),
            Message("assistant", "Soon."),
        )
    ]


def test_the_last_chunk_of_a_stream_tells_usage_and_why_it_ended() -> None:
    *_, last = QuireChatModel(engine=FakeChatModel("It ends in May."), max_tokens=2).stream("When?")
    assert last.usage_metadata == {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}
    assert last.response_metadata["finish_reason"] == "length"


def test_a_reply_without_its_form_is_an_error_unless_the_raw_reply_is_asked_for() -> None:
    schema = {"title": "Day", "type": "object", "properties": {"day": {"type": "integer"}}}
    model = QuireChatModel(engine=FakeChatModel("In May."))
    with pytest.raises(ModelError, match="no JSON"):
        model.with_structured_output(schema).invoke("When?")
    model = QuireChatModel(engine=FakeChatModel('{"day": 31}'))
    found = model.with_structured_output(schema, include_raw=True).invoke("When?")
    assert isinstance(found, dict)
    assert (found["parsed"], found["parsing_error"]) == ({"day": 31}, None)
    assert found["raw"].text == '{"day": 31}'


@pytest.mark.parametrize("reply", ['{"name": "wheel"', "In May.", '{"name": 5}'])
async def test_with_the_raw_reply_an_unfit_one_is_told_and_not_raised(reply: str) -> None:
    model = QuireChatModel(engine=FakeChatModel(reply)).with_structured_output(
        Part, include_raw=True
    )
    for found in (model.invoke("What?"), await model.ainvoke("What?")):
        assert isinstance(found, dict)
        assert found["raw"].text == reply
        assert found["parsed"] is None
        assert isinstance(found["parsing_error"], ReplyUnusable)


def test_a_class_may_refer_to_itself() -> None:
    engine = FakeChatModel('{"name": "car", "parts": [{"name": "wheel"}]}')
    found = QuireChatModel(engine=engine).with_structured_output(Part).invoke("What?")
    assert found == Part(name="car", parts=[Part(name="wheel")])
    assert '"$ref": "#/$defs/Part"' in engine.asked[0][0].content


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "file", "base64": "AAAA", "mime_type": "application/pdf"},
    ],
)
def test_what_is_no_text_is_refused(block: dict[str, Any]) -> None:
    engine = FakeChatModel("A cat.")
    with pytest.raises(UsageError, match=f"{block['type']}.*text only"):
        QuireChatModel(engine=engine).invoke([HumanMessage(["What is this?", block])])
    assert engine.asked == []


def test_the_schema_is_told_to_the_model_in_its_system_message() -> None:
    engine = FakeChatModel('{"day": 31}')
    model = QuireChatModel(engine=engine).with_structured_output(
        {"title": "Day", "type": "object", "properties": {"day": {"description": "of the month"}}}
    )
    model.invoke([("system", "Be brief."), ("user", "When?")])
    (told, asked) = engine.asked[0]
    assert told.content.startswith("Be brief.\n\nReply with one JSON object")
    assert "of the month" in told.content
    assert asked == Message("user", "When?")


def test_a_model_whose_template_knows_no_tools_is_refused_them(engine: LlamaEngine) -> None:
    with pytest.raises(UsageError, match="starter knows no tools"):
        QuireChatModel(engine=engine).bind_tools([Part])
    with pytest.raises(UsageError, match="fake can be given no tools"):
        QuireChatModel(engine=FakeChatModel("")).bind_tools([Part])


def test_calls_stand_beside_the_text_and_go_back_to_the_model_with_what_they_gave() -> None:
    engine = FakeToolCaller([[("add", {"a": 1}), ("add", '{"a": ')], "2"])
    model = QuireChatModel(engine=engine).bind_tools([Part], tool_choice="Part")
    asked = model.invoke("1 + 1?")
    assert [(call["name"], call["args"]) for call in asked.tool_calls] == [
        ("add", {"a": 1}),
        ("add", {}),
    ]
    given = ToolMessage("2", tool_call_id=asked.tool_calls[0]["id"])
    assert model.invoke([("user", "1 + 1?"), asked, given]).text == "2"
    _, said, told = engine.asked[-1]
    assert [call.name for call in said.calls] == ["add", "add"]
    assert (told.role, told.content, told.answers) == ("tool", "2", said.calls[0].id)
    with pytest.raises(UsageError, match="no tool 'other'"):
        QuireChatModel(engine=engine).bind_tools([Part], tool_choice="other")
