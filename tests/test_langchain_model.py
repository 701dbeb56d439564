"""LangChain's own tests of a chat model, and what they leave out, on the starter model.

Of LangChain's tests these are skipped, by themselves, for these reasons:

- Tools (calling, choosing and returning them, agents, tool messages): a model of Quire reads
  documents of strangers, and is given no tools that these could misuse.
- Pictures, sound and PDF as input: the models read text.
- Another model named in the call (`model_override_value`): an engine is one loaded file.
- Settings from the environment (`init_from_env_params`): `quire.Settings` reads it, not the model.
- Serialization (the `snapshot` fixture): it would write down a path or an address, and LangChain's
  loader is not used here.
- Recorded network traffic (the `vcr` fixture): there is none.
- Messages in the shape of Anthropic's interface: not what this is.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, trim_messages
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests
from pydantic import BaseModel

from quire.answering.langchain_model import QuireChatModel
from quire.errors import ModelError, ReplyUnusable, UsageError
from quire.models.engine.llama import LlamaEngine
from quire.models.fakes import FakeChatModel, FakeReply
from quire.models.forms import Form, JsonSchema
from quire.models.protocols import Generation, Message

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
        return {"engine": FakeChatModel("It ends in May.")}

    @property
    def has_tool_calling(self) -> bool:
        return False

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
    with pytest.raises(UsageError, match="no tools"):
        model.get_num_tokens_from_messages(asked, tools=[len])
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
