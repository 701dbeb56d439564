"""No text makes the check of a sentence slow: time grows with the length, and not faster."""

import gc
import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quire.verification
from made_passages import passage
from quire.models.fakes import FakeEntailment
from quire.records import Sentence, Statement
from quire.text import analysis, statements
from quire.verification import (
    Reading,
    agreement,
    amounts,
    arithmetic,
    bearing,
    bounds,
    clauses,
    counting,
    coverage,
    denials,
    formulas,
    framing,
    identity,
    judging,
    mixing,
    numerals,
    operands,
    operations,
    opposites,
    premises,
    qualifiers,
    quantities,
    quantity_fit,
    quotes,
    replying,
    rows,
    script,
    spans,
    texts,
    tokens,
    units,
    verify,
    without_labels,
    word_order,
)
from quire.verification.quotes import Quote

MODULES = [
    importlib.import_module(each.name)
    for each in pkgutil.iter_modules(quire.verification.__path__, "quire.verification.")
]
EN = "On 5 May 2029 Anna Holm is the keeper, and nobody pays more than 20 crowns to her."
ZH = "五月起本馆由馆长管理，任何人不得支付超过20元。"
PIECES = [" ", "a", "a,", "of ", "是", "不", "(", "1", "1,", "is ", "the the", "\n"]
PIECES += ["not ", "May ", "亿", "1 ", "Aa is the Bb. ", "不是，", "须"]

Call = Callable[[str], object]


def both(compare: Callable[[str, str], object]) -> Call:
    """A comparison of a long text with itself, with short ones, and of short ones with it."""

    def call(text: str) -> None:
        compare(text, text)
        for short in (EN, ZH):
            compare(text, short)
            compare(short, text)

    return call


def passes(check: agreement.Check) -> Call:
    def call(text: str) -> None:
        for sentence, quote in ((text, text), (EN, text), (ZH, text), (text, EN)):
            for one in cut(quote):
                check.passes(sentence, one)

    return call


@cache
def row_of(text: str) -> Statement:
    """A row with the beginning of a text in each of its cells: no row is longer than a line."""
    cell = text[:400]
    return Statement("row", 0, len(text), text, cells=((cell[:99], cell), (cell, cell)))


def told_row(text: str) -> rows.Row:
    return rows.row(row_of(text), frozenset({tuple(text.split()[:9])}))


def cut(text: str) -> list[Quote]:
    """A text as a quote, however long, and none of a text that says nothing."""
    return list(quotes.of_passages([passage(text)]))[:1]


def quantities_of(text: str) -> tuple[quantities.Quantity, ...]:
    return quantities.quantities(text)


def amounts_of(text: str) -> list[amounts.Amount]:
    return [amount for one in quantities_of(text) if (amount := amounts.of(one))]


