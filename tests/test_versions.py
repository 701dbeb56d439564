"""Of two documents that say different things about the same, the newer is the answer and the older
is named; what was valid then, and what has changed, can be asked for."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from quire import Answer, KnowledgeBase, Sentence, load_settings
from quire.answering import quoting, showing
from quire.answering.finding import find
from quire.answering.found import Found
from quire.answering.question import Asked
from quire.conversations import layout
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.models.protocols import Message

pytestmark = pytest.mark.usefixtures("parser_here")

POLICY = {
    "travel-2023.md": "# Travel policy\n\nVersion 2.0, valid from 1 January 2023\n\nThe daily meal "
    "allowance is €28. Receipts are submitted within 60 days. First-class rail travel is allowed "
    "for journeys of more than four hours. Tips are not repaid.",
    "travel-2025.md": "# Travel policy\n\nVersion 3.1, valid from 1 January 2025. This version "
    "replaces version 2.0.\n\nThe daily meal allowance is €34. Receipts are submitted within 30 "
    "days. First-class rail travel is no longer allowed. Tips are not repaid.",
}
POLICY_ZH = {
    "差旅办法 V1.0.md": "# 差旅管理办法\n\n版本：V1.0。自2022年3月1日起施行。\n\n"
    "国内出差的餐费补贴为每天80元。报销单据应在60天内提交。可以乘坐一等座。",
    "差旅办法 V2.0.md": "# 差旅管理办法\n\n版本：V2.0。本版替代V1.0，自2025年1月1日起施行。\n\n"
    "国内出差的餐费补贴为每天100元。报销单据应在30天内提交。不得乘坐一等座。",
}
CONTRACT = {
    "lease.txt": "LEASE OF THE BOAT HALL\n\nContract reference BH/2021/3. Dated 3 May 2021.\n\n"
    "4.1 The tenant pays a yearly rent of £8,400 in four parts.\n\n"
    "4.2 The rent is due within 30 days of the invoice. A late payment bears interest of 4%.\n\n"
    "7.1 The landlord hands over six keys of the hall. A lost key is reported within one hour.\n",
    "lease_amendment-1.txt": "AMENDMENT NO. 1\n\nto the lease, contract reference BH/2021/3\n\n"
    "Dated: 2 March 2023\n\n"
    "B.1 Rent. In clause 4.1 the figure of £8,400 is replaced by £9,600 with effect from 1 May "
    '2023.\n\nB.2 Keys. In clause 7.1 the words "six keys" are replaced by "nine keys".\n\n'
    'B.3 Payment. Clause 4.2 is replaced by:\n\n     "4.2 The rent is due within 21 days of the '
    'invoice."\n',
    "lease_amendment-2.txt": "AMENDMENT NO. 2\n\nto the lease, contract reference BH/2021/3\n\n"
    "Dated: 9 October 2024. It takes effect on 1 January 2025.\n\n"
    "2.1 Payment. Clause 4.2, as replaced by Amendment No. 1, is replaced by: “4.2 The rent is due "
    "within 14 days of the invoice.”\n",
}
CONTRACT_ZH = {
    "合同.md": "# 食堂承包合同\n\n合同编号：HY-2023-041\n\n签订日期：2023年5月22日\n\n"
    "## 第三条 费用\n\n3.1 服务费为每年480,000元。\n\n3.2 甲方收到发票后30日内付款。\n\n"
    "## 第四条 响应\n\n| 级别 | 远程响应 | 到场 |\n|---|---|---|\n| 一级故障 | 30分钟 | 4小时 |\n"
    "| 二级故障 | 1小时 | 24小时 |\n\n---\n\n"
    "# 补充协议（一）\n\n签订日期：2024年11月20日\n\n"
    "一、原合同第3.1款变更为：自2025年1月1日起，服务费为每年570,000元。\n\n"
    "二、原合同第四条中，一级故障的远程响应由30分钟变更为15分钟，到场由4小时变更为2小时。\n",
}
PRICES = {
    "moorings-2024.csv": "Berth,Price per night\nSmall,18\nLarge,31\nQuay,44\n",
    "moorings-2025.csv": "Berth,Price per night\nSmall,21\nLarge,31\nQuay,49\n",
}
MINUTES = {
    "minutes.md": "# Hall committee\n\n## First meeting – 19 September 2024\n\n"
    "- **D-11** The hall is heated by an oil boiler.\n"
    "- **D-12** Work begins on Monday 3 March 2025.\n"
    "- **D-13** The charge for the hall is £16 an hour.\n\n"
    "## Second meeting – 14 November 2024\n\n"
    "- **D-21** Decision D-11 is withdrawn. The hall is heated by a heat pump.\n"
    "- **D-22** The start of work is put back from 3 March to 17 March 2025.\n",
}
MINUTES_ZH = {
    "纪要.md": "# 业委会会议纪要\n\n## 第七次会议 2024年8月24日\n\n"
    "- 决议7-1：外来车辆每小时5元，每日最高30元。\n- 决议7-2：泳池自9月8日起关闭。\n\n"
    "## 第八次会议 2024年10月19日\n\n- 决议8-1：决议7-1的每日最高额由30元改为40元，其余不变。\n",
}

INSURANCE = {
    "policy.md": "# Northgate Mutual\n\n## Boat policy BP-4077-2\n\n### Section A. Cover\n\n"
    "| Cover | Limit | Deductible |\n|---|---|---|\n| Hull | $42,000 | $1,000 |\n"
    "| Sails | $1,500 | $200 |\n\n### Section C. What is not insured\n\n"
    "C.1 We do not pay for: (a) frost, (b) vermin.\n\n"
    "C.2 We do not pay for theft if the boat was left for more than 30 days in a row.\n\n"
    "### Section D. Amendment\n\nD.1 The hull is painted every 5 years.\n\n"
    "## Endorsement no. 1 to policy BP-4077-2\n\nEffective 15 June 2023.\n\n"
    "1. The deductible for the hull in Section A is raised from $1,000 to $1,600.\n\n"
    '2. Exclusion C.1(a) is deleted.\n\n3. In C.2 the words "30 days" are replaced by "45 days".\n',
}
STORAGE = {
    "storage.md": "# Orchard Cold Store\n\n## Agreement no. OCS-2022-118\n\n"
    "### Article 1. Charges\n\n"
    "| Room | Pallets | Charge |\n|---|---|---|\n| Chill (2 °C) | 400 | €3.20 |\n"
    "| Freezer (-20 °C) | 150 | €5.10 |\n\n### Article 3. Liability\n\n"
    "3.1 The keeper does not pay for (a) loss of weight, (b) mould, (c) delays by customs.\n\n"
    "### Article 4. Notice\n\n4.1 Either party may end the agreement with 6 months' notice.\n\n"
    "## Addendum 2 to agreement OCS-2022-118\n\nIn force from 1 September 2023.\n\n"
    "1. The charge for the freezer in Article 1 is raised from €5.10 to €5.60.\n\n"
    '2. Clause 3.1(c) is deleted.\n\n3. In 4.1 the words "6 months" are replaced by "9 months".\n',
}
COUNCIL = {
    "2024-03-11 minutes.md": "# Minutes of the meeting of 11 March 2024\n\n## 3. Pool\n\n"
    "Decided: a lifeguard is hired for the pool (4 for, 1 against).\n\n## 4. Roof of the hall\n\n"
    "Decided: the contract for the roof goes to Brightside. Work begins on 1 September 2024.\n",
    "2024-06-17 minutes.md": "# Minutes of the meeting of 17 June 2024\n\n"
    "## 2. Roof of the hall\n\nDecided: the contract for the roof goes to Alpine. "
    "Work begins on 15 October 2024.\n\n"
    "## 5. Dues\n\nDecided: the dues for the hall are raised to $335 (3 for, 2 against).\n",
}
COUNCIL_ZH = {
    "3月纪要.md": "# 2024年3月11日会议纪要\n\n"
    "## 四、屋顶维修\n\n决定：屋顶维修工程定于9月1日开工。\n",
    "6月纪要.md": "# 2024年6月17日会议纪要\n\n"
    "## 三、屋顶维修\n\n决定：屋顶维修工程定于10月15日开工。\n",
}


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Found]:
    """Adds documents, given by their names, and finds what answers a question."""

    def asked(files: Mapping[str, str], question: str) -> Found:
        for name, text in files.items():
            path = tmp_path / name
            path.write_text(text, encoding="utf-8")
            os.utime(path, (1.7e9, 1.7e9))
        return find_in(tmp_path, question, list(files))

    return asked


def find_in(folder: Path, question: str, names: list[str]) -> Found:
    settings = load_settings(kb=folder / "kb", model="none")
    with KnowledgeBase.open(folder / "kb", settings=settings, embedder=FakeEmbedder()) as kb:
        kb.add([folder / name for name in names])
        retriever = kb._search()
        assert retriever
        return find(Asked(question, "talk", passages=6, answer_tokens=64), retriever)


def told(found: Found) -> tuple[list[str], list[str]]:
    """What is shown of the evidence, however little that is, and what is named beside it."""
    shown = showing.show(found.standalone, found.evidence).sentences
    beside, _ = quoting.other_versions(found, shown)
    return [sentence.text for sentence in shown], [sentence.text for sentence in beside]


def changes(found: Found) -> tuple[Sentence, ...]:
    status, shown = quoting.quoted(found)
    assert found.changes
    assert status == "extractive"
    return shown.sentences


@pytest.mark.parametrize(
    ("files", "question", "newer", "older"),
    [
        (POLICY, "What is the daily meal allowance?", "€34", "€28"),
        (POLICY, "Within how many days are receipts submitted?", "30 days", "60 days"),
        (POLICY, "Is first-class rail travel allowed?", "no longer allowed", "four hours"),
        (POLICY_ZH, "国内出差的餐费补贴是多少？", "100元", "80元"),
        (POLICY_ZH, "可以乘坐一等座吗？", "不得乘坐", "可以乘坐"),
        (CONTRACT, "How high is the yearly rent?", "£9,600", "£8,400"),
        (CONTRACT, "How many keys of the hall are handed over?", "nine keys", "six keys"),
        (CONTRACT_ZH, "服务费每年多少？", "570,000", "480,000"),
        (CONTRACT_ZH, "一级故障的远程响应是多少？", "15分钟", "30分钟"),
        (PRICES, "What is the price per night of the Quay berth?", "49", "44"),
        (MINUTES, "How is the hall heated, by an oil boiler?", "heat pump", "oil boiler"),
        (MINUTES, "When does work begin on Monday?", "17 March", "Monday 3 March"),
        (MINUTES_ZH, "外来车辆每日最高多少元？", "40元", "每日最高30元"),
        (INSURANCE, "After how many days is theft not paid for?", "45 days", "30 days in a row"),
        (INSURANCE, "Is frost insured?", "is deleted", "frost"),
        (INSURANCE, "How high is the deductible for the hull?", "$1,600", "Deductible: $1,000"),
        (STORAGE, "How many months' notice ends the agreement?", "9 months", "with 6 months"),
        (STORAGE, "What is the charge for the freezer room?", "€5.60", "Charge: €5.10"),
        (COUNCIL, "Who gets the contract for the roof?", "Alpine", "Brightside"),
        (COUNCIL_ZH, "屋顶维修工程何时开工？", "10月15日", "9月1日"),
    ],
)
def test_the_newer_is_the_answer_and_the_older_is_named_with_its_quote(
    ask: Callable[..., Found], files: dict[str, str], question: str, newer: str, older: str
) -> None:
    found = ask(files, question)
    shown, beside = told(found)
    assert any(newer in text for text in shown)
    assert not any(older in text and newer not in text for text in shown)
    assert any(older in text for text in beside)
    labels = {passage.label for passage in found.passages}
    assert all(set(s.labels) <= labels for s in quoting.other_versions(found, _shown(found))[0])


def _shown(found: Found) -> tuple[Sentence, ...]:
    return showing.show(found.standalone, found.evidence).sentences


def test_every_amendment_of_a_clause_is_told_from_the_newest_back(
    ask: Callable[..., Found],
) -> None:
    shown, beside = told(ask(CONTRACT, "Within how many days of the invoice is the rent due?"))
    assert "14 days" in shown[0]
    assert ["21 days" in beside[0], "30 days" in beside[1]] == [True, True]


@pytest.mark.parametrize(
    ("files", "question", "said"),
    [
        (CONTRACT, "Within what time is a lost key reported?", "one hour"),
        (CONTRACT_ZH, "二级故障的远程响应是多少？", "二级故障"),
        (MINUTES, "What is the charge for the hall an hour?", "£16"),
        (POLICY, "Are tips repaid?", "not repaid"),
        (INSURANCE, "Is damage by vermin insured?", "vermin"),
        (INSURANCE, "How often is the hull painted?", "5 years"),
        (COUNCIL, "Is a lifeguard hired for the pool?", "is hired"),
    ],
)
def test_what_no_change_touches_stands_alone(
    ask: Callable[..., Found], files: dict[str, str], question: str, said: str
) -> None:
    shown, beside = told(ask(files, question))
    assert said in "\n".join(shown)
    assert beside == []


def test_a_change_of_one_item_leaves_the_sentence_that_tells_all(
    ask: Callable[..., Found],
) -> None:
    shown, beside = told(ask(STORAGE, "Does the keeper pay for mould?"))
    assert any("(b) mould" in text for text in shown)
    assert [text for text in beside if "3.1(c) is deleted" in text]


@pytest.mark.parametrize(
    ("files", "question", "then", "now"),
    [
        (POLICY, "What was the daily meal allowance in 2023?", "€28", "€34"),
        (POLICY, "What was the daily meal allowance before?", "€28", "€34"),
        (POLICY, "What is the daily meal allowance under version 2.0?", "€28", "€34"),
        (POLICY_ZH, "原来国内出差的餐费补贴是多少？", "80元", "100元"),
        (POLICY_ZH, "2023年国内出差的餐费补贴是多少？", "80元", "100元"),
        (CONTRACT, "What was the yearly rent originally?", "£8,400", "£9,600"),
        (CONTRACT, "How high was the yearly rent in 2022?", "£8,400", "£9,600"),
        (CONTRACT, "How high was the yearly rent in 2024?", "£9,600", "£8,400"),
        (CONTRACT_ZH, "2024年的服务费每年多少？", "480,000", "570,000"),
        (PRICES, "What was the price per night of the Quay berth in 2024?", "44", "49"),
        (INSURANCE, "After how many days was theft not paid for in 2022?", "30 days", "45 days"),
        (COUNCIL, "Who got the contract for the roof in March?", "Brightside", "Alpine"),
        (COUNCIL_ZH, "3月的会议定的屋顶维修何时开工？", "9月1日", "10月15日"),
    ],
)
def test_a_question_for_the_past_gets_what_was_valid_then(
    ask: Callable[..., Found], files: dict[str, str], question: str, then: str, now: str
) -> None:
    shown, beside = told(ask(files, question))
    assert any(then in text for text in shown)
    assert not any(now in text and then not in text for text in shown)
    assert any(now in text for text in beside)


@pytest.mark.parametrize(
    ("files", "question", "pairs"),
    [
        (POLICY, "What changed between version 2.0 and version 3.1?", [("€34", "€28")]),
        (POLICY, "What changed?", [("30 days", "60 days"), ("no longer", "four hours")]),
        (POLICY_ZH, "V2.0与V1.0相比有哪些变化？", [("100元", "80元"), ("不得乘坐", "可以乘坐")]),
        (CONTRACT, "What changed in the lease?", [("£9,600", "£8,400"), ("nine keys", "six keys")]),
        (CONTRACT, "What did Amendment No. 1 change in the lease?", [("21 days", "30 days")]),
        (CONTRACT_ZH, "补充协议修改了哪些条款？", [("570,000", "480,000")]),
        (INSURANCE, "What did the endorsement change?", [("$1,600", "$1,000")]),
        (PRICES, "Which prices for moorings have changed?", [("21", "18"), ("49", "44")]),
    ],
)
def test_what_has_changed_is_told_in_pairs_with_both_quotes(
    ask: Callable[..., Found], files: dict[str, str], question: str, pairs: list[tuple[str, str]]
) -> None:
    sentences = changes(ask(files, question))
    for new, old in pairs:
        (pair,) = [s for s in sentences[1:] if new in s.text and old in s.text]
        quotes = [citation.quote for citation in pair.citations]
        assert new in quotes[0]
        assert any(old in quote for quote in quotes[1:])
    assert not any("not repaid" in s.text or "Large" in s.text for s in sentences)


def test_changes_of_one_thing_are_told_alone(ask: Callable[..., Found]) -> None:
    head, *rest = changes(ask(POLICY, "What changed in the travel policy about receipts?"))
    assert "travel-2025.md" in head.text
    assert ["30 days" in sentence.text for sentence in rest] == [True]


@pytest.mark.parametrize(
    ("files", "question"),
    [
        (  # two models
            {
                "manual-bx-100.md": "# Manual BX-100\n\nThe rated power of the pump is 7.5 kW.",
                "manual-bx-200.md": "# Manual BX-200\n\nThe rated power of the pump is 11 kW.",
            },
            "What is the rated power of the pump?",
        ),
        (  # two sites
            {
                "rules-mill-lane-17.md": "# House rules Mill Lane 17\n\nQuiet hours begin at 22.",
                "rules-mill-lane-19.md": "# House rules Mill Lane 19\n\nQuiet hours begin at 23.",
            },
            "When do quiet hours begin?",
        ),
        (
            {
                "甲型说明书.md": "# 甲型水泵说明书\n\n水泵的额定功率为7.5千瓦。",
                "乙型说明书.md": "# 乙型水泵说明书\n\n水泵的额定功率为11千瓦。",
            },
            "水泵的额定功率是多少？",
        ),
        (  # another contract of the same kind, and its amendment
            {
                "lease-a.txt": "LEASE OF THE BOAT HALL\n\nContract reference BH/2021/3.\n\n"
                "4.1 The tenant pays a yearly rent of £8,400.",
                "lease-b_amendment.txt": "AMENDMENT NO. 1\n\nto the lease, contract reference "
                "TH/2022/8\n\nIn clause 4.1 the figure of £8,400 is replaced by £9,600.",
            },
            "How high is the yearly rent that the tenant pays?",
        ),
        (  # different subjects
            {
                "2023-harbour.md": "# Harbour\n\nMooring costs 25 crowns a night.",
                "2025-museum.md": "# Museum\n\nA ticket costs 40 crowns a day.",
            },
            "How much does mooring cost a night?",
        ),
    ],
)
def test_what_is_about_something_else_is_no_version(
    ask: Callable[..., Found], files: dict[str, str], question: str
) -> None:
    found = ask(files, question)
    assert found.evidence
    assert not any(chain.others for chain in found.chains)


def test_the_same_text_twice_is_told_once(ask: Callable[..., Found]) -> None:
    copy = POLICY["travel-2023.md"].replace("Version 2.0", "Version 2.0 (copy)")
    files = {"travel-2023.md": POLICY["travel-2023.md"], "travel-2023 copy.md": copy}
    shown, beside = told(ask(files, "What is the daily meal allowance?"))
    assert len(shown) == 1
    assert beside == []


def test_where_nothing_tells_which_is_newer_both_are_told(ask: Callable[..., Found]) -> None:
    files = {
        "handbook.md": "# Handbook\n\nThe password of the guest network is Tern-41.",
        "front-desk.md": "# Front desk\n\nThe password of the guest network is Gull-73.",
    }
    shown, beside = told(ask(files, "What is the password of the guest network?"))
    text = " ".join((*shown, *beside))
    assert "Tern-41" in text
    assert "Gull-73" in text
    assert "cannot be told" in beside[0]


def test_the_date_of_the_file_tells_where_the_texts_do_not(tmp_path: Path) -> None:
    for name, days, price in (("prices.md", 10, 30), ("prices old.md", 400, 25)):
        path = tmp_path / name
        path.write_text(f"# Price list\n\nMooring costs {price} crowns a night.")
        os.utime(path, (1.7e9 - days * 86_400,) * 2)
    names = ["prices.md", "prices old.md"]
    shown, beside = told(find_in(tmp_path, "How much does mooring cost a night?", names))
    assert shown == ["Mooring costs 30 crowns a night."]
    assert "25 crowns" in beside[0]
    assert "older file" in beside[0]


def test_a_models_answer_names_the_older_version_too(tmp_path: Path) -> None:
    for name, text in POLICY.items():
        (tmp_path / name).write_text(text)
    model = FakeChatModel("The daily meal allowance is €34.")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), model=model) as kb:
        kb.add([tmp_path / name for name in POLICY])
        pieces = list(kb.stream("What is the daily meal allowance?", max_risk=1.0))
    answer = pieces[-1]
    assert isinstance(answer, Answer)
    assert answer.model == "fake"
    assert "€28" not in str(model.asked)
    first, second = answer.sentences
    assert (first.text, second.kind) == ("The daily meal allowance is €34.", "version")
    assert second.citations[0].quote == "The daily meal allowance is €28."
    assert "".join(str(piece) for piece in pieces[:-1]) == answer.text
    assert answer.text.splitlines()[1] == second.text


@pytest.mark.parametrize(
    ("reply", "support"),
    [
        ("The daily meal allowance is €28 [{old}].", "superseded"),
        ("The daily meal allowance is €34 [{new}].", "supported"),
        ("The daily meal allowance was €28 before [{old}].", "partly"),
    ],
)
def test_a_capable_model_that_gives_the_old_version_is_told(
    reply: str, support: str, tmp_path: Path
) -> None:
    for name, text in POLICY.items():
        (tmp_path / name).write_text(text)

    def replied(messages: Sequence[Message]) -> str:
        prompt = messages[-1].content
        labels = {
            which: max(
                int(n) for n in re.findall(r"(?m)^\[(\d+)\]", prompt[: prompt.index(amount)])
            )
            for which, amount in (("old", "€28"), ("new", "€34"))
        }
        return reply.format(**labels)

    model = FakeChatModel(replied, parameters=None)
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder(), model=model) as kb:
        kb.add([tmp_path / name for name in POLICY])
        answer = kb.ask("What is the daily meal allowance?")
    said = answer.sentences[0]
    assert said.support == support
    if support == "superseded":
        assert said.quote == "The daily meal allowance is €34."
        assert any("€28" in citation.quote for citation in said.citations)
        assert "no longer so" in layout.mark(answer.to_dict()["sentences"][0])
        assert layout.found(answer.to_dict()) == (0, 1)
