"""Commands about the stored chats."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quire.commands import output
from quire.commands.shared import Json, Kb, app, opened
from quire.conversations import transcripts
from quire.errors import UsageError

if TYPE_CHECKING:  # loads SQLite
    from quire.conversations.schema import Conversation
    from quire.conversations.store import Conversations

chats = typer.Typer(
    name="conversations",
    help="List, show, search, rename, delete and export the stored chats.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
app.add_typer(chats)

Id = Annotated[str, typer.Argument(metavar="ID", help="A conversation's id or its beginning.")]


@chats.command("list", epilog="Example: quire conversations list")
def list_conversations(
    removed: Annotated[
        bool, typer.Option("--removed", help="Those that were removed and can be restored.")
    ] = False,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """List the conversations, the latest first."""
    with opened(kb) as base:
        found = base.conversations.removed() if removed else base.conversations.all()
    if json:
        output.print_json({"conversations": [chat.to_dict() for chat in found]})
        return
    output.print_text(*map(_line, found), f"{len(found)} conversations")


@chats.command(epilog="Example: quire conversations show d60bc07e")
def show(conversation: Id, kb: Kb = None, json: Json = False) -> None:
    """Show a conversation: questions, answers and the quotes that prove them."""
    with opened(kb) as base:
        chat = base.conversations.find(conversation)
        shown = _whole(base.conversations, chat)
        text = transcripts.markdown(chat, base.conversations.turns(chat.id))
    if json:
        output.print_json(shown)
    else:
        output.print_text(text.rstrip())


@chats.command(epilog="Example: quire conversations search 'notice period'")
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Words of a question or answer.")],
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Find the turns whose question or answer holds all words of a text."""
    with opened(kb) as base:
        found = base.conversations.search(text)
    if json:
        output.print_json({"found": [turn.to_dict() for turn in found]})
        return
    for turn in found:
        output.print_text(
            f"{turn.conversation}  {output.shown(turn.question, most=80)}",
            f"    {output.shown(turn.excerpt)}",
        )
    if not found:
        output.print_text("Nothing was found.")


@chats.command(epilog="Example: quire conversations rename d60bc07e 'The new lease'")
def rename(
    conversation: Id,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="The new name.")],
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Give a conversation another name; at first it is its first question."""
    with opened(kb) as base:
        chat = base.conversations.find(conversation)
        base.conversations.rename(chat.id, title)
        renamed = base.conversations.find(chat.id)
    if json:
        output.print_json(renamed.to_dict())
    else:
        output.print_text(_line(renamed))


@chats.command(epilog="Example: quire conversations restore d60bc07e")
def restore(conversation: Id, kb: Kb = None, json: Json = False) -> None:
    """Bring back a conversation that was removed in the browser."""
    with opened(kb) as base:
        chat = base.conversations.restore(conversation)
    if json:
        output.print_json(chat.to_dict())
    else:
        output.print_text(_line(chat))


@chats.command(epilog="Example: quire conversations delete d60bc07e")
def delete(conversation: Id, kb: Kb = None, json: Json = False) -> None:
    """Delete a conversation for real: its bytes are overwritten."""
    with opened(kb) as base:
        chat = base.conversations.find(conversation)
        base.conversations.delete(chat.id)
    if json:
        output.print_json({"deleted": chat.to_dict()})
    else:
        output.print_text(f"Deleted {_line(chat)}")


@chats.command(epilog="Example: quire conversations export d60bc07e --to lease.md")
def export(
    conversation: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One conversation; else all.")
    ] = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Where; else standard output.")
    ] = None,
    kb: Kb = None,
    json: Json = False,
) -> None:
    """Write conversations as Markdown, with citations and feedback; or with --json as JSON. One of
    them becomes a DOCX or PDF, with pictures of its pages, if FILE ends so."""
    if to is not None and to.suffix.lower() in (".docx", ".pdf"):
        _export_one(conversation, to, kb=kb, json=json)
        return
    with opened(kb) as base:
        stored = base.conversations
        chosen = [stored.find(conversation)] if conversation else stored.all()
        whole = [_whole(stored, chat) for chat in chosen]
        text = "\n".join(transcripts.markdown(chat, stored.turns(chat.id)) for chat in chosen)
    if to is not None:
        try:
            to.write_text(text, encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"{to} cannot be written: {error.strerror}.", hint="Name another file with --to."
            ) from error
    if json:
        output.print_json({"conversations": whole, "file": str(to) if to else None})
    elif to is None:
        output.print_text(text.rstrip())
    else:
        output.print_text(f"{len(chosen)} conversations are in {to}")


def _export_one(conversation: str | None, to: Path, *, kb: Path | None, json: bool) -> None:
    from quire.reports.forms import ENDINGS  # noqa: PLC0415  keeps --help fast

    if conversation is None:
        raise UsageError(
            f"All conversations together cannot be written as {to}.",
            hint="Name one by its id, or a .md file.",
        )
    with opened(kb) as base:
        chat = base.conversations.find(conversation)
        whole = _whole(base.conversations, chat)
        content = base.export(chat.id, form=ENDINGS[to.suffix.lower()])
    output.write_file(to, content)
    if json:
        output.print_json({"conversations": [whole], "file": str(to)})
    else:
        output.print_text(f"1 conversations are in {to}")


def _whole(stored: "Conversations", chat: "Conversation") -> dict[str, Any]:
    turns = [turn.to_dict() for turn in stored.turns(chat.id)]
    return {**chat.to_dict(), "turns": turns}


def _line(chat: "Conversation") -> str:
    questions = "1 question" if chat.turns == 1 else f"{chat.turns} questions"
    return f"{chat.id}  {chat.updated_at[:16]}  {output.shown(chat.title)}  ({questions})"
