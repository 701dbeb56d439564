"""Statements whose number is computed, in many phrasings, with numbers drawn at random; and the
same ones with another number in its place."""

# ruff: noqa: E501  (a statement a line)
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

EN = """
a:1000-9999 b:1000-9999 | Sales in the north were €{a}. / Sales in the south were €{b}. | Together, both regions sold goods worth €{r}. | a+b
a:1000-9999 b:1000-9999 c:1000-9999 | Hall A has {a} m². / Hall B has {b} m². / Hall C has {c} m². | The three halls have {r} m² in all. | a+b+c
a:100-999 b:100-999 c:100-999 d:100-999 | Visitors by quarter: {a}, {b}, {c}, {d} | The total number of visitors in the year was {r}. | a+b+c+d
a:10.0-99.9 b:10.0-99.9 | The pump weighs {a} kg. / The motor weighs {b} kg. | The combined weight of pump and motor is {r:1} kg. | a+b
a:20000-90000 b:20000-90000 | Revenues $ {a} $ {b} | That is a sum of ${r} million over the two years. | a+b
a:100-900 b:100-900 | Adults pay €{a}. / Children pay €{b}. | An adult with a child pays €{r} altogether. | a+b
a:1000-9999 b:1000-9999 c:1000-9999 | Rent {a} / Heating {b} / Cleaning {c} | In total, the premises cost {r} a year. | a+b+c
a:1000-9999 b:1000-9999 | Berlin employs {a} people. / Lyon employs {b} people. | Overall, {r} people work at the two sites. | a+b
a:2000-9999 b:1000-1999 | The fee was €{a} until March. / From April the fee is €{b}. | The fee fell by €{r}. | a-b
a:20000-99999 b:2000-19999 | Net revenue $ {a} $ {b} | That is an increase of ${r} million. | a-b
a:40-90 b:10-39 | Staff at grade 7 have {a} days of leave. / Staff at grade 2 have {b} days of leave. | Grade 7 thus has {r} days more than grade 2. | a-b
a:4000-9000 b:1000-3999 | The VP-340G weighs {a} kg. / The VP-340 weighs {b} kg. | The VP-340 is {r} kg lighter than the VP-340G. | a-b
a:400-900 b:100-399 | Operating cost {a} {b} | Operating cost was {r} lower than in the year before. | a-b
a:5000-9999 b:1000-4999 | The budget is €{a}. / So far €{b} was spent. | €{r} of the budget remains. | a-b
a:50.0-90.0 b:10.0-49.9 | The share of exports was {a}% in 2021. / It was {b}% in 2020. | The share of exports rose by {r:1} percentage points. | a-b
a:5000-9999 b:1000-4999 | Plan A costs ${a} a year. / Plan B costs ${b} a year. | The difference between the two plans is ${r}. | a-b
a:5000-9999 b:1000-4999 | Orders came to {a} in May. / Orders came to {b} in April. | Orders in May exceeded those in April by {r}. | a-b
a:200-900 b:20-199 | The old line is {a} km long. / The new line is {b} km long. | The new line is {r} km shorter. | a-b
a:5000-9999 b:1000-4999 | Cash at the beginning {a} / Cash at the end {b} | Cash declined by {r} during the year. | a-b
a:5000-9999 b:1000-4999 | Inventories {a} {b} | Inventories changed by {r} between the two dates. | a-b
a:100.0-400.0 b:500.0-990.0 | In the fourth quarter it spent ${a} million. / In the year it spent ${b} million. | The fourth quarter made up {r:1}% of the year's spending. | a/b*100
a:1000-4000 b:5000-9999 | Women on staff: {a} / Staff in all: {b} | Women account for {r:1}% of the staff. | a/b*100
a:1000-4000 b:5000-9999 | Exports were ${a} million. / Sales were ${b} million. | Exports represent about {r:0}% of sales. | a/b*100
a:1000-4000 b:5000-9999 | Operating income {a} / Net sales {b} | The operating margin is {r:1}%. | a/b*100
a:100-400 b:500-999 | Of {b} flats, {a} are let. | The share of let flats is {r:1}%. | a/b*100
a:5000-9999 b:1000-4999 | Revenue was ${a} million in 2021. / Revenue was ${b} million in 2020. | Revenue grew by {r:1}% from 2020 to 2021. | (a-b)/b*100
a:5000-9999 b:1000-4999 | Total revenues {a} {b} | This is growth of {r:1}% over the year before. | (a-b)/b*100
a:1000-4999 b:5000-9999 | Staff fell to {a}. / The year before it was {b}. | Staff was reduced by {r:1}%. | (b-a)/b*100
a:1000-4999 b:5000-9999 | The fee is €{a} now. / The fee was €{b}. | That is a decrease of about {r:1} %. | (b-a)/b*100
a:5000-9999 b:1000-4999 | Net income $ {a} $ {b} | Net income rose {r:2}% year on year. | (a-b)/b*100
a:5000-9999 b:1000-4999 | The new pump moves {a} litres. / The old pump moves {b} litres. | The new pump moves {r:1} times as much as the old one. | a/b
a:5000-9999 b:1000-4999 | Cost of sales {a} / Inventory {b} | The inventory turnover is {r:2}. | a/b
a:5000-9999 b:1000-4999 | Debt {a} / Equity {b} | The ratio of debt to equity is {r:2}. | a/b
a:5000-9999 b:1000-4999 | Assets {a} {b} | The average of the two years is {r:1}. | (a+b)/2
a:1000-4999 b:1000-4999 c:1000-4999 | January: {a} / February: {b} / March: {c} | On average, {r:0} visitors came a month. | (a+b+c)/3
a:5000-9999 b:1000-4999 | Inventories $ {a} $ {b} | Average inventory is thus ${r:1} million. | (a+b)/2
a:3-29 b:100-999 | A night costs €{b}. / The stay takes {a} nights. | The stay costs €{r} in all. | a*b
a:3-29 b:10.25-99.75 | Each licence costs €{b}. / The team has {a} people. | For the team this makes €{r:2}. | a*b
a:3-29 b:100-999 | Each bus seats {b} people. / There are {a} buses. | The buses together seat {r} people. | a*b
a:3-29 b:100-999 | The pension is ${b} per month. / It is paid for {a} months. | In total ${r} is paid. | a*b
a:12-29 b:1000-9999 | The grant of €{b} is split among {a} schools. | Each school receives about €{r:0}. | b/a
a:5-40 b:1000-9999 | A deposit of {a}% of the price is due. / The price is €{b}. | {a}% of €{b} is €{r:2}. | a*b/100
a:5-40 b:1000-9999 | The price of €{b} rises by {a}%. | After the increase the price is €{r:2}. | b*(1+a/100)
d:1-27 e:1-27 | The fair opens on {d} March 2024. / The fair closes on {e} June 2024. | The fair closes {r} days after it opens. | 92+e-d
d:1-27 e:1-27 | The notice was given on {d} May 2023. / The lease ends on {e} July 2023. | There are {r} days between the notice and the end of the lease. | 61+e-d
d:1900-1950 e:1960-1999 | Works began in {d}. / They ended in {e}. | The works lasted {r} years. | e-d
a:1000000-9999999 | The city has {a} inhabitants. | The city has about {r:1} million inhabitants. | a/1000000
a:10001-99999 | Net sales were ${a} million. | Net sales were about ${r:1} billion. | a/1000
a:1000-9999 | The trail is {a} m long. | The trail has a length of {r:1} km. | a/1000
a:1000-9999 b:1000-9999 | North {a} / South {b} | {a} + {b} = {r}. | a+b
a:5000-9999 b:1000-4999 | North {a} / South {b} | The gap is {a} − {b} = **{r}**. | a-b
a:1000-4999 b:5000-9999 | North {a} / All {b} | North has {a} / {b} ≈ {r:1}% of it. | a/b*100
a:5000-9999 b:1000-4999 | 2021 {a} / 2020 {b} | The growth is ({a} − {b}) / {b} ≈ {r:1}%. | (a-b)/b*100
a:5000-9999 b:1000-4999 | Inventories {a} {b} | Average inventory: ({a} + {b}) / 2 = ${r:1} million. | (a+b)/2
a:3-12 b:100-999 | A night costs €{b}. / {a} nights are booked. | {a} nights × €{b} = €{r}. | a*b
a:5000-9999 b:1000-4999 | Cost {a} / Stock {b} | {a} divided by {b} is {r:2}. | a/b
a:5000-9999 b:1000-4999 | Cost {a} / Stock {b} | Margin: $\\frac{{{a}}}{{{b}}} \\approx {r:2}$ | a/b
a:5000-9999 b:1000-4999 | Net revenue {a} {b} | Revenue was up by ${r} million ($ {a} − {b}). | a-b
a:1000-9999 b:1000-9999 | The roof cost €{a}. / The windows cost €{b}. | Roof and windows taken together come to €{r}. | a+b
a:1000-9999 b:1000-9999 c:1000-9999 | Plant A emits {a} t. / Plant B emits {b} t. / Plant C emits {c} t. | All three plants emit a combined {r} t per year. | a+b+c
a:5000-9999 b:1000-4999 | In 2023 the museum had {a} visitors. / In 2022 it had {b} visitors. | Visitor numbers thus climbed by {r}. | a-b
a:5000-9999 b:1000-4999 | The limit was {a} euros. / The limit now is {b} euros. | The limit was therefore cut by {r} euros. | a-b
a:50-90 b:10-49 | Line 1 takes {a} minutes. / Line 2 takes {b} minutes. | Line 2 is {r} minutes faster than line 1. | a-b
a:1000-4000 b:5000-9999 | Renewable power: {a} GWh / Total power: {b} GWh | Renewables supplied {r:1}% of total power. | a/b*100
a:1000-4000 b:5000-9999 | R&D expense {a} / Revenue {b} | R&D expense equals {r:1}% of revenue. | a/b*100
a:5000-9999 b:1000-4999 | Operating profit {a} {b} | Operating profit went up by {r:1} percent. | (a-b)/b*100
a:1000-4999 b:5000-9999 | Membership was {b} in 2019. / Membership was {a} in 2021. | Membership shrank by roughly {r:1}% over that period. | (b-a)/b*100
a:5000-9999 b:1000-4999 | Tower A is {a} mm high. / Tower B is {b} mm high. | Tower A is {r:1} times as tall as tower B. | a/b
a:5000-9999 b:1000-4999 | Current assets {a} / Current liabilities {b} | The current ratio works out at {r:2}. | a/b
a:1000-4999 b:1000-4999 | Storage 2020: {a} / Storage 2021: {b} | The mean of the two figures is {r:1}. | (a+b)/2
a:3-29 b:100-999 | The hourly rate is €{b}. / The repair took {a} hours. | The repair is billed at €{r}. | a*b
a:3-29 b:100-999 | Tickets are €{b} each. / The class has {a} pupils. | Tickets for the class cost €{r}. | a*b
a:12-29 b:1000-9999 | The annual premium of €{b} covers {a} cars. | That is around €{r:0} per car. | b/a
a:5-40 b:1000-9999 | VAT is {a}%. / The net price is €{b}. | Including VAT, one pays €{r:2}. | b*(1+a/100)
d:1-27 e:1-27 | The order was placed on {d} March 2024. / It arrived on {e} June 2024. | Delivery took {r} days. | 92+e-d
d:1900-1950 e:1960-1999 | She was born in {d}. / She died in {e}. | She lived to be about {r} years old. | e-d
a:10001-99999 | Turnover was €{a} thousand. | Turnover was roughly €{r:1} million. | a/1000
a:5000-9999 b:1000-4999 | Income {a} / Costs {b} | Profit = {a} - {b} = {r} | a-b
a:5000-9999 b:1000-4999 | Income {a} / Costs {b} | This leaves {r} ({a} minus {b}). | a-b
"""
ZH = """
a:1000-9999 b:1000-9999 | 第三季度营业收入为{a}万元。 / 第四季度营业收入为{b}万元。 | 因此下半年营业收入合计为{r}万元。 | a+b
a:1000000.01-9999999.99 b:1000000.01-9999999.99 | 营业收入 {a} {b} | 两项营业收入合计{r:2}元。 | a+b
a:100-999 b:100-999 c:100-999 | 甲厂有{a}名员工。 / 乙厂有{b}名员工。 / 丙厂有{c}名员工。 | 三个厂一共有{r}名员工。 | a+b+c
a:100-999 b:100-999 | 住宿费{a}元。 / 交通费{b}元。 | 住宿和交通总共需要{r}元。 | a+b
a:1000-9999 b:1000-9999 | 一号楼面积为{a}平方米。 / 二号楼面积为{b}平方米。 | 两栋楼的总面积为{r}平方米。 | a+b
a:1000-9999 b:1000-9999 c:1000-9999 | 一月 {a} / 二月 {b} / 三月 {c} | 第一季度累计销售{r}台。 | a+b+c
a:5000000.01-9999999.99 b:1000000.01-4999999.99 | 管理费用 {b} {a} | 因此，2019年比2018年减少了{r:2}元。 | a-b
a:5000-9999 b:1000-4999 | 今年的产量为{a}吨。 / 去年的产量为{b}吨。 | 今年的产量比去年增加{r}吨。 | a-b
a:5000-9999 b:1000-4999 | A方案费用为{a}元。 / B方案费用为{b}元。 | 两个方案相差{r}元。 | a-b
a:40-90 b:10-39 | 高级员工年假{a}天。 / 普通员工年假{b}天。 | 高级员工比普通员工多{r}天年假。 | a-b
a:5000-9999 b:1000-4999 | 预算为{a}万元。 / 已使用{b}万元。 | 预算还剩{r}万元。 | a-b
a:5000-9999 b:1000-4999 | 旧设备重{a}公斤。 / 新设备重{b}公斤。 | 新设备比旧设备轻{r}公斤。 | a-b
a:50.0-90.0 b:10.0-49.9 | 2021年占比为{a}%。 / 2020年占比为{b}%。 | 占比上升了{r:1}个百分点。 | a-b
a:5000-9999 b:1000-4999 | 期初余额{a}元。 / 期末余额{b}元。 | 余额下降了{r}元。 | a-b
a:1000-4000 b:5000-9999 | 第四季度支出{a}万元。 / 全年支出{b}万元。 | 第四季度占全年支出的{r:1}%。 | a/b*100
a:1000-4000 b:5000-9999 | 女职工{a}人。 / 职工总数{b}人。 | 女职工的比例约为{r:1}%。 | a/b*100
a:1000-4000 b:5000-9999 | 出口额{a}万元。 / 销售额{b}万元。 | 出口占销售额的比重是{r:2}%。 | a/b*100
a:1000-4000 b:5000-9999 | 净利润 {a} / 营业收入 {b} | 净利率为{r:1}%。 | a/b*100
a:1000-4000 b:5000-9999 | 已出租{a}套。 / 共有{b}套。 | 已出租的占百分之{r:1}。 | a/b*100
a:5000-9999 b:1000-4999 | 2025年服务费为{a}元。 / 2024年服务费为{b}元。 | 2025年比2024年上涨{r:2}%。 | (a-b)/b*100
a:1000-4999 b:5000-9999 | 管理费用 {a} {b} | 降幅约为{r:2}%。 | (b-a)/b*100
a:5000-9999 b:1000-4999 | 营业收入 {a} {b} | 营业收入同比增长{r:1}%。 | (a-b)/b*100
a:1000-4999 b:5000-9999 | 本年亏损{a}万元。 / 上年亏损{b}万元。 | 亏损下降约{r:1}%。 | (b-a)/b*100
a:5000-9999 b:1000-4999 | 第一名 {a} / 第二名 {b} | 前者约为后者的{r:2}倍。 | a/b
a:5000-9999 b:1000-4999 | 新泵流量为{a}升。 / 旧泵流量为{b}升。 | 新泵的流量是旧泵的{r:1}倍。 | a/b
a:5000-9999 b:1000-4999 | 营业成本 {a} / 存货 {b} | 存货周转率为{r:2}。 | a/b
a:5000-9999 b:1000-4999 | 期初存货{a}万元。 / 期末存货{b}万元。 | 平均存货为{r:1}万元。 | (a+b)/2
a:1000-4999 b:1000-4999 c:1000-4999 | 一月接待{a}人。 / 二月接待{b}人。 / 三月接待{c}人。 | 平均每月接待{r:0}人。 | (a+b+c)/3
a:3-29 b:100-999 | 住宿标准为每晚{b}元。 / 出差住{a}晚。 | 住宿费共计{r}元。 | a*b
a:3-29 b:100-999 | 每次加注{b}升。 / 一年换油{a}次。 | 一年共需{r}升润滑油。 | a*b
a:3-29 b:100-999 | 每间教室可坐{b}人。 / 学校有{a}间教室。 | 学校的教室一共可坐{r}人。 | a*b
a:12-29 b:1000-9999 | 奖金{b}元由{a}人平分。 | 人均约{r:0}元。 | b/a
a:5-40 b:1000-9999 | 定金为价款的{a}%。 / 价款为{b}元。 | {b}元的{a}%是{r:2}元。 | a*b/100
d:1-27 e:1-27 | 展会于2024年3月{d}日开幕。 / 展会于2024年6月{e}日闭幕。 | 开幕和闭幕相隔{r}天。 | 92+e-d
d:1900-1950 e:1960-1999 | 工程{d}年开工。 / 工程{e}年完工。 | 工程历时{r}年。 | e-d
a:10001-99999 | 总人口为{a}人。 | 总人口约{r:1}万人。 | a/10000
a:100001-999999 | 营业收入为{a}万元。 | 营业收入约为{r:1}亿元。 | a/10000
a:1000-9999 b:1000-9999 | 甲 {a} / 乙 {b} | 合计：{a} + {b} = {r} 元 | a+b
a:5000-9999 b:1000-4999 | 甲 {a} / 乙 {b} | 差额为 {a} − {b} = {r} 元。 | a-b
a:1000-4999 b:5000-9999 | 甲 {a} / 全部 {b} | 占比为 {a} ÷ {b} ≈ {r:1}%。 | a/b*100
a:5000-9999 b:1000-4999 | 本年 {a} / 上年 {b} | 增长率 =（{a} − {b}）÷ {b} × 100% ≈ {r:1}%。 | (a-b)/b*100
a:3-12 b:100-999 | 每晚 {b} 元。 / 住 {a} 晚。 | 住宿：{b} 元 × {a} 晚 = {r} 元 | a*b
a:5000-9999 b:1000-4999 | 甲 {a} / 乙 {b} | {a}减去{b}等于{r}。 | a-b
a:5000-9999 b:1000-4999 | 上年 {a} / 本年 {b} | 减少了{r}元（{a} − {b}）。 | a-b
a:1000-9999 b:1000-9999 | 屋顶维修费为{a}元。 / 门窗维修费为{b}元。 | 两项加起来是{r}元。 | a+b
a:5000-9999 b:1000-4999 | 2023年参观人数为{a}人。 / 2022年参观人数为{b}人。 | 参观人数增加了{r}人。 | a-b
a:5000-9999 b:1000-4999 | 原定限额{a}元。 / 现行限额{b}元。 | 限额降低了{r}元。 | a-b
a:50-90 b:10-49 | 一号线需要{a}分钟。 / 二号线需要{b}分钟。 | 二号线比一号线快{r}分钟。 | a-b
a:1000-4000 b:5000-9999 | 研发费用 {a} / 营业收入 {b} | 研发费用占收入比重约{r:1}%。 | a/b*100
a:5000-9999 b:1000-4999 | 利润 {a} {b} | 利润同比上升{r:1}%。 | (a-b)/b*100
a:1000-4999 b:5000-9999 | 2019年会员{b}人。 / 2021年会员{a}人。 | 会员人数下滑了{r:1}%。 | (b-a)/b*100
a:5000-9999 b:1000-4999 | 甲塔高{a}毫米。 / 乙塔高{b}毫米。 | 甲塔的高度是乙塔的{r:1}倍。 | a/b
a:1000-4999 b:1000-4999 | 上半年{a}万元。 / 下半年{b}万元。 | 全年总额{r}万元。 | a+b
a:1000-4999 b:1000-4999 | 2020年{a}吨。 / 2021年{b}吨。 | 两年的平均值为{r:1}吨。 | (a+b)/2
a:3-29 b:100-999 | 每小时收费{b}元。 / 维修用了{a}小时。 | 维修费应为{r}元。 | a*b
a:3-29 b:100-999 | 门票每张{b}元。 / 全班{a}名学生。 | 全班门票需付{r}元。 | a*b
d:1-27 e:1-27 | 订单于2024年3月{d}日下达。 / 货物于2024年6月{e}日到达。 | 交货用了{r}天。 | 92+e-d
d:1900-1950 e:1960-1999 | 她生于{d}年。 / 她卒于{e}年。 | 她享年约{r}岁。 | e-d
a:100001-999999 | 资产为{a}万元。 | 资产约{r:1}亿元。 | a/10000
a:5000-9999 b:1000-4999 | 收入 {a} / 支出 {b} | 结余：{a}-{b}={r}元 | a-b
"""
TOPICS_EN = "Harbour fees,Ticket sales,Grain stocks,Repairs,Night trains,Pensions,Water use,Museum"
TOPICS_ZH = "港口收费,门票销售,粮食库存,维修费用,夜班列车,养老金,用水量,博物馆"


