"""Every error that Quire raises on purpose.

    QuireError                    what a caller catches; the command line prints it and exits with 1
    ├── UsageError                an argument that cannot work: exit code 2
    ├── SettingsError             a setting with a value that cannot work, and where it was set
    ├── KnowledgeBaseError        about the folder that holds a knowledge base
    │   ├── KnowledgeBaseNotFound     there is none at this path
    │   ├── KnowledgeBaseLocked       another process writes; says which, since when
    │   ├── KnowledgeBaseMismatch     made with another embedding model, chunker or newer version
    │   └── KnowledgeBaseDamaged      the catalog cannot be trusted; says what can be done
    ├── DocumentError             about one document
    │   ├── DocumentNotFound          no document, or several, fit a name
    │   ├── PageNotFound              it has no such page
    │   └── Unreadable                a file whose text cannot be had, with the reason
    │       └── Skipped                   nothing is wrong with it, there is just nothing to index
    ├── ConversationNotFound      no stored chat, or answer in one, fits an id, or several do
    └── ModelError                about a model
        ├── ModelNotFound             no model has this name, or its file is not there
        ├── ModelUnusable             it is there and cannot be loaded or crashes
        ├── DownloadFailed            it did not arrive, or not as promised; says what to do
        ├── DownloadStopped           the user stopped it; says what is left of it
        ├── ReplyUnusable             what it wrote lacks its form, or is nothing but a thought
        ├── ModelBusy                 the queue is full or the wait took too long
        └── ModelUnreachable          the server of a remote model cannot be reached, or breaks off

A message says what happened, names the file or the value, and ends in what to do next when there
is something to do: that part is `hint`. `code` is stable and stands in JSON.

What is named in good form and is not there, be it a document, a chat or a model, is no wrong usage:
it has an error of its own kind, and exit code 1.
"""


class QuireError(Exception):
    """Base of all. `str(error)` is a sentence; `hint` says what to do next, or is empty."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def told(self) -> str:
        """The sentence and what to do next, as a note has them."""
        return f"{self.message} {self.hint}".strip()

    def to_dict(self) -> dict[str, str]:
        """The inner object of the command line's `{"error": …}`."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


class UsageError(QuireError):
    code = "usage"


class SettingsError(QuireError):
    code = "settings"


class KnowledgeBaseError(QuireError):
    code = "knowledge_base"


class KnowledgeBaseNotFound(KnowledgeBaseError):
    code = "knowledge_base_not_found"


class KnowledgeBaseLocked(KnowledgeBaseError):
    code = "knowledge_base_locked"


class KnowledgeBaseMismatch(KnowledgeBaseError):
    code = "knowledge_base_mismatch"


class KnowledgeBaseDamaged(KnowledgeBaseError):
    code = "knowledge_base_damaged"


class DocumentError(QuireError):
    code = "document"


class DocumentNotFound(DocumentError):
    code = "document_not_found"


class PageNotFound(DocumentError):
    code = "page_not_found"


class Unreadable(DocumentError):
    code = "unreadable"


class Skipped(Unreadable):
    code = "skipped"


class ConversationNotFound(QuireError):
    code = "conversation_not_found"


class ModelError(QuireError):
    code = "model"


class ModelNotFound(ModelError):
    code = "model_not_found"


class ModelUnusable(ModelError):
    code = "model_unusable"


class DownloadFailed(ModelError):
    code = "download_failed"


class DownloadStopped(ModelError):
    """Whoever waited has left."""

    code = "download_stopped"

    def __init__(
        self,
        message: str = "The download was stopped.",
        *,
        hint: str = "Run the same command again: it goes on where it stopped.",
    ) -> None:
        super().__init__(message, hint=hint)


class ReplyUnusable(ModelError):
    code = "reply_unusable"


class ModelBusy(ModelError):
    code = "model_busy"


class ModelUnreachable(ModelError):
    code = "model_unreachable"
