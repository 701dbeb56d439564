"""What counts as support for a sentence, and what never does."""

import pytest

from made_passages import passage
from quire.verification import verify, without_labels

EN = passage(
    "The tenant pays 6,800 yuan a month. The lease ends on 31 March 2029. Smoking is not permitted "
    "in the dome. Mira Lindqvist signs for the landlord.",
    page=3,
)
ZH = passage("员工每年享有五天年假。圆顶内不得使用干粉灭火器。接地电阻不得大于4欧姆。", page=7)


@pytest.mark.parametrize(
    ("sentence", "passages", "quote"),
    [
        ("The lease ends on 31 March 2029.", EN, "The lease ends on 31 March 2029."),
        ("The tenant pays 6800 yuan a month [1].", EN, "The tenant pays 6,800 yuan a month."),
        ("Smoking is not permitted.", EN, "Smoking is not permitted in the dome."),
        ("接地电阻不得大于4欧姆。", ZH, "接地电阻不得大于4欧姆。"),
        ("員工每年享有五天年假。", ZH, "员工每年享有五天年假。"),
    ],
)
def test_a_sentence_whose_words_stand_in_a_passage_is_supported_with_the_quote(
    sentence: str, passages: object, quote: str
) -> None:
    verdict = verify(sentence, [passages])  # type: ignore[list-item]
    assert (verdict.support, verdict.quote) == ("supported", quote)


@pytest.mark.parametrize(
    "sentence",
    [
        "The lease ends on 31 March 2028.",
        "The tenant pays 8,600 yuan a month.",
        "The lease ends on 31 May 2029.",
        "Smoking is permitted in the dome.",
        "The lease does not end on 31 March 2029.",
        "Jonas Lindqvist signs for the landlord.",
        "Penguins live in the southern hemisphere.",
    ],
)
def test_a_changed_number_name_or_negation_is_not_supported(sentence: str) -> None:
    verdict = verify(sentence, [EN])
    assert (verdict.support, verdict.citations) == ("unsupported", ())


@pytest.mark.parametrize(
    "sentence",
    [
        "员工每年享有六天年假。",
        "圆顶内可以使用干粉灭火器。",
        "接地电阻不得大于5欧姆。",
        "企鹅住在南极。",
    ],
)
def test_a_changed_chinese_sentence_is_not_supported(sentence: str) -> None:
    assert verify(sentence, [ZH]).support == "unsupported"


def test_a_sentence_of_which_half_stands_in_a_passage_is_partly_supported() -> None:
    sentence = "The lease ends on 31 March 2029 after careful review."
    assert verify(sentence, [EN]).support == "partly"


def test_the_citation_has_the_passage_label_page_and_offsets() -> None:
    (citation,) = verify("接地电阻不得大于4欧姆。", [EN, ZH]).citations
    assert (citation.page, citation.document.id) == (7, ZH.document.id)
    start = citation.start - ZH.span.start
    assert ZH.text[start : start + len(citation.quote)] == citation.quote


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("It ends in March [1].", "It ends in March."),
        ("It ends【2】 in March (1, 3).", "It ends in March."),
        ("四欧姆［1］。", "四欧姆。"),
        ("It grew by 5 (five) percent.", "It grew by 5 (five) percent."),
    ],
)
def test_labels_that_the_model_wrote_are_taken_out(written: str, kept: str) -> None:
    assert without_labels(written) == kept


RENT = passage(
    "3. Rent, charges and deposit\n\n3.1 The rent is CNY 6,800 a month. 3.2 The deposit is CNY "
    "20,400. It is paid back in April."
)


def test_two_sentences_or_a_heading_do_not_prove_what_neither_says() -> None:
    assert verify("The deposit is 6,800 CNY.", [RENT]).support != "supported"
    assert verify("The rent is CNY 20,400 a month.", [RENT]).support != "supported"
    assert verify("Rent, charges and deposit.", [RENT]).support == "partly"


def test_a_sentence_that_points_back_is_proved_together_with_the_one_before() -> None:
    verdict = verify("The deposit is paid back in April.", [RENT])
    assert verdict.support == "supported"
    assert verdict.quote.endswith("It is paid back in April.")
    assert "20,400" in verdict.quote