@dataclass(frozen=True, slots=True)
class Case:
    """`claim` with `{}` for its number; `right` as it is written and its value; and how far another
    number may be off and still be a way to write it."""

    sources: tuple[str, ...]
    claim: str
    right: str
    value: float
    room: float
    said: tuple[str, ...]
    operands: tuple[float, ...]

    def with_number(self, number: str) -> str:
        return self.claim.replace("{}", number)


def draw(rng: random.Random, *, others: int = 30, said: bool = True) -> Iterator[Case]:
    """Each phrasing once, with numbers of its own, among that many other sources."""
    for language, lines in (("en", EN), ("zh", ZH)):
        for line in lines.strip().splitlines():
            yield _case(rng, line, language, others=others, said=said)


def wrong(case: Case, rng: random.Random, *, kind: str) -> str | None:
    """Another number in its place: with one `digit` changed, one from the `sources`, or what
    another `operation` gives on the same numbers."""
    for _ in range(20):
        if kind == "digit":
            at = rng.choice([at for at, one in enumerate(case.right) if one.isdigit()])
            first = at == 0 and len(case.right) > 1
            digit = rng.choice("123456789" if first else "0123456789")
            number = case.right[:at] + digit + case.right[at + 1 :]
        elif kind == "operation":
            a, b = rng.sample(case.operands, 2) if len(case.operands) > 1 else (1, 2)
            given = rng.choice((a + b, abs(a - b), a * b, 100 * a / b, a / b, (a + b) / 2))
            number = f"{given:,.{len(case.right.partition('.')[2])}f}"
        else:
            number = rng.choice(re.findall(r"\d[\d,]*(?:\.\d+)?", " ".join(case.sources)))
        value = float(number.replace(",", ""))
        room = case.room * 10.0 ** max(0, _decimals(case.right) - _decimals(number))
        if value and abs(value - case.value) > room:
            return number
    return None


