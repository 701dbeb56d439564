"""What OpenAI's clients ask for a chat with, as far as it means something here.

Of the many fields that they know, those that mean nothing here are ignored, as other servers do;
one that would change what the answer is (several answers, another form, tools that must be called)
is refused.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from quire.server import limits
from quire.server.errors import Refused
from quire.server.marked_text import Marking


class TextPart(BaseModel):
    """A part of a message. Pictures, sounds and files cannot be asked about."""

    type: Literal["text", "input_text", "output_text"]
    text: Annotated[str, Field(max_length=limits.QUESTION_CHARACTERS)]


Content = (
    Annotated[str, Field(max_length=limits.QUESTION_CHARACTERS)]
    | Annotated[list[TextPart], Field(max_length=limits.PARTS)]
    | None
)


def said(content: Content) -> str:
    """The text of a message."""
    if isinstance(content, list):
        return "\n".join(part.text for part in content)
    return content or ""


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = None


class Options(BaseModel):
    """What is Quire's own, in the field `quire`."""

    model_config = ConfigDict(extra="forbid")

    marks: bool = Field(
        default=True, description="Mark statements that are not found or contradicted, in words."
    )
    sources: bool = Field(
        default=False, description="Write the numbers of the sources into the text, and list them."
    )

    @property
    def marking(self) -> Marking:
        return Marking(words=self.marks, sources=self.sources)


class StreamOptions(BaseModel):
    include_usage: bool = False


Tokens = Annotated[int, Field(ge=1, le=limits.ANSWER_TOKENS)]


class ChatRequest(BaseModel):
    """A chat completion. The messages before the last are the conversation's memory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "default",
                    "messages": [{"role": "user", "content": "When does the lease end?"}],
                    "stream": False,
                }
            ]
        }
    )

    model: Annotated[str, Field(max_length=200, description="The name of a knowledge base.")]
    messages: Annotated[list[Message], Field(min_length=1, max_length=limits.MESSAGES)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    n: int | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    response_format: dict[str, Any] | None = None
    tool_choice: Any = None
    logprobs: bool | None = None
    quire: Options = Options()

    @property
    def tokens(self) -> int | None:
        """The most tokens that are to be written, where that is told."""
        return self.max_completion_tokens or self.max_tokens

    def require_possible(self) -> None:
        """Raises Refused for what would change the answer, and cannot be."""
        if self.n not in {None, 1}:
            raise _impossible("n", "There is one answer to a question.", "Leave n out.")
        require_text(self.response_format, param="response_format")
        if self.tool_choice not in (None, "auto", "none"):
            raise _impossible("tool_choice", "Quire calls no tools.", "Leave tool_choice out.")
        if self.logprobs:
            raise _impossible("logprobs", "Probabilities are not told.", "Leave logprobs out.")


def require_text(form: Mapping[str, Any] | None, *, param: str) -> None:
    """Raises Refused for a form of the answer, as clients name it, that is not text."""
    if (form or {}).get("type", "text") != "text":
        raise _impossible(
            param,
            "An answer is text with its proof, and has no other form.",
            f"Leave {param} out; the proof is in the field citations.",
        )


def _impossible(param: str, message: str, hint: str) -> Refused:
    return Refused(422, "not_supported", message, hint=hint, param=param)
