"""The server by the words of other people's clients: the examples of OpenAI's README, word for
word, and LangChain's chat model and embeddings."""

import gc
import re
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

import serving
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

REPLY = "The lease ends on 31 March 2029 [1]. Elephants are fed twice by the mayor of Rome [1]."
NEEDS_MORE = (
    *("workload_identity", "image", "Aio", "websocket", "realtime", "webhook", "tools", "Azure"),
    *("files", "fine_tuning", "provider", "bedrock", "json_object"),
)
"""What examples need that no answer from documents has."""


def is_whole(code: str) -> bool:
    """Whether it runs by itself, and is not the inside of a function."""
    try:
        compile(code, "README of openai", "exec")
    except SyntaxError:
        return False
    return bool(re.match(r"(import|from) ", code))


def examples() -> list[str]:
    """Those of the installed client's README that ask for an answer and stand by themselves."""
    readme = str(metadata("openai").get_payload() or metadata("openai")["Description"])
    return [
        code
        for code in re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
        if is_whole(code)
        and re.search(r"(responses|chat\.completions)\.create\(", code)
        and not any(word in code for word in NEEDS_MORE)
    ]


EXAMPLES = examples()
# Of OpenAI's guides to streaming chats and to embeddings.
STREAMED = """
from openai import OpenAI
client = OpenAI()

stream = client.chat.completions.create(
    model="MODEL",
    messages=[
        {
            "role": "user",
            "content": "Say 'double bubble bath' ten times fast.",
        },
    ],
    stream=True,
)

for chunk in stream:
    print(chunk)
    print(chunk.choices[0].delta)
    print("****************")
"""
EMBEDDED = """
from openai import OpenAI
client = OpenAI()

response = client.embeddings.create(
    input="Your text string goes here",
    model="MODEL"
)

print(response.data[0].embedding)
"""


@pytest.fixture
def address(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A server whose knowledge base has the name that the example asks for."""
    name = getattr(request, "param", "kb")
    with (
        serving.served(tmp_path, lambda messages: REPLY, name=name) as served,
        serving.listening_server(served) as found,
    ):
        yield found


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("code", [*EXAMPLES, STREAMED, EMBEDDED], ids=lambda code: code[:0])
def test_openais_examples_run_word_for_word(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (name,) = set(re.findall(r'model="([^"]+)"', code))
    with (
        serving.served(tmp_path, lambda messages: REPLY, name=name) as served,
        serving.listening_server(served) as address,
    ):
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", serving.KEY)
        exec(compile(code, "README of openai", "exec"), {"__name__": "__main__"})
        gc.collect()  # the examples leave their clients open
    printed = capsys.readouterr().out
    if "print(" in code:
        assert printed.strip()


def chat(address: str, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        base_url=f"{address}/v1", api_key=serving.KEY, model="kb", max_retries=0, **options
    )


@pytest.mark.parametrize("responses", [False, True])
def test_langchains_chat_model_asks_and_streams(address: str, responses: bool) -> None:
    model = chat(address, use_responses_api=responses)
    conversation = [
        SystemMessage("Be brief."),
        HumanMessage("When must the deposit for the East Dome be paid?"),
        AIMessage("Before the keys are handed over."),
        HumanMessage("And when does it end?"),
    ]
    whole = model.invoke(conversation)
    assert "31 March 2029" in whole.text
    assert "mayor of Rome. (not found in the sources)" in whole.text
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] > 0
    pieces = list(model.stream(conversation))
    assert len(pieces) > 2
    assert "".join(piece.text for piece in pieces) == whole.text


def test_langchains_embeddings_are_those_of_the_knowledge_base(address: str) -> None:
    embeddings = OpenAIEmbeddings(
        base_url=f"{address}/v1", api_key=serving.KEY, model="kb", check_embedding_ctx_length=False
    )
    texts = ["He is ill.", "黄金"]
    found = np.array(embeddings.embed_documents(texts), np.float32)
    assert np.array_equal(found, FakeEmbedder().embed_passages(texts))
    assert len(embeddings.embed_query("ill")) == 32