def _decimals(number: str) -> int:
    return len(number.partition(".")[2])


def _case(rng: random.Random, line: str, language: str, *, others: int, said: bool) -> Case:
    drawn, sources, claim, formula = (part.strip() for part in line.split(" | "))
    values: dict[str, float] = {}
    shown: dict[str, str] = {}
    for one in drawn.split():
        name, _, bounds = one.partition(":")
        low, high = bounds.split("-")
        decimals = len(low.partition(".")[2])
        value = round(rng.uniform(float(low), float(high)), decimals)
        values[name] = value if decimals else int(value)
        plain = name in "de"
        shown[name] = f"{value:.0f}" if plain else f"{values[name]:,.{decimals}f}"
    found = re.search(r"\{r(?::(\d))?\}", claim)
    assert found
    decimals = int(found[1] or 0)
    value = _worked_out(formula, values)
    about = re.search(r"about|around|roughly|约", claim[: found.start()]) is not None
    own = [part.format(**shown) for part in sources.split(" / ")]
    claim = re.sub(r"\{r(?::\d)?\}", "@", claim).format(**shown).replace("@", "{}")
    noise = [_other(rng, language) for _ in range(others)]
    before = (*noise[:1], " ".join(own), *noise[1:2]) if said else ()
    everything = own + noise
    rng.shuffle(everything)
    right = f"{value:,.{decimals}f}"
    room = 10.0**-decimals * (1.01 if about else 0.51)
    return Case(
        tuple(everything), claim, right, value, room, before, tuple(map(float, values.values()))
    )


def _other(rng: random.Random, language: str) -> str:
    topic = rng.choice((TOPICS_EN if language == "en" else TOPICS_ZH).split(","))
    a, b, c = rng.randint(100, 99999), rng.randint(2, 99), round(rng.uniform(1, 99), 1)
    if language == "en":
        shapes = (f"{topic} {a:,} {a - b:,} {a + 7 * b:,}", f"{topic} came to €{a:,} in {b} towns.")
        shapes += (f"{topic} rose by {c}% within {b} days.", f"{topic}: {b} people, {a:,} kg.")
    else:
        shapes = (f"{topic} {a:,} {a - b:,} {a + 7 * b:,}", f"{topic}为{a:,}元，涉及{b}个镇。")
        shapes += (f"{topic}在{b}天内增长{c}%。", f"{topic}：{b}人，{a:,}公斤。")
    return rng.choice(shapes)


def _worked_out(formula: str, values: dict[str, float]) -> float:
    """The oracle: Python's own arithmetic."""
    return float(eval(formula, {"__builtins__": {}}, dict(values)))
