"""Which token comes next: the likeliest or one drawn by chance, of all or of those that a grammar
allows."""

import ctypes
import math
from typing import Any

import llama_cpp.llama_cpp as api
import numpy as np
import numpy.typing as npt

from quire.errors import ModelError


class Sampler:
    """Chooses the next token. Temperature 0 takes the likeliest; a grammar, one that llama.cpp is
    known to take, leaves only those that fit."""

    def __init__(self, context: Any, vocab: Any, *, temperature: float, grammar: str) -> None:
        self._context = context
        self._vocab = vocab
        self._takes_likeliest = temperature <= 0 and not grammar
        self._logits_address = 0
        self._logits_seen = np.empty(0, np.float32)
        if grammar:
            self._ids = np.arange(api.llama_vocab_n_tokens(vocab), dtype=np.int32)
            self._judged = np.zeros(len(self._ids), dtype=_CANDIDATE)
            self._one = np.zeros(1, dtype=_CANDIDATE)
        self._grammar = (
            api.llama_sampler_init_grammar(vocab, grammar.encode(), b"root") if grammar else None
        )
        self._chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        links = (
            [
                api.llama_sampler_init_top_k(40),
                api.llama_sampler_init_top_p(0.95, 1),
                api.llama_sampler_init_min_p(0.05, 1),
                api.llama_sampler_init_temp(temperature),
                api.llama_sampler_init_dist(api.LLAMA_DEFAULT_SEED),
            ]
            if temperature > 0
            else [api.llama_sampler_init_greedy()]
        )
        if grammar:  # a loop, which ends another reply, would leave this one without its form
            links.insert(0, self._against_loops())
        for link in links:
            api.llama_sampler_chain_add(self._chain, link)

    def next_token(self, *, free: bool = False) -> int:
        """The next token; a `free` one need not fit the grammar and is no part of it."""
        if self._takes_likeliest:
            # llama.cpp makes a list of all candidates first, which takes ten times as long.
            return int(self._logits().argmax())
        if self._grammar is None:
            token: int = api.llama_sampler_sample(self._chain, self._context, -1)
            return token
        token = self._chosen(self._tokens())
        # To ask the grammar about one token is quick, about all of a vocabulary some milliseconds:
        # mostly the one that the model wants fits.
        if not free and not self._fits(token):
            tokens = self._tokens()  # anew: a chain may have cut off or judged down what fits
            api.llama_sampler_apply(self._grammar, ctypes.byref(_candidates(tokens)))
            fitting = tokens[np.isfinite(tokens["logit"])]
            if not len(fitting):
                raise ModelError("The model has no token that fits the grammar of the reply.")
            token = self._chosen(fitting)
        api.llama_sampler_accept(self._chain, token)
        if not free:
            api.llama_sampler_accept(self._grammar, token)
        return token

    def may_end(self) -> bool:
        """Whether a reply that ends here fits the grammar."""
        end = api.llama_vocab_eos(self._vocab)
        return self._grammar is None or end < 0 or self._fits(end)

    def close(self) -> None:
        api.llama_sampler_free(self._chain)
        if self._grammar is not None:
            api.llama_sampler_free(self._grammar)

    def _fits(self, token: int) -> bool:
        self._one[0] = (token, 1.0, 0.0)
        api.llama_sampler_apply(self._grammar, ctypes.byref(_candidates(self._one)))
        return math.isfinite(self._one["logit"][0])

    def _tokens(self) -> Any:
        """All tokens of the vocabulary as the model has just judged them, in one array for all."""
        self._judged["id"] = self._ids
        self._judged["logit"] = self._logits()
        return self._judged

    def _logits(self) -> npt.NDArray[np.float32]:
        """What the model has just judged, in llama.cpp's own memory: until the next step."""
        found = api.llama_get_logits_ith(self._context, -1)
        # Almost always the same place, of which an array need not be made anew.
        if (address := ctypes.addressof(found.contents)) != self._logits_address:
            count = api.llama_vocab_n_tokens(self._vocab)
            self._logits_seen = np.ctypeslib.as_array(found, (count,))
            self._logits_address = address
        return self._logits_seen

    def _chosen(self, tokens: Any) -> int:
        found = _candidates(tokens)
        api.llama_sampler_apply(self._chain, ctypes.byref(found))
        return int(found.data[found.selected].id)

    def _against_loops(self) -> Any:
        """Makes a token less likely that would lengthen a stretch of six or more that was written
        before: llama.cpp's sampler DRY, "don't repeat yourself"."""
        breakers = (ctypes.c_char_p * 4)(b"\n", b":", b'"', b"*")
        return api.llama_sampler_init_dry(self._vocab, 0.8, 1.75, 6, 256, breakers, len(breakers))


_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])


def _candidates(tokens: Any) -> Any:
    """An array of numpy as llama.cpp sees it, in the same memory."""
    data = tokens.ctypes.data_as(ctypes.POINTER(api.llama_token_data))
    return api.llama_token_data_array(data=data, size=len(tokens), selected=-1, sorted=False)
