"""`make demo`: take in the sample documents, ask the sample questions, print answers with proof.

Usage: python examples/demo.py KNOWLEDGE_BASE_FOLDER
"""

from quire.models.engine.openmp import wait_passively

wait_passively()  # before anything loads torch or llama.cpp

import json
import sys
import time
from pathlib import Path

from quire import KnowledgeBase, QuireError
from quire.commands.output import answer_lines

HERE = Path(__file__).parent


def main(folder: Path) -> int:
    began = time.monotonic()
    lines = (HERE / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [question for question in map(json.loads, lines) if question.get("demo")]
    with KnowledgeBase.open(folder) as kb:
        report = kb.add(HERE / "documents")
        print(f"\n{len(kb.documents())} sample documents, {report.added} of them new.")
        if kb.model_problem:
            print(f"Note: {kb.model_problem.message}")
        for question in questions:
            asked = time.monotonic()
            answer = kb.ask(question["question"])
            print(f"\n--- {question['question']}   ({time.monotonic() - asked:.1f} s)")
            print("\n".join(answer_lines(answer)))
    print(f"\nDone in {time.monotonic() - began:.0f} s. The knowledge base is in {folder}.")
    print(f"Ask it yourself:     .venv/bin/quire ask 'YOUR QUESTION' --kb {folder}")
    print(f"Open it in a browser: .venv/bin/quire ui --kb {folder}")
    print("Your own documents:  .venv/bin/quire ingest YOUR_FOLDER && .venv/bin/quire ui")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1])))
    except QuireError as error:
        sys.exit(f"quire: {error.message} {error.hint}")
