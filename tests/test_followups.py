"""Which questions lean on the conversation, and what they are given."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from made_passages import passage
from quire import KnowledgeBase, Settings
from quire.answering import ellipsis
from quire.answering.followups import is_about, own, readings, standalone
from quire.answering.sense import Known
from quire.text import analysis

EN = ["When must the deposit for the East Dome be paid?"]
ZH = ["东圆顶的租约什么时候到期？"]
HOUSE = Path(__file__).parent.parent / "examples" / "evaluation" / "en-unseen" / "documents"


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("And how much is it?", "deposit East Dome"),
        ("Who pays it back?", "deposit East Dome"),
        ("What happens if they refuse?", "deposit East Dome"),
        ("How much?", "deposit East Dome"),
    ],
)
def test_a_question_that_leans_on_the_conversation_is_given_its_topic(
    question: str, topic: str
) -> None:
    rewritten = standalone(question, EN)
    assert rewritten.startswith(question)
    assert topic in rewritten


@pytest.mark.parametrize(
    "question", ["它的租金是多少？", "其面积多大？", "那里多大？", "续租要多久", "谁来验收？"]
)
def test_a_chinese_question_that_leans_on_the_conversation_is_given_its_topic(
    question: str,
) -> None:
    assert standalone(question, ZH) == f"{question}（东圆顶的租约什么时候到期）"


@pytest.mark.parametrize(
    "question",
    [
        "Who may fly a drone near the domes?",
        "Is it possible to visit the ridge at night?",
        "Which lens coating does the main mirror have?",
        "How many people are there in the house rules committee?",
        "What do whales use their fins for?",
        "What are colloblasts?",
        "Name one way in which the roof was mended?",
        "那须盐原车站的原名是什么？",
        "新员工上岗前要培训多少学时？",
        "配电柜的外壳要达到哪个防护等级？",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_left_alone(question: str) -> None:
    assert standalone(question, EN) == question
    assert standalone(question, ZH) == question


def test_the_first_question_is_left_alone() -> None:
    assert standalone("And how much is it?", []) == "And how much is it?"


def test_the_topic_is_carried_on_over_several_turns() -> None:
    second = standalone("And how much is it?", EN)
    third = standalone("Who pays it back?", [*EN, second])
    assert "deposit East Dome" in third


def test_a_question_that_says_much_itself_is_only_given_the_names() -> None:
    assert standalone("Which trees grow in its northern garden?", EN) == (
        "Which trees grow in its northern garden? (East Dome)"
    )


def test_the_topic_is_that_of_the_last_question_which_had_one_of_its_own() -> None:
    asked = [*EN, "And how much is it? (deposit East Dome paid)"]
    assert standalone("Who pays it back?", asked) == ("Who pays it back? (deposit East Dome paid)")
    asked = ["东圆顶的租约什么时候到期？", "它的押金是多少？（东圆顶的租约什么时候到期）"]
    assert standalone("什么时候退还它？", asked) == (
        "什么时候退还它？（东圆顶的租约什么时候到期；它的押金是多少）"
    )


def test_a_question_without_a_verb_sets_what_is_asked_about_next() -> None:
    asked = [*EN, "And the rent? (deposit East Dome paid)"]
    assert standalone("When is it due?", asked) == "When is it due? (deposit East Dome paid rent)"


def test_the_topic_does_not_grow_with_the_conversation() -> None:
    asked = list(EN)
    for _ in range(20):
        asked.append(standalone("它的租金是多少？", asked))
    assert len(set(asked[3:])) == 1


@pytest.mark.parametrize(
    ("asked", "question", "understood"),
    [
        (
            "How much is a tyre change for the Falcon 3?",
            "What about a service?",
            "How much is a service for the Falcon 3?",
        ),
        (
            "How much is a tyre change for the Falcon 3?",
            "And for the Merlin?",
            "How much is a tyre change for the Merlin?",
        ),
        (
            "How long is the warranty of the NP-200 from Acme?",
            "And the NP-300?",
            "How long is the warranty of the NP-300 from Acme?",
        ),
        (
            "How many offices does Acme have in Rome?",
            "And in Paris?",
            "How many offices does Acme have in Paris?",
        ),
        (
            "When was the East Dome built?",
            "And the Ridge House?",
            "When was the Ridge House built?",
        ),
        (EN[0], "And the rent?", "When must the rent for the East Dome be paid?"),
        (
            "How many days of leave do warehouse staff get after six years?",
            "And office staff?",
            "How many days of leave do office staff get after six years?",
        ),
        (
            "How many days of leave do office staff get after six years?",
            "What about in the first year?",
            "How many days of leave do office staff get in the first year?",
        ),
        (
            "When does the café open?",
            "And on Sundays?",
            "When does the café open on Sundays?",
        ),
        ("What is the fee for a lost key?", "And its copy?", "What is the copy for a lost key?"),
        ("What is the fee for a lost key?", "And for a card?", "What is the fee for a card?"),
        ("甲型网关支持3A标准测试吗？", "那乙型呢？", "乙型网关支持3A标准测试吗？"),
        ("试用期多长？", "那年假呢？", "年假多长？"),
        ("儿童票多少钱？", "成人票呢？", "成人票多少钱？"),
        (ZH[0], "那押金呢？", "东圆顶的押金什么时候到期？"),
        ("新员工上岗前要培训多少学时？", "那老员工呢？", "老员工上岗前要培训多少学时？"),
        ("TQ-350 换油要多少升？", "那TQ-200呢？", "TQ-200 换油要多少升？"),
        ("最多能接多少个终端？", "甲型呢？", "甲型最多能接多少个终端？"),
        ("大厅几点关门？", "周日呢？", "周日大厅几点关门？"),
        ("工作日的加班费怎么算？", "周末呢？", "周末的加班费怎么算？"),
        ("湖景房平日多少钱一晚", "国庆呢？", "湖景房国庆多少钱一晚"),
        ("水泵P3什么时候投运的？", "它的型号呢", "水泵P3的型号是什么？"),
        ("乙型网关的重量是多少？", "它的价格呢", "乙型网关的价格是多少？"),
        ("How heavy is the DW-410-A?", "What about model B?", "How heavy is the DW-410-B?"),
        ("How heavy is the DW-410-A?", "And the C?", "How heavy is the DW-410-C?"),
        ("CS-80A净重多少？", "那80B呢", "CS-80B净重多少？"),
        ("EF20的转弯半径是多少？", "15的呢？", "EF15的转弯半径是多少？"),
        ("满5年工龄年假有几天？", "满10年呢？", "满10年工龄年假有几天？"),
        ("What was the income in 2024?", "A year earlier?", "What was the income in 2023?"),
        ("2024年油菜单产是多少？", "上一年呢？", "2023年油菜单产是多少？"),
        ("How long does P2 take?", "Sorry, I meant P4", "How long does P4 take?"),
        ("What does the Coil cost?", "no, the Slab", "What does the Slab cost?"),
        ("C-26是什么意思？", "不对，我问的是C-21", "C-21是什么意思？"),
        ("食堂夜宵现在标准多少？", "以前呢？", "原来食堂夜宵标准多少？"),
        ("U盘可以续几次？", "老办法是几次", "原来U盘可以续几次？"),
        ("充电口一共多少个？", "原来定的是多少？", "原来充电口一共多少个？"),
        (
            "How many visits were there in April?",
            "July?",
            "How many visits were there in July?",
        ),
        (
            "How much were repairs at the club in 2023?",
            "insurance that year?",
            "How much were insurance at the club in 2023?",
        ),
        (
            "How many bikes may park at the mill?",
            "same at the lock?",
            "How many bikes may park at the lock?",
        ),
        (
            "What do guides earn an hour now?",
            "What was it before the 2023 agreement?",
            "What do guides earn an hour before the 2023 agreement?",
        ),
    ],
)
def test_a_fragment_keeps_what_was_asked_and_changes_what_it_was_asked_of(
    asked: str, question: str, understood: str
) -> None:
    assert standalone(question, [asked]) == understood


@dataclass(frozen=True)
class Told:
    """A sense that is told what is near in meaning, and which terms stand in the documents."""

    near: tuple[str, ...] = ()
    present: str = ""

    def likeness(self, said: str, phrases: Sequence[str]) -> list[float]:
        return [0.9 if phrase in self.near else 0.1 for phrase in phrases]

    def unknown(self, text: str) -> int:
        return len(set(analysis.terms(text)) - set(analysis.terms(self.present)))


@pytest.mark.parametrize(
    ("asked", "question", "near", "understood"),
    [
        (
            "How many members did the club have in the seniors at the end of 2024?",
            "And juniors?",
            "seniors",
            "How many members did the club have in the juniors at the end of 2024?",
        ),
        (
            "What did the surveyor estimate for the kitchen at Westerdale?",
            "and the toilets?",
            "kitchen",
            "What did the surveyor estimate for the toilets at Westerdale?",
        ),
        (
            "Do warehouse staff receive a bonus?",
            "And drivers?",
            "warehouse staff",
            "Do drivers receive a bonus?",
        ),
    ],
)
def test_a_thing_takes_the_place_of_the_phrase_nearest_in_meaning(
    asked: str, question: str, near: str, understood: str
) -> None:
    assert standalone(question, [asked], sense=Told(near=(near,))) == understood


@pytest.mark.parametrize(
    ("asked", "question", "present", "understood"),
    [
        (
            "东坝片流转费多少",
            "后岗呢？",
            "后岗片每亩每年560元，东坝片流转费多少",
            "后岗片流转费多少",
        ),
        (
            "南屏馆大班一节多少？",
            "河滨的呢",
            "河滨馆，大班，南屏馆大班一节多少",
            "河滨馆大班一节多少？",
        ),
        ("空谷周末多少钱一晚？", "新篁呢", "空谷，新篁，周末，多少钱一晚", "新篁周末多少钱一晚？"),
        (
            "东浦库区请病假打哪个电话？",
            "石湾的呢",
            "石湾库区，东浦库区请病假打哪个电话",
            "石湾库区请病假打哪个电话？",
        ),
    ],
)
def test_a_chinese_name_stands_where_it_makes_words_that_the_documents_have(
    asked: str, question: str, present: str, understood: str
) -> None:
    assert standalone(question, [asked], sense=Told(present=present)) == understood


def test_no_code_is_cut_for_what_is_put_in_its_place() -> None:
    understood = standalone("锂电的那个呢？", ["EF15满电能干多久？"], sense=Told())
    assert not set("EF15") & set(understood)


@pytest.mark.parametrize(
    ("asked", "question"),
    [("How heavy is the DW-410-A?", "And the C?"), ("CS-80A净重多少？", "200B呢？")],
)
def test_a_code_alone_is_never_asked_by_itself(asked: str, question: str) -> None:
    assert question not in [*readings(question, [asked])]


def test_the_embedder_and_the_words_of_the_documents_tell_what_is_alike(
    sample_kb: KnowledgeBase,
) -> None:
    retriever = sample_kb._search()
    with retriever.snapshot() as snapshot:
        sense = Known(retriever, snapshot)
        deposit, dome = sense.likeness("the rent", ["the deposit", "East Dome"])
        assert deposit > dome > 0
        assert sense.unknown("主镜反射率") == 0
        assert sense.unknown("主镜反射率鲸鱼") > 0


def test_a_thing_alone_goes_to_the_last_question_that_says_what_it_asks() -> None:
    asked = [
        "What does code F-22 mean on the boiler?",
        "What do I do then? (code F-22 mean boiler)",
    ]
    assert standalone("F-31?", asked) == "What does code F-31 mean on the boiler?"
    asked = ["E5是什么故障？", "这个怎么处理（E5是什么故障）"]
    assert standalone("那E6呢", asked) == "E6是什么故障？"


@pytest.mark.parametrize("question", ["Really?", "Anything else?", "Thanks?", "ok?", "Why not?"])
def test_talk_is_no_thing_asked_about_instead(question: str) -> None:
    assert ellipsis.filled(question, EN[0]) is None


def test_there_is_the_place_and_not_what_was_asked_of_it() -> None:
    asked = ["What does a visitor pay per night for a boat of 10 m at Redmire?"]
    assert standalone("How much is petrol there?", asked) == "How much is petrol there? (Redmire)"
    assert standalone("那边宿舍多少钱？", ["石湾库区请病假打哪个电话？"]) == (
        "那边宿舍多少钱？（石湾库区请病假打哪个电话）"
    )


def test_that_one_and_a_plural_that_is_counted_point_back() -> None:
    asked = ["What does code E26 mean on the Tessel?"]
    assert "E26" in standalone("How do I fix that one?", asked)
    asked = ["Which builder works on Westerdale Hall?"]
    assert "Westerdale" in standalone("How many weeks will they need?", asked)


def test_a_question_that_leaned_is_not_taken_for_one_with_a_topic_of_its_own() -> None:
    asked = ["When does work on Westerdale Hall begin?", "Who does it? (work Westerdale Hall)"]
    assert "Westerdale" in standalone("How much do they charge?", asked)


def test_the_next_fragment_stays_with_what_was_named_last() -> None:
    asked = ["What is the rent of Oak Court 4?"]
    for question in ("What about Mill Lane 17?", "And the deposit?"):
        asked.append(standalone(question, asked))
    assert asked[-1] == "What is the deposit of Mill Lane 17?"


def test_a_question_that_was_not_answered_lends_its_topic_to_a_pronoun_or_a_fragment() -> None:
    asked = ["Who is the director of the foundation?", "What is the capital of France?"]
    refused = asked[1:]
    assert "France" not in standalone("And who represents the tenant?", asked, unanswered=refused)
    assert "France" in standalone("How large is it?", asked, unanswered=refused)
    assert list(readings("And the rent?", [*EN, *refused], unanswered=refused)) == [
        "What is the rent of France?",
        "When must the rent for the East Dome be paid?",
        "And the rent?",
    ]


def test_a_short_question_may_go_on_with_one_that_had_no_answer() -> None:
    asked = ["借阅卡的期限多长？"]
    assert list(readings("可以续几次？", asked, unanswered=asked)) == [
        "可以续几次？",
        "可以续几次？（借阅卡的期限多长）",
    ]


def test_a_question_in_another_language_lends_no_topic() -> None:
    assert standalone("和儿童票呢？", ["What does the adult ticket cost?"]) == "和儿童票呢？"
    assert standalone("And students?", ZH) == "And students?"
    assert "East Dome" in standalone("And students?", [*EN, *ZH])


@pytest.mark.parametrize(
    ("question", "own_words"),
    [
        ("And who represents the tenant?", "And who represents the tenant?"),
        ("How much is it?", ""),
        ("我可以在那里拍照吗？", "我可以在那里拍照吗？"),
        ("那年假呢？", "年假"),
        ("和儿童票呢？", "儿童票"),
        ("它多高？", ""),
        ("ok and who represents the tenant?", "and who represents the tenant?"),
    ],
)
def test_what_a_follow_up_says_by_itself(question: str, own_words: str) -> None:
    completed = f"{question.removeprefix('ok ')} (deposit East Dome)"
    assert own(question, completed) == own_words
    assert own(question, question) == ""


def test_a_part_of_another_question_says_nothing_by_itself() -> None:
    filled = standalone("那年假呢？", ["病假怎么请？"])
    assert filled == "年假怎么请？"
    assert own("那年假呢？", filled) == ""


@pytest.mark.parametrize(
    ("question", "earlier", "understood"),
    [
        ("ok and on Sundays?", "When does the café open?", "When does the café open on Sundays?"),
        ("嗯，那乙型呢", "甲型多重？", "乙型多重？"),
        ("thanks. and how much is it?", EN[0], "and how much is it? (deposit East Dome paid)"),
        ("80B", "CS-80A多重", "CS-80B多重"),
        ("EF20L", "EF20充满要多久", "EF20L充满要多久"),
        ("二号院", "一号院门禁密码多少", "二号院门禁密码多少"),
        ("P4", "How long does P1 take?", "How long does P4 take?"),
        ("in winter", "How long is it open in summer?", "How long is it open in winter?"),
        ("棉纸", "300克铜版纸名片多少钱一盒", "300克棉纸名片多少钱一盒"),
    ],
)
def test_what_is_typed_in_haste_is_understood_like_a_sentence(
    question: str, earlier: str, understood: str
) -> None:
    sense = Told(present="300克棉纸名片多少钱一盒")
    assert standalone(question, [earlier], sense=sense) == understood


def test_talk_alone_and_a_question_that_only_opens_with_it_are_left_as_they_are() -> None:
    for question in ("好的谢谢", "ok, who may fly a drone near the domes?"):
        assert standalone(question, EN if question.isascii() else ZH) == question


@pytest.mark.parametrize(
    "question",
    [
        "How much does that cost?",
        "Is the igniter included in that?",
        "What is the minimum charge on that?",
        "When is the next one held?",
        "How much did the other one bid?",
    ],
)
def test_what_stands_for_something_is_told_from_what_goes_with_a_noun(question: str) -> None:
    assert "East Dome" in standalone(question, EN)


def test_after_a_thing_alone_the_next_one_keeps_it() -> None:
    asked = [
        "How many members row in the seniors in 2024?",
        "And the juniors? (members row seniors 2024)",
    ]
    meant = standalone("A year earlier?", asked, sense=Told(near=("seniors",)))
    assert meant == "How many members row in the juniors in 2023?"


def test_a_passage_is_about_a_topic_where_it_holds_half_of_its_words() -> None:
    completed = "Who pays it back? (deposit East Dome paid)"
    assert is_about(passage("The deposit for the East Dome is CNY 20,400."), completed)
    assert not is_about(passage("The landlord pays for the dome."), completed)


def test_a_follow_up_that_asks_something_else_is_not_answered_by_the_line_before(
    tmp_path: Path,
) -> None:
    with KnowledgeBase.open(tmp_path / "kb") as kb:
        kb.add(HOUSE)
        first = kb.ask("How big is the deposit for room 5 at Larkspur?")
        assert "350" in first.text
        then = kb.ask("And how much notice must I give?", conversation=first.conversation)
        assert "Notice to leave is two months" in then.text


@pytest.fixture
def two_clubs(tmp_path: Path) -> Iterator[KnowledgeBase]:
    """Two documents that each say some of the same things about another club."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, title, phone, fee in (
        ("rowing", "Rowing Club", "555 0101", 340),
        ("chess", "Chess Club", "555 0202", 45),
    ):
        text = (
            f"# {title}\n\n## Members\n\nThe {title.lower()} has 118 members. Membership costs"
            f" £{fee} a year.\n\n## Office\n\nThe phone number of the office is {phone}.\n"
        )
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", settings=Settings(model="none")) as base:
        base.add(folder)
        yield base


def test_a_question_goes_on_with_the_document_that_answered_the_last(
    two_clubs: KnowledgeBase,
) -> None:
    for club, phone in (("rowing", "555 0101"), ("chess", "555 0202")):
        first = two_clubs.ask(f"How many members does the {club} club have?")
        then = two_clubs.ask("what is the phone number", conversation=first.conversation)
        assert then.citations[0].document.name == f"{club}.md"
        assert phone in then.citations[0].quote


def test_a_change_of_topic_leaves_the_document_of_the_last_answer(
    two_clubs: KnowledgeBase,
) -> None:
    first = two_clubs.ask("How many members does the rowing club have?")
    then = two_clubs.ask(
        "What does membership of the chess club cost?", conversation=first.conversation
    )
    assert "£45" in then.text
