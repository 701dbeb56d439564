"""Train the entailment model on the starter embedder, and write its weights.

    python training/train.py WEIGHTS [--from WEIGHTS] [--mix plain|balanced] [--frozen LAYERS]
                             [--epochs N | --minutes M] [--rate R]

It can be stopped and goes on where it was, from WEIGHTS.part. `training/ship.py` makes of the
weights what Quire loads. How the shipped ones were trained stands in docs/decisions/entailment.md.
"""

import argparse
import math
import random
import time
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoTokenizer

import encoder
import mixing
from encoder import Encoder
from examples import read
from mixing import Row
from quire.models.store import starter

_BATCH = 48
_SORTED = 20 * _BATCH  # rows sorted by length at a time, so that little of a batch is padding
_WARM = 40  # steps until the rate is what it is to be
_LEAST = 0.03  # of the rate, at the end
_SMOOTHING = 0.05  # of labels
_ANSWERS = 0.3  # how much a question's loss counts beside a statement's
_KEPT = 0.995  # of the mean of weights, by step
_SAVED = 100  # steps


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", type=Path)
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--mix", choices=("plain", "balanced"), default="balanced")
    parser.add_argument("--frozen", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--rate", type=float, default=1e-4)
    options = parser.parse_args()
    folder = starter.BILINGUAL.path
    if folder is None:
        parser.error("The bilingual starter embedder is not there: make starter")
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Encoder(folder)
    if options.start:
        model.load_state_dict(torch.load(options.start), strict=False)
    model.freeze(options.frozen)
    told = [each for each in read("pairs") if each.split == "train"]
    asked = [each for each in read("questions") if each.split == "train"]
    rows = mixing.rows(told, asked, mix=options.mix)
    print(
        f"{len(told):,} statements and {len(asked):,} questions give {len(rows):,} rows", flush=True
    )
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = encoder.joined(tokenizer, [(row.source, row.statement) for row in rows])
    training = _Training(model.to(device), rows, ids, device=device, rate=options.rate)
    training.run(options.weights, epochs=options.epochs, minutes=options.minutes)
    torch.save(training.weights(), options.weights)


class _Training:
    """Steps over rows; what comes out are the means of the weights along the way."""

    def __init__(
        self,
        model: Encoder,
        rows: list[Row],
        ids: list[tuple[list[int], int]],
        *,
        device: str,
        rate: float,
    ) -> None:
        self._model = model
        self._rows = rows
        self._ids = ids
        self._device = device
        self._rate = rate
        self._trained = {n: p for n, p in model.named_parameters() if p.requires_grad}
        self._means = {name: value.detach().clone() for name, value in self._trained.items()}
        self._optimizer = torch.optim.AdamW(
            self._trained.values(), lr=rate, weight_decay=0.01, betas=(0.9, 0.98)
        )
        self._step = 0
        self._spent = 0.0

    def run(self, weights: Path, *, epochs: int, minutes: float | None) -> None:
        """Until so many epochs are done, or so many minutes are spent."""
        part = weights.with_name(f"{weights.name}.part")
        self._load(part)
        per_epoch = math.ceil(len(self._rows) / _BATCH)
        began, before, losses = time.monotonic(), self._spent, []
        draw = random.Random(0)
        for step, batch in enumerate(self._batches(draw)):
            self._spent = before + time.monotonic() - began
            done = self._spent / 60 / minutes if minutes else step / (epochs * per_epoch)
            if done >= 1:
                break
            if step < self._step:
                continue
            losses.append(self._learn(batch, done))
            self._step += 1
            if self._step % _SAVED == 0:
                mean = sum(losses) / len(losses)
                print(f"step {self._step}, {done:.0%}, loss {mean:.3f}", flush=True)
                losses.clear()
                self._save(part)
        part.unlink(missing_ok=True)

    def weights(self) -> dict[str, torch.Tensor]:
        with torch.no_grad():
            for name, value in self._trained.items():
                value.copy_(self._means[name])
        return self._model.trained()

    def _batches(self, draw: random.Random) -> Any:
        while True:
            order = list(range(len(self._rows)))
            draw.shuffle(order)
            for first in range(0, len(order), _SORTED):
                near = sorted(order[first : first + _SORTED], key=lambda at: len(self._ids[at][0]))
                yield from (near[at : at + _BATCH] for at in range(0, len(near), _BATCH))

    def _learn(self, batch: list[int], done: float) -> float:
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * min(1, (self._step + 1) / _WARM) * max(_LEAST, 1 - done)
        tensors = [each.to(self._device) for each in encoder.batch([self._ids[at] for at in batch])]
        labels = torch.tensor([self._rows[at].label for at in batch], device=self._device)
        asks = torch.tensor([self._rows[at].asks for at in batch], device=self._device)
        self._model.train()
        with torch.autocast(self._device, torch.bfloat16):
            logits = self._model(self._model.words(tensors[0]), *tensors[1:]).float()
        loss = logits.new_zeros(())
        if not asks.all():
            loss = functional.cross_entropy(
                logits[~asks, :3], labels[~asks], label_smoothing=_SMOOTHING
            )
        if asks.any():
            answered = functional.binary_cross_entropy_with_logits(
                logits[asks, 3], labels[asks].float()
            )
            loss = loss + _ANSWERS * answered
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self._trained.values(), 1.0)
        self._optimizer.step()
        kept = min(_KEPT, (1 + self._step) / (10 + self._step))
        with torch.no_grad():
            for name, value in self._trained.items():
                self._means[name].mul_(kept).add_(value, alpha=1 - kept)
        return float(loss)

    def _save(self, part: Path) -> None:
        state = {
            "model": self._model.state_dict(),
            "means": self._means,
            "optimizer": self._optimizer.state_dict(),
            "step": self._step,
            "spent": self._spent,
        }
        beside = part.with_name(f"{part.name}.new")
        torch.save(state, beside)
        beside.replace(part)

    def _load(self, part: Path) -> None:
        if not part.is_file():
            return
        state = torch.load(part, map_location=self._device)
        self._model.load_state_dict(state["model"])
        self._means.update(state["means"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._step, self._spent = state["step"], state["spent"]


if __name__ == "__main__":
    main()
