"""What a question asks, where it says to look, how it says to answer."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire.search.query import checked_question
from quire.search.question_parts import asked, parse


@given(st.text())
def test_something_is_always_left_to_search_for(question: str) -> None:
    parts = parse(question)
    assert set(parts.subject.split()) <= set(question.split())
    assert bool(parts.subject.strip()) == bool(question.strip())


@pytest.mark.parametrize(
    ("question", "subject", "source"),
    [
        ("According to the lease, when does it end?", "when does it end?", "the lease"),
        ("Based on the attached file: who leads?", "who leads?", "the attached file"),
        ("What is the rent? Please answer in one sentence.", "What is the rent?", ""),
        ("Is it useful? If not, explain why.", "Is it useful?", ""),
        ("How often? Count all; if none, state that.", "How often? Count all", ""),
        ("How do I bleed the brakes, step by step?", "How do I bleed the brakes?", ""),
        ("What are the steps, in order, for a refund?", "What are the steps for a refund?", ""),
        ("按先后顺序，怎么办理离校？", "怎么办理离校？", ""),
        ("根据租赁合同，租金是多少？请注明页码。", "租金是多少？", "租赁合同"),
        ("租期多长？如果没有约定，请说明。", "租期多长？", ""),
    ],
)
def test_sources_and_directions_are_told_apart(question: str, subject: str, source: str) -> None:
    parts = parse(question)
    assert (parts.subject, parts.source) == (subject, source)


@pytest.mark.parametrize(
    "question",
    [
        "According to Darwin, why do species change?",
        "In the report on whales, what do they eat?",
        "If the tenant leaves early, what must he say?",
        "Explain the deposit.",
        "List all contracts.",
        "Is the lift in order?",
        "In which order do the crews start?",
        "What must I show in order to enter?",
        "根据传统，谁在国会中拥有一个席位？",
        "如果没有，请说明。",
    ],
)
def test_what_is_the_question_itself_stays(question: str) -> None:
    assert parse(question).subject == question


EN_MAIL = """Dear Ms Brook,

I hope you are well. We came back from our holiday last week and found a letter from the council
about the bins. My wife and I have lived at Mill Lane 17 since 2019, and we have always paid the
rent on the first of the month. The boiler was serviced in March by your plumber, Mr. Fox.

Since then it has started to make a noise at night, and the children cannot sleep.

{asks}

Many thanks for your help, and have a good week. We will be away again from Thursday on, but you can
reach us by telephone at any time.

Kind regards,
Anna Webb

On Monday Ms Brook wrote:
> Would you like to renew the insurance of the flat? The offer ends in June.
"""
ZH_MAIL = """王经理：

您好！我们上个月从贵公司购买了一台水泵，型号是BX-1007-A，一直运行得很好，同事们都很满意。安装的时候得到了
贵公司工程师的大力帮助，在此表示感谢。最近天气转冷，车间里温度很低，我们准备对所有设备做一次全面的检查，
并且安排新来的员工学习怎么维护。

{asks}

另外，我们下周会派人去贵公司拜访，到时候再详细交流。祝工作顺利，身体健康，万事如意！

李明
"""


@pytest.mark.parametrize(
    ("mail", "asks", "expected"),
    [
        (EN_MAIL, "Who pays for repairs of the boiler?", "Who pays for repairs of the boiler?"),
        (
            EN_MAIL,
            "Could you tell me who pays for repairs of the boiler. I am not sure.",
            "Could you tell me who pays for repairs of the boiler.",
        ),
        (
            EN_MAIL,
            "How are you? Can you help us? What is the notice period of the lease?",
            "What is the notice period of the lease?",
        ),
        (
            EN_MAIL,
            "The new tariff T-4 starts soon. What does it cost a month?",
            "What does it cost a month? (T-4)",
        ),
        (ZH_MAIL, "请问水泵的额定功率是多少？", "请问水泵的额定功率是多少？"),
        (ZH_MAIL, "想了解水泵每隔多久要换一次油。", "想了解水泵每隔多久要换一次油。"),
        (ZH_MAIL, "您好吗？水泵的保修期有多长？", "水泵的保修期有多长？"),
    ],
)
def test_a_long_mail_is_reduced_to_what_it_asks(mail: str, asks: str, expected: str) -> None:
    assert asked(mail.format(asks=asks)) == expected


def test_all_that_a_mail_asks_is_kept() -> None:
    found = asked(EN_MAIL.format(asks="When does the lease end? Are dogs allowed in the garden?"))
    assert found == "When does the lease end? Are dogs allowed in the garden?"


@pytest.mark.parametrize("text", ["When does the lease end?", "word " * 300, EN_MAIL[:250]])
def test_a_short_text_and_one_that_asks_nothing_stay(text: str) -> None:
    assert asked(text) == text


@given(st.text(alphabet="a b?.\n，。？吗Z9>", max_size=900))
def test_what_is_asked_is_never_empty(text: str) -> None:
    assert bool(asked(text).strip()) == bool(text.strip())


def test_a_question_at_the_end_of_200_kilobytes_is_found_in_linear_time() -> None:
    told = "The pump runs well. The staff are happy with it, by and large. "
    times = []
    for copies in (400, 3200):
        text = told * copies + "What is the rated power of the BX-1007-A?"
        began = time.process_time()
        assert asked(text) == "What is the rated power of the BX-1007-A?"
        assert checked_question(text) == asked(text)
        times.append(time.process_time() - began)
    assert times[1] < 40 * max(times[0], 0.01)
