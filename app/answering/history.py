"""What of a conversation a model is told: the last turns as they were, the older ones in one line.

A follow-up is made standalone before it is searched for, and that is all a small model gets: what
it reads costs time and leads it astray. A capable model is told the conversation too, within a
budget of tokens. Older turns are summarised by taking, of each, its question and the first sentence
of its answer: those sentences were checked when they were written, which a model's own summary
would not be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quire.text import sentences

_RECENT = 0.7  # of the budget, for the last turns as they were


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question as it was understood, the text of its answer, whether it was answered, and the ids
    of the documents that the answer cites."""

    question: str
    answer: str
    answered: bool = True
    documents: tuple[str, ...] = ()


def told(exchanges: Sequence[Exchange], *, budget: int, count: Callable[[str], int]) -> str:
    """The conversation, the oldest turn first, in at most `budget` tokens; empty where not even
    the last question fits. `count` says how many tokens a text has.

    >>> words = lambda text: len(text.split())
    >>> talk = [Exchange("Who came?", "Ada came. She was late."), Exchange("When?", "At six.")]
    >>> print(told(talk, budget=12, count=words))
    - Who came? Ada came.
    - When?
      At six.
    >>> told(talk, budget=2, count=words)
    '- When?'
    """
    lines: list[str] = []
    left, recent = budget, round(budget * _RECENT)
    for exchange in reversed(exchanges):
        whole = f"- {exchange.question}\n  {' '.join(exchange.answer.split())}"
        brief = f"- {exchange.question} {_first_sentence(exchange.answer)}"
        last_resort = (f"- {exchange.question}",) if not lines else ()
        spent = budget - left
        for text in (whole, brief, *last_resort):
            # A line break joins it to the rest, and two texts may share no token where they meet.
            cost = count(text) + (1 if lines else 0)
            if cost <= left and (text is not whole or spent + cost <= recent or not lines):
                lines.append(text)
                left -= cost
                break
        else:
            break
    return "\n".join(reversed(lines))


def _first_sentence(text: str) -> str:
    flat = " ".join(text.split())
    spans = sentences.split(flat)
    return flat[slice(*spans[0])] if spans else flat
