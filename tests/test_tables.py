"""Answers from tables: the row and the cell asked for, the rows that fit, and what is computed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pytest

from made_passages import passage
from quire import Answer, KnowledgeBase
from quire.answering import computing, tables
from quire.models.fakes import FakeChatModel, FakeEmbedder
from quire.records import Group
from quire.text import cells, entries, statements

PUMPS = """# Pumps of the Orre works

Table 1: Technical data

| | Model A | Model B |
|---|---|---|
| Rated power | 5.5 kW | 7.5 kW |
| Weight | 61 kg | 84 kg |
| Final pressure | 2 mbar | 0.5 mbar |

# Machines

| Machine | Hall | Grade | Operator |
|---|---|---|---|
| Lathe 4 | A | G4 | Trained user |
| Press 7 | C | G5 | User |
| Saw F-21 | C | G5 | Service |
| Mill 2 | B | G4 | User |
"""
STOCK = """part number,description,price EUR,stock
BX-1007-A,bearing sealed,12.40,35
BX-1007-B,bearing open,14.90,12
KM447,contactor,39.50,9
0x1F30,relay,7.65,90
0x1F03,relay slow,8.10,4
"""
JOBS = "# Jobs of the district\n" + "".join(
    f"\n## Job {n:03}: {what}\nStatus: {'closed' if n % 3 == 0 else 'open'}. Cost: £{1000 + n}.\n"
    for n, what in enumerate(("roof", "pump house", "path", "lift", "weir", "drain"), 1)
)
CITIES = """# 差旅标准

| 城市类别 | 住宿上限（元/晚） | 负责人 |
|---|---|---|
| 一类城市（北京、上海） | 550 | 王芳 |
| 二类城市 | 400 | 李娜 |
| 三类城市 | 300 | 王芳 |
"""
SCHOOL = """# 高一（3）班课程表

| 节次 | 时间 | 星期二 | 星期三 |
|---|---|---|---|
| 第1节 | 8:00-8:45 | 数学 | 英语 |
| 第3节 | 10:10-10:55 | 物理 | 地理 |

# 测验安排

| 测验 | 日期 | 时间 | 教室 |
|---|---|---|---|
| 月考 | 2026-04-23 | 8:30-10:30 | A203 |
| 联考 | 2026-06-30 | 9:00-11:00 | B107 |

# 滤芯

| 滤芯 | 作用 | 更换周期 | 价格 |
|---|---|---|---|
| 棉芯 | 去除泥沙 | 6个月 | 59元 |
| 反渗透膜 | 去除细菌 | 36个月 | 499元 |

# 模块采购

| 序号 | 名称 | 数量 | 单价（元） | 金额（元） |
|---|---|---|---|---|
| 1 | 伺服模块 | 400 | 860.00 | 344,000.00 |
| 2 | 传感器 | 30 | 18.50 | 555.00 |
| 合计 | | 430 | | 344,555.00 |

# 报价

| 公司 | 质保（年） | 付款 |
|---|---|---|
| 迅攀电梯 | 3 | 三三四 |
| 丰梯机电 | 2 | 五四一 |
| 华岳升降 | 5 | 三三四 |

# 注塑缺陷

| 缺陷 | 可能原因 | 处理方法 | 含义 |
|---|---|---|---|
| 银纹 | 原料潮湿 | 80℃下干燥4小时 | 面上有丝 |
| 飞边 | 合模力不足 | 检查平行度 | 边上多料 |

# 主要数据

单位：万元

| 项目 | 2025年 | 2024年 | 增减 |
|---|---|---|---|
| 水务收入 | 186,420.35 | 158,733.10 | 17.44% |
| 水务利润 | 15,208.47 | 16,894.20 | -9.98% |

# 水务收入分地区

单位：万元

| 地区 | 2025年水务收入 | 2024年水务收入 | 占比 |
|---|---|---|---|
| 华东 | 102,531.19 | 90,477.87 | 55% |
| 境外 | 83,889.16 | 68,255.23 | 45% |
"""
ENGLISH_FAULTS = """# Faults of the dryer