def test_a_sentence_that_points_back_lends_no_support_to_one_that_says_nothing_of_it() -> None:
    maps = passage("Pike lent the society four maps. The society keeps them in its archive.")
    assert verify("The society lent Pike four maps.", [maps]).support != "supported"
    assert verify("The society keeps four maps in its archive.", [maps]).support == "supported"


def test_nothing_is_supported_by_nothing() -> None:
    assert verify("The lease ends in March.", []).support == "unsupported"
    assert verify("", [EN]).support == "unsupported"


LEASE = passage(
    "The landlord waives the surcharge once in a year if the tenant asks for it. The tenant is the "
    "Harrow Fen Society. The premises are the East Dome with its control room."
)
SITE = passage("出租人每年一次免除承租人的滞纳金。承租人是天文学会。场所为东圆顶及其控制室。")


@pytest.mark.parametrize(
    ("sentence", "where", "support"),
    [
        ("The landlord is the tenant.", LEASE, "partly"),
        ("The tenant is the East Dome.", LEASE, "partly"),
        ("The tenant is the Harrow Fen Society.", LEASE, "supported"),
        ("The Harrow Fen Society is the tenant.", LEASE, "supported"),
        ("The premises are the East Dome.", LEASE, "supported"),
        ("出租人是承租人。", SITE, "partly"),
        ("承租人是天文学会。", SITE, "supported"),
        ("场所是东圆顶。", SITE, "supported"),
    ],
)
def test_what_something_is_must_be_said_of_it(sentence: str, where: object, support: str) -> None:
    assert verify(sentence, [where]).support == support  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        # A number that only names something, or belongs to something else, or is bounded.
        ("The fee is 4.", "4.2 The fee is EUR 95."),
        ("The pump runs for 300 hours.", "The PX-300 pump runs for 12 hours."),
        ("罚款为三元。", "第三条 罚款为五十元。"),
        ("The hall cost 1974 crowns.", "In 1974 the hall cost 40 crowns."),
        ("The ferry takes 8 cars.", "The ferry takes 20 cars and the raft takes 8 cars."),
        ("儿童票为60元。", "成人票为60元，儿童票为20元。"),
        ("It weighs 7 mg.", "It weighs 7 g."),
        ("电缆电压为6伏。", "电缆电压为6千伏。"),
        ("It fell to 9 °C.", "It fell to -9 °C."),
        ("Ten days are enough.", "Ten to fifteen days are enough."),
        ("Five years are needed.", "At least five years are needed."),
        ("申请须在5月3日提交。", "申请须在5月3日前提交。"),
        ("The pool closes in June.", "The pool closes in July."),
        ("Filters are changed every month.", "Filters are changed every two months."),
        ("It opens at 8 pm.", "It opens at 8 am."),
        # What was denied, or made a condition or an exception.
        ("The crew repaired the mast.", "The crew did not fully repair the mast."),
        ("仓库按期交付。", "仓库没有按期交付。"),
        ("The ghost lives in the tower.", "There is no proof that the ghost lives in the tower."),
        ("Guests may cook.", "Guests may cook only with permission."),
        ("住户可以养狗。", "经房东同意，住户可以养狗。"),
        ("The cook got a medal.", "Everyone but the cook got a medal."),
        ("Guests must tip.", "Guests may tip."),
        ("The mill moved to Ostergate.", "The mill plans to move to Ostergate."),
        ("All rooms have a bath.", "Most rooms have a bath."),
        # Who does what to whom.
        ("The cat chased the goose.", "The goose chased the cat."),
        ("The goose was chased by the cat.", "The goose chased the cat."),
        ("乙方应通知甲方。", "甲方应通知乙方。"),
        ("保险费由房东承担。", "维修费由房东承担，保险费由住户承担。"),
        ("The bus goes from York to Leeds.", "The bus goes from Leeds to York."),
        ("Plan C is full.", "Plan B is full."),
        ("rent rent rent rent rent", "The rent is due in May."),
    ],
)
def test_a_sentence_that_claims_more_or_other_than_its_quote_is_not_supported(
    sentence: str, quote: str
) -> None:
    assert verify(sentence, [passage(quote)]).support != "supported"


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("The raft takes 8 cars.", "The ferry takes 20 cars and the raft takes 8 cars."),
        ("儿童票为20元。", "成人票为60元，儿童票为20元。"),
        ("In May the goose was chased by the cat.", "The cat chased the goose in May."),
        ("石桥由高兰英修建。", "高兰英修建了石桥。"),
        ("Ada Holm is the keeper.", "The keeper, Ada Holm, has the key."),
        ("Yes, guests may cook.", "Guests may cook."),
        ("No. Guests may not cook.", "Guests may not cook."),
        ("According to the handbook, guests may cook.", "Guests may cook."),
        ("根据手册，住户可以养狗。", "住户可以养狗。"),
        ("2. The pool closes in July.", "The pool closes in July."),
        ("It opens at 08:00.", "It opens at 8 am."),
        ("资本为一亿二千万元。", "资本为1.2亿元。"),
        ("罚金为千分之五。", "罚金为5‰。"),
        ("The shed holds two and a half tonnes.", "The shed holds 2.5 tonnes."),
        ("It dates from the 19th century.", "It dates from the nineteenth century."),
        ("周一闭馆。", "星期一闭馆。"),
        ("The inn lasted until 1902.", "The inn, built in 1880, lasted until 1902."),
    ],
)
def test_a_sentence_that_says_part_of_its_quote_or_the_same_otherwise_is_supported(
    sentence: str, quote: str
) -> None:
    assert verify(sentence, [passage(quote)]).support == "supported"


