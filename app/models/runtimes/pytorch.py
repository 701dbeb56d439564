"""An embedding model in torch, by sentence-transformers: the reference, what an export is made
with, and what computes a model that has none.

Importing the three libraries takes five seconds of processor time.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quire.errors import ModelUnusable
from quire.models.runtimes.contract import Role, Vectors, by_role, longest, unit_rows

if TYPE_CHECKING:
    pass

_COUNTED = 512  # texts tokenized at once: their encodings take kilobytes each


class TorchRuntime:
    """A sentence-transformers model in a local folder, on the processor or another `device`.

    `exact` keeps it to float32. Raises ModelUnusable where it cannot be loaded.
    """

    def __init__(
        self, folder: Path, *, threads: int = 0, device: str = "cpu", exact: bool = False
    ) -> None:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415

        options = loading_options(threads=threads, device=device, exact=exact)
        try:
            self.model: SentenceTransformer = SentenceTransformer(str(folder), **options)
        except (OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
            raise ModelUnusable(
                f"The embedding model at {folder} cannot be loaded: {error}",
                hint="Install it again, or set QUIRE_EMBEDDER=starter.",
            ) from error
        self.name = "torch-bfloat16" if "bfloat16" in str(self.model.dtype) else "torch-float32"
        self._encoding = threading.Lock()

    @property
    def dimension(self) -> int:
        return int(self.model.get_embedding_dimension() or 0)

    @property
    def prompts(self) -> dict[Role, str]:
        """What sentence-transformers puts before a question and before a passage."""
        return by_role(self.model.prompts, self.model.default_prompt_name)

    @property
    def room(self) -> int:
        """The longest text with its prompt, in the model's tokens, without the special ones."""
        return int(self.model.max_seq_length or 512) - 2

    @property
    def max_tokens(self) -> int:
        """The longest text the model reads beside its prompt, likewise."""
        return self.room - longest(self.prompts, self.count_tokens)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """The length of each text in the model's tokens, without special ones."""
        counts: list[int] = []
        for at in range(0, len(texts), _COUNTED):
            encoded = self.model.tokenizer(
                list(texts[at : at + _COUNTED]),
                add_special_tokens=False,
                return_attention_mask=False,
                verbose=False,
            )
            counts += [len(ids) for ids in encoded["input_ids"]]
        return counts

    def embed(self, texts: Sequence[str], role: Role) -> Vectors:
        """Unit vectors of one batch. In bfloat16 the model's own units are off by up to 0.4%:
        enough to change a ranking, above all where one index holds vectors of several runtimes."""
        encode = self.model.encode_query if role == "query" else self.model.encode_document
        with self._encoding:
            return unit_rows(
                encode(
                    list(texts),
                    batch_size=len(texts),
                    convert_to_numpy=True,
                    show_progress_bar=False,
                )
            )


def loading_options(*, threads: int, device: str = "cpu", exact: bool = False) -> dict[str, Any]:
    """How models are loaded here: quietly, from this machine, for its processor unless another
    device is named; in float32 where it is to be `exact`. Loads torch, and sets its threads where a
    number of them is given."""
    import torch  # noqa: PLC0415  three seconds, and few commands need it
    import transformers  # noqa: PLC0415

    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    if threads:
        torch.set_num_threads(threads)
    options: dict[str, Any] = {"device": device, "local_files_only": True}
    if exact or device != "cpu":
        options["model_kwargs"] = {"dtype": torch.float32}
    elif computes_in_bfloat16():
        options["model_kwargs"] = {"dtype": torch.bfloat16}
    return options


def computes_in_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX).

    There it was measured three to four times as fast as float32, at cosine 1.000; elsewhere it is
    emulated and slower.
    """
    import torch  # noqa: PLC0415

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  no public name