CALLS: dict[str, Call] = {
    "agreement.Check": lambda text: None,  # each of them below
    "amounts.Amount": lambda text: [one.tells(5) and one.shown(5.5) for one in amounts_of(text)],
    "amounts.apart": lambda text: [amounts.apart(one) for one in quantities_of(text)],
    "amounts.in_unit": lambda text: [amounts.in_unit(one, "km") for one in amounts_of(text)],
    "amounts.of": amounts_of,
    "amounts.subject": lambda text: [amounts.subject(one) for one in quantities_of(text)],
    "arithmetic.derive": both(
        lambda text, quote: arithmetic.derive(text[:1_900], [(quote, None)], said=[quote])
    ),
    "bearing.Bearing": lambda text: None,  # what Places gives
    "bearing.Places": both(
        lambda text, quote: bearing.Places([passage(quote)]).bearing(text[:1_900], labels=[1])
    ),
    "bearing.is_vague": lambda text: [bearing.is_vague(one) for one in quantities_of(text)],
    "bearing.numbers_at": lambda text: [
        bearing.numbers_at(each) for each in premises.sources([passage(text)])
    ],
    "bounds.contrary": lambda text: bounds.contrary(text, text),
    "bounds.limits": lambda text: bounds.limits(
        analysis.fold(text), [(one.start, one.end) for one in quantities_of(text)]
    ),
    "clauses.split": clauses.split,
    "clauses.texts": lambda text: clauses.texts(text, statements=True),
    "counting.named": lambda text: list(counting.named(text)),
    "coverage.content": coverage.content,
    "coverage.is_number": coverage.is_number,
    "coverage.known": coverage.known,
    "coverage.opening": coverage.opening,
    "coverage.says": coverage.says,
    "coverage.share": both(
        lambda text, quote: coverage.share(
            text, terms=coverage.known(quote), there=quantities_of(quote)
        )
    ),
    "coverage.without_quantities": coverage.without_quantities,
    "denials.alike": both(denials.alike),
    "formulas.Formula": formulas.find,
    "formulas.Side": lambda text: [
        (side.shown, side.value()) for one in formulas.find(text) for side in one.sides
    ],
    "formulas.find": formulas.find,
    "framing.labels_in": framing.labels_in,
    "framing.claim_of": framing.claim_of,
    "framing.without_labels": without_labels,
    "identity.claims": identity.claims,
    "identity.is_said": both(identity.is_said),
    "judging.judge_among": both(
        lambda text, quote: judging.judge_among(
            text, list(quotes.of_passages([passage(quote)])), checks=agreement.CHECKS
        )
    ),
    "judging.judge": both(
        lambda text, quote: judging.judge(text, [passage(quote)], checks=agreement.CHECKS)
    ),
    "mixing.mixes": both(mixing.mixes),
    "numerals.chinese": lambda text: numerals.chinese("二" * len(text) + "亿" * len(text)),
    "numerals.digits": lambda text: numerals.digits("二" * len(text)),
    "numerals.english": lambda text: numerals.english("hundred " * len(text)),
    "numerals.scale": lambda text: numerals.scale("亿" * len(text)),
    "operands.Known": lambda text: operands.Known([(text, None)] * 3).nearest(text, [text]),
    "operands.apart": lambda text: operands.apart(quantities_of(text)),
    "operands.read": operands.read,
    "operands.terms_of": operands.terms_of,
    "operations.allowed": lambda text: [
        operations.allowed(text, one) for one in amounts_of(text)[:1]
    ],
    "opposites.negated": opposites.negated,
    "opposites.negations": lambda text: list(opposites.negations(text)),
    "opposites.opposed": both(opposites.opposed),
    "qualifiers.compare": both(
        lambda text, quote: qualifiers.compare(text, quote, about=coverage.content(text))
    ),
    "quantities.Quantity": lambda text: [(one.near, one.counted) for one in quantities_of(text)],
    "quantities.labels": quantities.labels,
    "quantities.quantities": quantities.quantities,
    "quantity_fit.all_fit": both(
        lambda text, quote: quantity_fit.all_fit(quantities_of(text), quantities_of(quote))
    ),
    "quantity_fit.fits": both(
        lambda text, quote: [
            quantity_fit.fits(one, quantities_of(quote)) for one in quantities_of(text)[:1]
        ]
    ),
    "replying.ReplyCheck": both(
        lambda text, quote: replying.ReplyCheck([passage(quote)], model=FakeEntailment()).verdict(
            replying.Claim(text[:1_900], text[:1_900], "sentence", labels=(1,))
        )
    ),
    "texts.TextCheck": both(
        lambda text, quote: texts.TextCheck(
            [passage(quote)], strange=0.5, model=FakeEntailment()
        ).verdict(replying.Claim(text[:1_900], text[:1_900], "sentence"))
    ),
    "rows.Row": lambda text: rows.row(row_of(text), frozenset({(text,)})),
    "rows.is_of_another": lambda text: rows.is_of_another(text, told_row(text)),
    "rows.keeps_columns": lambda text: rows.keeps_columns(text, told_row(text)),
    "rows.labels": lambda text: rows.labels([row_of(text)] * 2),
    "rows.letters": rows.letters,
    "rows.names_others": lambda text: rows.names_others(text, told_row(text)),
    "rows.row": lambda text: rows.row(row_of(text), frozenset()),
    "rows.said": lambda text: rows.said(row_of(text)),
    "rows.turns": lambda text: rows.turns(text, told_row(text)),
    "quotes.Quote": lambda text: [one.citation() for one in cut(text)],
    "quotes.of_passages": lambda text: list(quotes.of_passages([passage(text)])),
    "quotes.of_text": lambda text: quotes.of_text(passage("A."), text),
    "entailment.Reading": lambda text: Reading(FakeEntailment(), [passage(text)]).settle(
        Sentence(text[:1_900], "unsupported")
    ),
    "premises.Source": lambda text: [each.text for each in premises.sources([passage(text)])],
    "premises.choose": lambda text: premises.choose(text, premises.sources([passage(text)])),
    "premises.source": lambda text: [
        premises.source(passage(text), one) for one in statements.of(passage(text))
    ],
    "premises.sources": lambda text: premises.sources([passage(text)]),
    "premises.write": lambda text: premises.write(premises.sources([passage(text)])),
    "script.is_chinese": script.is_chinese,
    "spans.between": lambda text: list(
        spans.between(*quantities_of("1 May 2029, 3 May 2029"), "day", text=text)
    ),
    "spans.dated": lambda text: [spans.dated(one) for one in quantities_of(text)],
    "spans.is_asked": spans.is_asked,
    "tokens.Token": lambda text: tokens.Token(text, ""),
    "tokens.canonical": tokens.canonical,
    "tokens.characters": tokens.characters,
    "tokens.clause_words": lambda text: [
        tokens.clause_words(text, chinese=chinese) for chinese in (True, False)
    ],
    "tokens.of_a_kind": lambda text: tokens.of_a_kind(f"5 {text}", f"5 {text}"),
    "tokens.words_of": tokens.words_of,
    "units.after": lambda text: units.after(text, 0),
    "units.alike": lambda text: units.alike(text, text),
    "units.before": lambda text: units.before(text, len(text)),
    "word_order.acted_alike": both(word_order.acted_alike),
    "word_order.counted_in_turn": both(word_order.counted_in_turn),
    "word_order.in_place": both(word_order.in_place),
    "word_order.is_named": both(word_order.is_named),
    "word_order.marked_alike": both(word_order.marked_alike),
    "word_order.owned_alike": both(word_order.owned_alike),
    "word_order.replaces": both(
        lambda text, quote: word_order.replaces(text, quote, known=coverage.known(quote))
    ),
    # The others only call what is above.
    **{
        f"the check of {check.name}": passes(check)
        for check in agreement.CHECKS
        if check.name in {"subject", "opposites", "names", "new words", "replaced words"}
    },
}
# These read no text: a list of words, or a word of one.
READ_NO_TEXT = {"formulas.Term", "operations.Candidate", "operations.candidates"}
READ_NO_TEXT |= {
    "operations.whole",
    "arithmetic.Computation",
    "arithmetic.Derived",
    "operands.Numbers",
}
READ_NO_TEXT |= {"replying.Claim", "weighing.Heard", "weighing.Trees", "weighing.score"}
READ_NO_TEXT |= {"weighing.features", "weighing.trees", "weighing.trees_of", "weighing.odds"}
READ_NO_TEXT |= {"texts.Weights", "texts.weights", "replying.cited", "replying.led"}
READ_NO_TEXT |= {"clocks.read", "units.factor"}
READ_NO_TEXT |= {
    "entailment.Heard",
    "synonyms.groups",
    "synonyms.light",
    "units.period",
    "units.factor",
}