| Fault | Cause | Remedy | Interval |
|---|---|---|---|
| Drum squeals | Dry bearing | Grease the bearing | Monthly |
| Belt slips | Slack tension | Tighten the pulley | Yearly |
"""
CODES = "# 报警\n\nF-21：水压过低，检查进水阀。\nF-12：排水超时，清洗滤网。\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    for name, text in {
        "pumps.md": PUMPS,
        "stock.csv": STOCK,
        "jobs.md": JOBS,
        "差旅.md": CITIES,
        "daylight.csv": "date,daylight_minutes\n"
        + "".join(
            f"2024-{m:02}-{d:02},{600 + m * 30 + d}\n" for m in (6, 10) for d in range(1, 29)
        ),
        "results.html": "<h1>Results of the ferry</h1><table><caption>In thousands of euros"
        "</caption><tr><th>Line</th><th>2022</th><th>2023</th></tr><tr><td>Fares</td><td>410</td>"
        "<td>455</td></tr><tr><td>Net result</td><td>(35)</td><td>12</td></tr></table>",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    document = docx.Document()
    document.add_heading("Berths of Port Velm", 1)
    table = document.add_table(rows=0, cols=3)
    for row in (("Berth", "Length", "Fee"), ("North", "14 m", "€21"), ("South", "9 m", "€16")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(folder / "berths.docx"))
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as kb:
        assert not kb.add([path for path in folder.iterdir() if path.is_file()]).failed
    return folder / "kb"


@pytest.fixture(scope="module")
def ask(folder: Path) -> Iterator[Callable[[str], Answer]]:
    with KnowledgeBase.open(folder, embedder=FakeEmbedder()) as kb:
        yield kb.ask


@pytest.fixture(scope="module")
def ask_school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Answer]]:
    folder = tmp_path_factory.mktemp("school")
    (folder / "杂表.md").write_text(SCHOOL, encoding="utf-8")
    (folder / "dryer.md").write_text(ENGLISH_FAULTS, encoding="utf-8")
    with KnowledgeBase.open(folder / "kb", embedder=FakeEmbedder()) as kb:
        kb.add([folder / "杂表.md", folder / "dryer.md"])
        yield kb.ask


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("What is the rated power of model B?", "Rated power · Model B: 7.5 kW"),
        ("What is the weight of Model A?", "Weight · Model A: 61 kg"),
        ("What is the price of BX-1007-B?", "part number: BX-1007-B · price EUR: 14.90"),
        ("How many KM447 are in stock?", "part number: KM447 · stock: 9"),
        ("What is the price of 0x1f03?", "part number: 0x1F03 · price EUR: 8.10"),
        ("What is the length of the North berth?", "Berth: North · Length: 14 m"),
        ("What is the hall of saw F21?", "Machine: Saw F-21 · Hall: C"),
        ("What is the hall of saw F 21?", "Machine: Saw F-21 · Hall: C"),
        (
            "What was the net result in 2022?",
            "Line: Net result · 2022: (35) (in thousands of euros)",
        ),
        ("What is the status of job 003?", "Job: 003: path · Status: closed"),
        ("What is the daylight on 2024-06-21?", "date: 2024-06-21 · daylight_minutes: 801"),
        (
            "How many minutes of daylight were there on 3 October 2024?",
            "date: 2024-10-03 · daylight_minutes: 903",
        ),
        ("2024年10月3日的daylight是多少？", "date: 2024-10-03 · daylight_minutes: 903"),
        ("二类城市的住宿上限是多少？", "城市类别: 二类城市 · 住宿上限（元/晚）: 400"),
        ("上海的住宿上限是多少？", "城市类别: 一类城市（北京、上海） · 住宿上限（元/晚）: 550"),
    ],
)
def test_a_cell_is_told_with_its_row_and_its_column(
    ask: Callable[[str], Answer], question: str, text: str
) -> None:
    answer = ask(question)
    assert (answer.status, answer.text) == ("extractive", text)
    assert [sentence.support for sentence in answer.sentences] == ["supported"]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        (
            "联考什么时候开始，在哪里？",
            "测验: 联考 · 日期: 2026-06-30 · 时间: 9:00-11:00 · 教室: B107",
        ),
        ("反渗透膜多少钱，多久换？", "滤芯: 反渗透膜 · 更换周期: 36个月 · 价格: 499元"),
        ("银纹是怎么回事？", "缺陷: 银纹 · 可能原因: 原料潮湿"),
        (
            "银纹是怎么回事，怎么处理？",
            "缺陷: 银纹 · 可能原因: 原料潮湿 · 处理方法: 80℃下干燥4小时",
        ),
        ("伺服模块一共多少钱？", "序号: 1 · 名称: 伺服模块 · 金额（元）: 344,000.00"),
        ("飞边是什么意思，该怎么办？", "缺陷: 飞边 · 处理方法: 检查平行度 · 含义: 边上多料"),
        ("伺服模块多少钱？", "序号: 1 · 名称: 伺服模块 · 单价（元）: 860.00"),
        ("Why does the drum squeal?", "Fault: Drum squeals · Cause: Dry bearing"),
    ],
)
def test_a_column_is_asked_for_without_a_word_of_its_name(
    ask_school: Callable[[str], Answer], question: str, text: str
) -> None:
    assert ask_school(question).text == text


@pytest.mark.parametrize("question", ["周三第三节是什么课？", "礼拜三第3节上什么课？"])
def test_days_of_the_week_and_ordinals_are_found_in_another_writing(question: str) -> None:
    (group, *_) = statements.tell(SCHOOL, 0, len(SCHOOL)).groups
    table = tables.of(passage(SCHOOL), group, headings=["高一（3）班课程表"])
    assert table is not None
    fit = tables.fit(question, table)
    assert [fit.told(row).told for row in fit.rows] == ["节次: 第3节 · 星期三: 地理"]


def test_which_is_highest_compares_all_rows_whatever_word_one_of_them_has(
    ask_school: Callable[[str], Answer],
) -> None:
    head, row, *_ = ask_school("哪家电梯公司质保最长？").sentences
    assert head.support == "computed"
    assert row.text == "公司: 华岳升降 · 质保（年）: 5"


def test_the_row_of_a_name_goes_before_the_columns_that_have_it(
    ask_school: Callable[[str], Answer],
) -> None:
    assert (
        ask_school("2025年和2024年哪年的水务收入高？").text
        == "项目: 水务收入 · 2025年: 186,420.35 · 2024年: 158,733.10（单位：万元）"
    )


def test_the_quote_is_the_row_under_its_header(ask: Callable[[str], Answer]) -> None:
    (sentence,) = ask("What is the rated power of model B?").sentences
    assert sentence.quote == "| Rated power | 5.5 kW | 7.5 kW |"
    assert "| | Model A | Model B |" in [citation.quote for citation in sentence.citations]


@pytest.mark.parametrize(
    ("question", "first", "rows"),
    [
        ("Which machines stand in Hall C?", "2 of 4 rows fit (Hall: C):", ["Press 7", "Saw F-21"]),
        ("Which machines are of grade G4?", "2 of 4 rows fit (Grade: G4):", ["Lathe 4", "Mill 2"]),
        (
            "Which machines may an ordinary user not handle?",
            "2 of 4 rows fit (Operator: not User):",
            ["Lathe 4", "Saw F-21"],
        ),
        ("Which jobs are closed?", "2 of 6 rows fit (Status: closed):", ["003", "006"]),
        ("哪些城市由王芳负责？", "3 行中有 2 行符合（负责人: 王芳）：", ["一类", "三类"]),
    ],
)
def test_a_question_for_all_that_fit_lists_them_and_says_how_many(
    ask: Callable[[str], Answer], question: str, first: str, rows: list[str]
) -> None:
    head, *told = ask(question).sentences
    assert (head.text, head.support, head.kind) == (first, "computed", "head")
    assert len(told) == len(rows)
    assert all(row in sentence.text for row, sentence in zip(rows, told, strict=True))


@pytest.mark.parametrize(
    ("question", "said", "decisive"),
    [
        ("Which part is the cheapest?", "price EUR: the lowest of 5 rows is 7.65 EUR.", "0x1F30"),
        ("Which part is the most expensive?", "the highest of 5 rows is 39.50 EUR.", "KM447"),
        ("Which day has the longest daylight?", "the highest of 56 rows is 928.", "2024-10-28"),
        ("What is the total stock?", "stock: the sum of 5 rows is 150 (35 + 12 + 9 + 90 + 4).", ""),
        ("What is the average stock?", "stock: the average of 5 rows is 30 (35 + ", ""),
        ("How many records are in daylight.csv?", "The table in daylight.csv has 56 rows", ""),
        ("How many jobs are closed?", "2 of 6 rows fit (Status: closed):", "Job: 003"),
        ("What is the total cost of the open jobs?", "4 rows (Status: open) is £4,012", ""),
        (
            "What was the lowest net result?",
            "Net result: the lowest of 2 columns is (35) (2022).",
            "",
        ),
        ("哪类城市的住宿上限最高？", "住宿上限（元/晚）： 3 行中最高为 550 元/晚。", "一类城市"),
        ("住宿上限平均是多少？", "住宿上限（元/晚）： 3 行平均为 416.67 元/晚", ""),
    ],
)
def test_what_is_asked_of_a_whole_table_is_computed(
    ask: Callable[[str], Answer], question: str, said: str, decisive: str
) -> None:
    answer = ask(question)
    head = answer.sentences[0]
    assert said in head.text
    assert head.support == "computed"
    assert head.citations
    assert decisive in answer.text
    assert answer.to_dict()["sentences"][0]["support"] == "computed"


@pytest.mark.parametrize(
    "question",
    [
        "What is the price of BX-1007-C?",
        "What is the rated power of model C?",
        "What is the noise level of model B?",
        "Which machines stand in Hall D?",
        "What is the daylight on 2025-06-21?",
        "How many ferries sail from Port Velm?",
        "Which part is the oldest?",
        "四类城市的住宿上限是多少？",
    ],
)
def test_a_table_that_lacks_a_word_of_the_question_answers_nothing_for_certain(
    ask: Callable[[str], Answer], question: str
) -> None:
    answer = ask(question)
    assert not any(sentence.support == "computed" for sentence in answer.sentences)


def test_a_computed_answer_asks_no_model(folder: Path) -> None:
    model = FakeChatModel("It is 12.")
    with KnowledgeBase.open(folder, embedder=FakeEmbedder(), model=model) as kb:
        assert "7.65" in kb.ask("Which part is the cheapest?").text


@pytest.mark.parametrize("question", ["F21是什么意思？", "F-21", "F 21是什么意思？"])
def test_a_line_that_gives_a_value_to_a_code_is_found_in_any_writing(
    tmp_path: Path, question: str
) -> None:
    (tmp_path / "报警.md").write_text(CODES, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        kb.add(tmp_path / "报警.md")
        assert kb.ask(question).text == "F-21：水压过低，检查进水阀。"


def group_of(text: str) -> Group:
    return statements.tell(text, 0, len(text)).groups[0]


def table_of(text: str) -> tables.Table:
    made = tables.of(passage(text, start=0), group_of(text))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("text", "question", "value"),
    [
        ("Item | Work\nA | 2 hours\nB | 90 min", "Which item has the longest work?", "2 hours"),
        ("Item | Limit\nA | 2 kg\nB | 90 min\nC | 7 €", "Which item has the highest limit?", None),
        ("Item | Fee | Seats\nA | €30 | 3\nB | $40 | 4", "Which item has the highest fee?", None),
        ("Firm | Fee\nSwift Lifts | €30\nPeak | $40", "Which lift firm has the highest fee?", None),
        ("Site | Area\nNorth | 20\nTotal | 20", "What is the total area?", None),
        ("Site | Area\nNorth | 20\nSouth | n/a\nEast | 5", "What is the total area?", "25"),
    ],
)
def test_nothing_is_computed_of_what_cannot_be_compared(
    text: str, question: str, value: str | None
) -> None:
    found = computing.compute(question, table_of(text))
    assert (found[1].value if found else None) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [("(1,907)", -1907.0), ("−3.5 %", -3.5), ("€0.38", 0.38), ("5 to 9", None), ("１２元", 12.0)],
)
def test_a_cell_that_is_a_number_is_read_as_one(cell: str, value: float | None) -> None:
    number = cells.number(cell)
    assert (number.value if number else None) == value


def test_a_table_of_ten_thousand_rows_is_read_to_its_end(tmp_path: Path) -> None:
    rows = "".join(f"S{n:05},{(n * 7919) % 10007}\n" for n in range(10_000))
    (tmp_path / "sensors.csv").write_text("sensor,reading\n" + rows, encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "kb", embedder=FakeEmbedder()) as kb:
        kb.add(tmp_path / "sensors.csv")
        assert "10,000 rows is 10006" in kb.ask("Which sensor has the highest reading?").text
        for code in ("S09999", "S-09999", "S 09999"):
            asked = kb.ask(f"What is the reading of {code}?")
            assert asked.text == "sensor: S09999 · reading: 6697"


def test_the_time_for_a_table_grows_with_its_rows() -> None:
    def took(rows: int) -> float:
        text = "Code | Value\n" + "\n".join(f"E{n} | {n} kg" for n in range(rows))
        begun = time.process_time()
        assert computing.compute("Which code has the highest value?", table_of(text))
        entries.find(text)
        return time.process_time() - begun

    took(100)  # what is made once
    few, many = (min(took(rows) for _ in range(3)) for rows in (2_000, 8_000))
    assert many < 12 * max(few, 0.05)


@pytest.mark.parametrize(
    "text",
    [
        "A | B",
        "A |  | \n |  | ",
        "| |\n|---|\n| |",
        "Code | Value\nE1\nE2 | 3 | 4 | 5\n | 7",
        "| Value |\n|---|\n| 3 |\n| 5 |",
        " | ".join(f"C{n}" for n in range(500)) + "\n" + " | ".join(map(str, range(500))),
    ],
)
def test_odd_tables_break_nothing(text: str) -> None:
    for group in statements.tell(text, 0, len(text)).groups:
        made = tables.of(passage(text, start=0), group)
        for question in ("Which is the highest value?", "What is C7 of 0?", "How many rows?", "？"):
            if made:
                tables.fit(question, made)
                computing.compute(question, made)


@pytest.mark.parametrize("price", ["Price", "Price EUR", "Price in EUR", "Prices"])
@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is the highest price?", "610"),
        ("Which model is the cheapest?", "420"),
        ("What is the highest rated power?", "3.2 kW"),
    ],
)
def test_a_rated_power_is_no_rate_that_is_paid(price: str, question: str, value: str) -> None:
    text = (
        f"# Pumps\n\n| Model | Rated power | {price} |\n|---|---|---|\n| P-10 | 1.1 kW | 420 |\n"
        "| P-20 | 2.2 kW | 610 |\n| P-30 | 3.2 kW | 510 |\n"
    )
    (group, *_) = statements.tell(text, 0, len(text)).groups
    table = tables.of(passage(text), group, headings=["Pumps"])
    assert table is not None
    computed = computing.compute(question, table)
    assert computed is not None
    assert computed[1].value.startswith(value)
