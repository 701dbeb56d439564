"""What each command imports: the heavy libraries that it needs, and no other.

torch and what stands on it take five seconds of processor time, LangChain half a second; a command
that only looks something up has neither.
"""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quire import KnowledgeBase

EXAMPLES = Path(__file__).parent.parent / "examples"
HEAVY = {
    "faiss",
    "httpx",
    "jinja2",
    "langchain",
    "langchain_core",
    "langsmith",
    "llama_cpp",
    "onnx",
    "onnxruntime",
    "pandas",
    "pypdfium2",
    "scipy",
    "sentence_transformers",
    "sklearn",
    "streamlit",
    "tokenizers",
    "torch",
    "transformers",
}
RUN = """
import json, sys
from quire.cli import main
sys.argv[0] = "quire"
try:
    main()
except SystemExit as ended:
    code = ended.code
print(json.dumps([code or 0, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
QUESTION = "How much is the deposit?"
SEARCHES = {"faiss", "onnxruntime", "tokenizers"}
ENGINE = {"llama_cpp", "jinja2"}
LANGCHAIN = {"langchain_core", "langsmith"}
COMMANDS: list[tuple[str, set[str]]] = [
    ("--version", set()),
    ("--help", set()),
    ("list", set()),
    ("show lease-and-handbook.pdf", set()),
    ("tag lease-and-handbook.pdf --add home", set()),
    ("conversations list", set()),
    ("models list", set()),
    ("verify", {"faiss"}),
    (f"search '{QUESTION}'", SEARCHES),
    (f"search '{QUESTION}' --mode lexical", {"faiss"}),
    (f"ask '{QUESTION}'", SEARCHES),
    ("ask 'What is the boiling point of tungsten?' --model starter", SEARCHES | ENGINE),
    (f"ask '{QUESTION}' --model starter", SEARCHES | ENGINE | LANGCHAIN),
    ("summarize lease-and-handbook.pdf", SEARCHES),
    ("ingest NEW", SEARCHES),
    ("ingest KNOWN", {"faiss"}),
    ("reindex --embedder starter", SEARCHES),
]


@pytest.fixture(scope="module")
def folder(sample_kb: KnowledgeBase, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a copy of the samples lies, and a file that is not among them."""
    folder = tmp_path_factory.mktemp("imports")
    shutil.copytree(sample_kb.folder, folder / "kb")
    (folder / "note.txt").write_text("The garden gate is painted green every April.")
    return folder


@pytest.mark.parametrize(("command", "needed"), COMMANDS)
def test_a_command_imports_what_it_needs(folder: Path, command: str, needed: set[str]) -> None:
    files = {"NEW": str(folder / "note.txt"), "KNOWN": str(EXAMPLES / "documents")}
    words = [files.get(word, word) for word in shlex.split(command)]
    place = [] if words[0].startswith("-") else ["--kb", str(folder / "kb")]
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words, *place],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stdout + done.stderr
    assert HEAVY.intersection(loaded) == needed