def test_a_number_in_brackets_within_a_sentence_is_no_label() -> None:
    assert without_labels("His best season (14) came late.") == "His best season (14) came late."
    assert without_labels("附件（3）已执行。") == "附件（3）已执行。"


POWER = passage(
    "Table 2: Machines\n\n| | Model A | Model B |\n|---|---|---|\n"
    "| Rated power | 5.5 kW | 7.5 kW |\n| Weight | 61 kg | 84 kg |"
)
INCOME = passage("| in EUR thousand | 2022 | 2023 |\n|---|---|---|\n| Net result | (35) | 12 |")
HALLS = passage(
    "| Machine | Hall | Grade |\n|---|---|---|\n| Press 7 | C | G5 |\n| Mill 2 | B | G4 |"
)
LODGING = passage(
    "| 城市类别 | 住宿上限（元/晚） |\n|---|---|\n| 一类城市 | 550 |\n| 二类城市 | 400 |"
)
LIST = passage("The fee does not include:\n- cleaning of windows\n- heating")


@pytest.mark.parametrize(
    ("sentence", "where"),
    [
        ("Model B has a rated power of 7.5 kW.", POWER),
        ("The rated power is 5.5 kW for Model A and 7.5 kW for Model B.", POWER),
        ("The net result was -35 in 2022.", INCOME),
        ("Press 7 stands in hall C.", HALLS),
        ("二类城市的住宿上限是400元。", LODGING),
        ("The fee does not include heating.", LIST),
    ],
)
def test_a_row_supports_what_stands_in_it_under_its_header(sentence: str, where: object) -> None:
    verdict = verify(sentence, [where])  # type: ignore[list-item]
    assert verdict.support == "supported"


def test_the_quote_of_a_row_comes_with_its_header() -> None:
    row, *above = verify("Model B has a rated power of 7.5 kW.", [POWER]).citations
    assert row.quote == "| Rated power | 5.5 kW | 7.5 kW |"
    assert [citation.quote for citation in above] == [
        "Table 2: Machines",
        "| | Model A | Model B |",
    ]


@pytest.mark.parametrize(
    ("sentence", "where"),
    [
        ("Model A has a rated power of 7.5 kW.", POWER),
        ("Model C has a rated power of 7.5 kW.", POWER),
        ("The weight of Model B is 7.5 kW.", POWER),
        ("The rated power is 7.5 kW for Model A and 5.5 kW for Model B.", POWER),
        ("Model B has a rated power of 7.5 MW.", POWER),
        ("The net result was 35 in 2022.", INCOME),
        ("The net result was -35 in 2023.", INCOME),
        ("Press 7 stands in hall B.", HALLS),
        ("Mill 2 stands in hall C.", HALLS),
        ("一类城市的住宿上限是400元。", LODGING),
        ("The fee includes heating.", LIST),
    ],
)
def test_another_column_row_letter_or_unit_is_not_supported(sentence: str, where: object) -> None:
    verdict = verify(sentence, [where])  # type: ignore[list-item]
    assert verdict.support == "unsupported"
