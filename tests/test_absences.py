"""What a reply says of what the sources do not tell."""

import pytest

from quire.answering.absences import NOT_FOUND, finds_nothing, told
from quire.answering.reply_statements import ReplyStatements


def finds(reply: str) -> bool:
    parser = ReplyStatements()
    return finds_nothing([told(one) for one in (*parser.hear(reply), *parser.finish())])


@pytest.mark.parametrize(
    "reply",
    [
        "The passages are silent on who repairs the lift.",
        "I'm sorry. Nothing in the handbook mentions a bicycle allowance. Please ask HR.",
        "The file does not give the weight of the crate; it is about its paint only.",
        "It cannot be determined from the minutes who voted against.",
        "There is no information on refunds in the given documents.",
        "资料里没有写电梯由谁维修。",
        "抱歉，所给文档未提及自行车补贴。建议咨询人事部门。",
        "根据现有材料无法确定谁投了反对票。",
        "資料中沒有提到退款。",
    ],
)
def test_a_reply_that_finds_nothing_is_told(reply: str) -> None:
    assert finds(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "No, bicycles may not be kept in the hall [1].",
        "There is no charge for the first key [2].",
        "The tenant does not have to give a reason [1].",
        "The documents do not name the price. The crate weighs 40 kg [2].",
        "The crate weighs 40 kg [2], but its price is not in the sources.",
        "不可以，走廊里不得停放自行车[1]。",
        "第一把钥匙不收费[2]。",
        "资料没有给出价格。箱子重40公斤[2]。",
    ],
)
def test_an_answer_that_denies_something_or_tells_a_part_is_none(reply: str) -> None:
    assert not finds(reply)


def test_the_form_that_is_asked_for() -> None:
    for reply in ("NOT FOUND: the price.", "**NOT FOUND:** the price.", "未找到：价格。"):
        found = NOT_FOUND.match(reply)
        assert found
        assert reply[found.end() :] in {"the price.", "价格。"}
    assert not NOT_FOUND.match("Not all of it was found.")
