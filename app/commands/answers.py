"""Commands about answers: one made again and compared, and many in a chat."""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, Model, app, opened
from quire.commands.terminal import ProgressLine
from quire.conversations import transcripts
from quire.errors import QuireError, UsageError
from quire.records import Answer, Draft

if TYPE_CHECKING:
    from quire.answering.receipts import Replay
    from quire.knowledge_base import KnowledgeBase
    from quire.reports.forms import Form

_TAIL = 60  # characters shown of what is being written
_HELP = """Ask a question, or:
  /again               answer the last question anew
  /sources             show the passages behind the last answer
  /good or /bad [WHY]  say what you think of the last answer
  /new                 begin another conversation
  /export FILE         write the conversation as Markdown
  /quit                leave; so does Ctrl-D"""


@app.command(epilog="Example: quire replay ee53bfa599598705")
def replay(
    answer: Annotated[
        str, typer.Argument(metavar="ID", help="A stored answer's id or its beginning.")
    ],
    model: Model = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Ask a stored question again, and say what has changed since."""
    with opened(kb, model=model) as base:
        result = base.replay(answer)
    if json:
        output.print_json(result.to_dict())
    else:
        output.print_text(*_replay_lines(result))


@app.command("export-answer", epilog="Example: quire export-answer ee53bfa5 --output answer.html")
def export_answer(
    answer: Annotated[
        str, typer.Argument(metavar="ID", help="A stored answer's id or its beginning.")
    ],
    to: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="By default ID.html.")
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Write a stored answer with its proof as one HTML file that others can check; or, if FILE ends
    in .md, .docx or .pdf, with its quotes and pictures of their pages for people to read."""
    form = _form(to)
    with opened(kb) as base:
        _, turn = base.conversations.turn(answer)
        if form is None:
            content = base.export_answer(turn.id).encode()
        else:
            content = base.export(turn.id, form=form, answer=True)
    path = to or Path(f"{turn.id}.html")
    output.write_file(path, content)
    sha256 = hashlib.sha256(content).hexdigest()
    if json:
        output.print_json({"id": turn.id, "file": str(path), "sha256": sha256})
    else:
        output.print_text(f"The answer is in {path}", f"SHA-256: {sha256}")


def _form(to: Path | None) -> "Form | None":
    """The form that a file's name asks for, None for HTML. Raises UsageError."""
    from quire.reports.forms import ENDINGS  # noqa: PLC0415  keeps --help fast

    ending = to.suffix.lower() if to else ".html"
    if ending in (".html", ".htm"):
        return None
    if ending not in ENDINGS:
        raise UsageError(
            f"An answer cannot be written as {to}.", hint="Name it .html, .md, .docx or .pdf."
        )
    return ENDINGS[ending]


@app.command(epilog="Example: quire summarize lease.pdf --sentences 5")
def summarize(
    document: Annotated[str, typer.Argument(metavar="DOC", help="Name, path or start of an id.")],
    sentences: Annotated[
        int, typer.Option("--sentences", min=1, max=100, help="At most so many.")
    ] = 7,
    model: Model = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Summarize a document, each sentence with the page that supports it."""

    def show(done: int, total: int) -> None:
        if sys.stderr.isatty():
            output.print_text(f"section {done} of {total}", to=sys.stderr)

    with opened(kb, model=model) as base:
        summary = base.summarize(document, sentences=sentences, progress=show)
    if json:
        output.print_json(summary.to_dict())
        return
    if summary.method == "extractive":
        output.print_text(f"The most telling sentences of {output.shown(summary.document.name)}:")
    for sentence in summary.sentences:
        pages = {citation.page for citation in sentence.citations} - {None}
        where = f"  (page {min(pages)})" if pages else ""  # type: ignore[type-var]
        output.print_text(f"- {output.shown(sentence.text)}{where}")
    output.print_text(*(f"Note: {note}" for note in summary.notes))


def _replay_lines(result: "Replay") -> Iterator[str]:
    yield output.shown(result.before["question"])
    yield "The answer is the same." if result.same else "The answer is another one now."
    for difference in result.differences:
        if difference.what == "sentences":
            yield f"  before: {output.shown(' '.join(difference.before) or 'nothing')}"
            yield f"  now:    {output.shown(' '.join(difference.now) or 'nothing')}"
        elif difference.what == "passages":
            counts = f"{len(difference.before)} before, {len(difference.now)} now"
            yield f"  other passages were found: {counts}"
        else:
            yield f"  {difference.what}: {_brief(difference.before)} -> {_brief(difference.now)}"
    for document in result.gone:
        now = f"; {document['now']} has its name now" if document["now"] else ""
        yield f"  {output.shown(document['document'])} ({document['document_id']}) is gone{now}"


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {str(each)[:40]}" for key, each in value.items())
    return str(value)


@app.command(epilog="Example: quire chat --conversation d60bc07ea6457a6c")
def chat(
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="ID", help="Continue this one.")
    ] = None,
    model: Model = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Ask one question after the other, each understood from those before; a line is a question."""
    with opened(kb, model=model) as base:
        if conversation is not None:
            conversation = base.conversations.find(conversation).id
        talk = _Talk(base, conversation, quiet=json)
        talk.say("Ask about your documents; /help tells what else there is.")
        while not talk.over and (line := talk.read()) is not None:
            try:
                talk.take(line.strip())
            except QuireError as error:  # one question failed; the next may not
                output.print_text(error.told, to=sys.stderr)
    if json:
        output.print_json(
            {
                "conversation": talk.conversation,
                "answers": [answer.to_dict() for answer in talk.answers],
            }
        )


class _Talk:
    """A conversation in a terminal."""

    def __init__(self, base: "KnowledgeBase", conversation: str | None, *, quiet: bool) -> None:
        self.conversation = conversation
        self.answers: list[Answer] = []
        self.over = False
        self._base = base
        self._quiet = quiet
        self._line = ProgressLine()
        self._checked = 0  # statements of the answer on its way
        self._follows = False  # whether what is not checked yet is shown, too
        self._interactive = sys.stdin.isatty() and sys.stdout.isatty() and not quiet

    def say(self, *lines: str) -> None:
        if not self._quiet:
            output.print_text(*lines)

    def read(self) -> str | None:
        """The next line, or None at the end of the input."""
        if self._interactive:
            sys.stdout.write("\n> ")
            sys.stdout.flush()
        return sys.stdin.readline() or None

    def take(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        if not line:
            return
        if not line.startswith("/"):
            self._ask(line)
        elif command == "/again":
            self._ask(self._last().question, replacing=self._last().id)
        elif command in ("/good", "/bad"):
            self._base.feedback(
                self._last().id, "up" if command == "/good" else "down", comment=rest
            )
            self.say("It is noted.")
        elif command == "/sources":
            for passage in self._last().passages:
                where = output.place(passage.document, passage.span.page_first)
                self.say(f"[{passage.label}] {where}", f"    {output.shown(passage.text)}")
        elif command == "/new":
            self.conversation, self.answers = None, []
        elif command == "/export":
            self._export(rest.strip())
        elif command == "/quit":
            self.over = True
        else:
            self.say(_HELP)

    def _ask(self, question: str, *, replacing: str | None = None) -> None:
        self._checked, self._follows, written = 0, False, False
        for piece in self._base.stream(
            question,
            conversation=self.conversation,
            replacing=replacing,
            on_draft=self._show_draft,
        ):
            if isinstance(piece, Answer):
                answer = piece
                continue
            self._checked += 1
            if self._interactive and not self._follows:  # what stays needs no mark
                sys.stdout.write(output.printable(piece))
                sys.stdout.flush()
                written = True
        self._line.clear()
        if written:
            self.say("")
        self.say(*output.answer_lines(answer, written=written and not self._follows))
        self.conversation = answer.conversation
        if replacing is not None:
            self.answers.pop()
        self.answers.append(answer)

    def _show_draft(self, draft: Draft) -> None:
        """What the documents say, while the model still reads, and on a line that does not stay
        what it writes; the answer follows below, with the marks of what was checked."""
        if not self._interactive:
            return
        self._follows = draft.follows
        if not draft.follows:
            self.say(*(f"  “{output.shown(s.text, most=200)}” …" for s in draft.sentences), "")
        else:
            tail = output.shown(draft.text)[-_TAIL:]
            self._line.show(f"{self._checked} checked, not checked yet: {tail}")

    def _last(self) -> Answer:
        if not self.answers:
            raise UsageError("There is no answer yet.", hint="Ask something first.")
        return self.answers[-1]

    def _export(self, name: str) -> None:
        if not name:
            raise UsageError("/export needs a file name.", hint="Such as: /export talk.md")
        self._last()
        stored = self._base.conversations
        found = stored.find(self.conversation or "")
        path = Path(name).expanduser()
        try:
            path.write_text(transcripts.markdown(found, stored.turns(found.id)), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
        self.say(f"The conversation is in {path}")
