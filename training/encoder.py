"""The encoder of the starter embedder with heads of its own: what is trained, and what is shipped.

What lost: heads that lay each token of the statement beside what the source has in its place
(decomposable attention, Parikh et al. 2016) found .25 and .35 of the true statements at 5% of the
false ones (English, Chinese), this one .29 and .40; the upper six layers alone, on a fifth of the
examples, .16 and .19 against .19 and .22 of all twelve.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModel, PreTrainedTokenizerFast

TOKENS = 288  # of a pair at most
_STATEMENT = 128  # of these, a statement's


class Encoder(nn.Module):
    """From vectors of words (pairs, tokens, width) to logits (pairs, 4): the three classes, and
    whether the source answers a question. `mask` and `claim`, of 0 and 1, tell which tokens are
    there and which are the statement's."""

    def __init__(self, folder: Path, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.bert = AutoModel.from_pretrained(
            folder,
            attn_implementation="eager",
            add_pooling_layer=False,
            dtype=torch.float32,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        width = self.bert.config.hidden_size
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(2 * width, width)
        self.verdict = nn.Linear(width, 3)
        self.answers = nn.Linear(width, 1)
        # Those that no pair reaches would be a tenth of what is shipped beside the layers.
        positions = self.bert.embeddings.position_embeddings.weight[:TOKENS].detach().clone()
        self.positions = nn.Parameter(positions, requires_grad=False)

    def words(self, ids: torch.Tensor) -> torch.Tensor:
        """The vectors of tokens, which are not trained."""
        vectors: torch.Tensor = self.bert.embeddings.word_embeddings(ids).detach()
        return vectors

    def forward(self, words: torch.Tensor, mask: torch.Tensor, claim: torch.Tensor) -> torch.Tensor:
        embeddings = self.bert.embeddings
        typed = embeddings.token_type_embeddings.weight[0]
        states = embeddings.LayerNorm(words + self.positions[: words.shape[1]][None] + typed)
        hidden = (1 - mask)[:, None, None, :] * -1e4
        states = self.dropout(states)
        for layer in self.bert.encoder.layer:
            made = layer(states, attention_mask=hidden)
            states = made[0] if isinstance(made, tuple) else made
        said = claim[:, :, None]
        mean = (states * said).sum(1) / said.sum(1).clamp(min=1)
        read = torch.tanh(self.dense(self.dropout(torch.cat([states[:, 0], mean], -1))))
        read = self.dropout(read)
        return torch.cat([self.verdict(read), self.answers(read)], -1)

    def freeze(self, layers: int) -> None:
        """Train the layers from that number on, and the heads."""
        for parameter in self.bert.embeddings.parameters():
            parameter.requires_grad = False
        for layer in self.bert.encoder.layer[:layers]:
            for parameter in layer.parameters():
                parameter.requires_grad = False

    def trained(self) -> dict[str, torch.Tensor]:
        """The weights that differ from the embedder's, in half of their precision."""
        return {
            name: value.detach().half().cpu()
            for name, value in self.state_dict().items()
            if "embeddings" not in name and name != "positions"
        }


def joined(
    tokenizer: PreTrainedTokenizerFast, pairs: Sequence[tuple[str, str]]
) -> list[tuple[list[int], int]]:
    """(token ids, where the statement begins) of each (source, statement):
    <s> source </s></s> statement </s>. A source that is too long loses its end."""
    ours = tokenizer([said for _, said in pairs], add_special_tokens=False, verbose=False)
    theirs = tokenizer([source for source, _ in pairs], add_special_tokens=False, verbose=False)
    found = []
    for claim, source in zip(ours["input_ids"], theirs["input_ids"], strict=True):
        said = claim[:_STATEMENT]
        before = [0, *source[: TOKENS - 4 - len(said)], 2, 2]
        found.append(([*before, *said, 2], len(before)))
    return found


def batch(
    rows: Sequence[tuple[list[int], int]],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, mask and claim of some pairs, each (pairs, tokens)."""
    longest = 8 * math.ceil(max(len(ids) for ids, _ in rows) / 8)
    ids = torch.ones(len(rows), longest, dtype=torch.long)
    mask, claim = torch.zeros(len(rows), longest), torch.zeros(len(rows), longest)
    for at, (row, begins) in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
        claim[at, begins : len(row)] = 1
    return ids, mask, claim
