"""LangChain's own tests of a chat model, and what they leave out, on the starter model."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from quire.langchain_parts import QuireChatModel
from quire.models.fakes import FakeChatModel, FakeReply
from quire.models.llama import LlamaEngine
from quire.models.starter import CHAT
from quire.records import Message

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
        return False


class TestWithTheStarterModel(ChatModelIntegrationTests):
    _engine: LlamaEngine

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def engine(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        assert CHAT.path is not None
        verdicts = tmp_path_factory.getbasetemp() / "verdicts.json"
        with LlamaEngine(CHAT.path, verdicts=verdicts) as cls._engine:
            yield

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return QuireChatModel

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"engine": self._engine, "max_tokens": 24}

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False


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
