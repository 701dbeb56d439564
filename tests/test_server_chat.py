"""The server as OpenAI's client sees it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest

import serving
from quire.models.fakes import FakeEmbedder

pytestmark = pytest.mark.usefixtures("parser_here")

REPLY = (
    "The lease ends on 31 March 2029 [1]. The rent is 1,250 euros a month [1].\n\n"
    "- The deposit is 3,600 euros [1]\n- Elephants are fed twice by the mayor of Rome [1]\n"
)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """OpenAI's client of a real server, whose model replies as `replies` says."""
    with (
        serving.served(tmp_path, lambda messages: REPLY) as served,
        serving.listening_server(served) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key=serving.KEY, max_retries=0) as client,
    ):
        client.served = served  # type: ignore[attr-defined]
        yield client


def ask(client: Any, question: str = "What are the terms?", **options: Any) -> Any:
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="kb", messages=messages, **options)


def test_an_answer_has_its_proof_where_clients_look_for_it(client: Any) -> None:
    answer = ask(client)
    (choice,) = answer.choices
    assert choice.finish_reason == "stop"
    text = choice.message.content
    assert "The lease ends on 31 March 2029. " in text
    assert "1,250 euros a month. (contradicted: the source says “The rent is 1,200" in text
    assert "mayor of Rome (not found in the sources)" in text
    assert answer.usage.completion_tokens > 10
    first = choice.message.annotations[0].url_citation
    assert text[first.start_index : first.end_index] == "The lease ends on 31 March 2029."
    assert first.title == "lease.md"
    cited = answer.citations[0]
    assert "31 March 2029" in cited["quote"]
    assert (cited["document"], cited["page"], cited["support"]) == ("lease.md", None, "supported")
    assert [each["support"] for each in answer.quire["sentences"]] == [
        "supported",
        "contradicted",
        "supported",
        "unsupported",
    ]


def test_a_stream_gives_the_same_text_and_proof_as_they_come(client: Any) -> None:
    whole = ask(client)
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    texts = [delta.content for delta in deltas if delta.content]
    assert "".join(texts) == whole.choices[0].message.content
    assert len(texts) >= 3
    annotations = [each for delta in deltas for each in getattr(delta, "annotations", None) or []]
    assert annotations == [each.model_dump() for each in whole.choices[0].message.annotations]
    assert chunks[-1].usage == whole.usage
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-2].citations == whole.citations


def test_marks_can_be_left_out_and_sources_listed(client: Any) -> None:
    bare = ask(client, extra_body={"quire": {"marks": False}}).choices[0].message.content
    assert "(" not in bare
    listed = ask(client, extra_body={"quire": {"sources": True}}).choices[0].message.content
    assert "31 March 2029. [1] The rent" in listed
    assert listed.endswith("\n\nSources:\n[1] lease.md")


def test_what_was_said_before_is_the_memory(client: Any) -> None:
    answer = client.chat.completions.create(
        model="kb",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": "When must the deposit for the East Dome be paid?"},
            {"role": "assistant", "content": "Before the keys are handed over. [1]"},
            {"role": "user", "content": [{"type": "text", "text": "And how much is it?"}]},
        ],
    )
    assert answer.quire["standalone_question"] == "And how much is it? (deposit East Dome paid)"


def test_a_longest_answer_ends_it(client: Any) -> None:
    answer = ask(client, max_tokens=8)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 8


def test_knowledge_bases_are_the_models(client: Any) -> None:
    assert [model.id for model in client.models.list()] == ["kb"]
    assert client.models.retrieve("kb").owned_by == "quire"
    with pytest.raises(openai.NotFoundError, match=r"called .gpt.*Here are: kb"):
        client.models.retrieve("gpt")


def test_a_wrong_key_is_told(client: Any) -> None:
    with pytest.raises(openai.AuthenticationError, match="key is missing or wrong"):
        ask(client.with_options(api_key="sk-wrong"))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"n": 2}, "n"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 10**9}, "max_tokens"),
        ({"temperature": 9}, "temperature"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"extra_body": {"quire": {"mark": True}}}, "quire.mark"),
    ],
)
def test_what_cannot_be_is_named(client: Any, options: Any, field: str) -> None:
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        ask(client, **options)
    assert refused.value.param == field


# -- responses -----------------------------------------------------------------------------------


def test_a_response_has_its_citations_in_the_text(client: Any) -> None:
    response = client.responses.create(model="kb", input="What are the terms?")
    assert response.status == "completed"
    text = response.output_text
    assert "mayor of Rome (not found in the sources)" in text
    first = response.output[0].content[0].annotations[0]
    assert (first.type, first.filename) == ("file_citation", "lease.md")
    assert text[first.start_index : first.end_index] == "The lease ends on 31 March 2029."
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    assert response.citations[0]["document"] == "lease.md"


def test_a_response_is_streamed_in_the_events_that_clients_know(client: Any) -> None:
    whole = client.responses.create(model="kb", input="What are the terms?")
    with client.responses.stream(
        model="kb", input=[{"role": "user", "content": "What are the terms?"}]
    ) as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert response.output_text == whole.output_text
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.output_text.delta") >= 3
    annotations = response.output[0].content[0].annotations
    assert kinds.count("response.output_text.annotation.added") == len(annotations) > 0


def test_a_response_that_would_have_to_be_kept_is_refused(client: Any) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="send the earlier messages"):
        client.responses.create(model="kb", input="And?", previous_response_id="resp_1")


def test_a_response_in_another_form_than_text_is_refused(client: Any) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match="no other form") as refused:
        client.responses.create(model="kb", input="?", text={"format": {"type": "json_object"}})
    assert refused.value.param == "text.format"
    plain = client.responses.create(model="kb", input="?", text={"format": {"type": "text"}})
    assert plain.status == "completed"


def test_a_response_is_incomplete_where_its_tokens_are_used_up(client: Any) -> None:
    response = client.responses.create(model="kb", input="What are the terms?", max_output_tokens=8)
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"


# -- embeddings ----------------------------------------------------------------------------------


def test_vectors_are_those_of_the_knowledge_base(client: Any) -> None:
    texts = ["He is ill.", "黄金"]
    packed = client.embeddings.create(model="kb", input=texts)  # the client asks for base64
    plain = client.embeddings.create(model="kb", input=texts, encoding_format="float")
    expected = FakeEmbedder().embed_passages(texts)
    for response in (packed, plain):
        found = np.array([each.embedding for each in response.data], np.float32)
        assert np.array_equal(found, expected)
    assert packed.usage.prompt_tokens == 6
    asked = client.embeddings.create(model="kb", input="ill", extra_body={"input_type": "query"})
    assert len(asked.data) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"input": "word " * 300}, "Text 1 has 300 tokens, and the embedding model reads 254"),
        ({"input": "a", "dimensions": 7}, "32 dimensions"),
        ({"input": []}, "input"),
        ({"input": [[1, 2, 3]]}, "input"),
        ({"input": ["a"] * 600}, "input"),
    ],
)
def test_what_cannot_be_embedded_is_told(client: Any, options: Any, said: str) -> None:
    with pytest.raises(openai.UnprocessableEntityError, match=said):
        client.embeddings.create(model="kb", **options)