def public() -> Iterator[str]:
    for module in MODULES:
        for name, value in vars(module).items():
            if (
                not name.startswith("_")
                and (inspect.isclass(value) or callable(value))
                and getattr(value, "__module__", "") == module.__name__
            ):
                yield f"{module.__name__.rpartition('.')[2]}.{name}"


def test_each_public_function_is_tried() -> None:
    tried = {name for name in CALLS if not name.startswith("the check of")}
    assert {*public()} == tried | READ_NO_TEXT


def seconds(call: Call, text: str) -> float:
    """Processor time, on nothing remembered: what else the machine does is not counted."""
    for module in MODULES:
        for value in vars(module).values():
            # What remembers without a bound are vocabularies, which are made once.
            if hasattr(value, "cache_clear") and value.cache_parameters()["maxsize"] is not None:
                value.cache_clear()
    gc.disable()  # it would weigh all that the tests imported
    try:
        began = time.process_time()
        call(text)
        return time.process_time() - began
    finally:
        gc.enable()


HALF = 3_000  # characters; the whole has more words than `word_order.MOST` lets be compared
TOO_SHORT_TO_TELL = 0.05  # seconds; a pattern that tries each run from each place takes 0.2


@pytest.mark.parametrize("name", CALLS)
def test_twice_the_text_takes_about_twice_as_long(name: str) -> None:
    call = CALLS[name]
    call(EN + ZH)  # what is loaded or made once
    slow = {}
    for piece in PIECES:
        half, whole = ((piece * size)[:size] for size in (HALF, 2 * HALF))
        first = seconds(call, whole)
        if first < TOO_SHORT_TO_TELL or first < 3 * min(seconds(call, half) for _ in range(2)):
            continue
        best = [min(seconds(call, text) for _ in range(3)) for text in (half, whole)]
        if best[1] >= TOO_SHORT_TO_TELL and best[1] >= 3 * best[0]:
            slow[piece] = best
    assert slow == {}


@given(st.text("0123456789.,:;%年月日点分之百十万亿零二两第半个 -/apm$", max_size=40))
def test_whatever_looks_like_a_number_is_read(text: str) -> None:
    for one in quantities.quantities(text):
        assert 0 <= one.start < one.end <= len(analysis.fold(text))
        assert one.value


@pytest.mark.parametrize(
    "number", ["1" * 400, "9" * 5000, "亿" * 5000, "hundred " * 5000, "二" * 400]
)
def test_numbers_without_end_are_compared_as_they_are_written(number: str) -> None:
    one, another = (f"It is {said.strip()} in all." for said in (number, 2 * number))
    found = quantities.quantities(one)
    assert [quantity.unit for quantity in found] == ["code"]
    assert not quantity_fit.all_fit(found, quantities.quantities(another))
    assert verify(one, [passage(another)]).support == "unsupported"
