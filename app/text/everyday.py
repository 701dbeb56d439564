"""Everyday words that a document may say otherwise: bike and bicycle, 手机 and 移动电话.

They are only looked up where the collection lacks the word that was asked for, so a group may be
wide: what is found is shown word for word, and the change is told. For saying that two sentences
claim the same there is a stricter list (`quire.verification.synonyms`).
"""

from functools import cache

from quire.text import analysis

_EN = """
bike bicycle cycle
phone telephone
mobile cellphone cell smartphone phone
lift elevator
holiday vacation leave
laptop notebook computer
computer pc workstation
toilet restroom lavatory washroom wc
fridge refrigerator
photo photograph picture
exam examination test
kid child children minor
parking car park
sick ill unwell illness sickness
wage salary pay remuneration
boss manager supervisor superior
quit resign leave terminate
fire dismiss dismissal terminate
hire recruit employ engage
lunch meal
trip journey travel
plane flight aircraft
car vehicle automobile
truck lorry vehicle
petrol gasoline fuel
gas fuel
trash garbage rubbish waste refuse
money-back refund reimbursement
refund reimburse reimbursement repay
cheap inexpensive low-priced
price cost charge fee rate
bill invoice
tax vat duty
shop store
flat apartment
landlord lessor owner
tenant lessee renter
pet dog animal
dog pet animal
broken defective faulty damaged
breakdown fault failure malfunction
repair fix mend service
clean wash
turn-off switch-off shut-down
password passcode pin code
login log-in sign-in sign-on
email e-mail mail
website site webpage
wifi wi-fi wlan wireless
headset headphones earphones
glasses spectacles goggles
gloves glove mitts
doctor physician medical
hospital clinic
pregnant maternity pregnancy
baby infant
dad father paternity
mom mum mother maternity
funeral bereavement
wedding marriage
overtime extra-hours
deadline time-limit due
guarantee warranty
warranty guarantee
contract agreement
cancel terminate cancellation
change amend amendment alter modify
old previous former
new latest current
boat vessel ship craft
room chamber hall
door gate entrance
key fob card
smoke smoking cigarette tobacco
drink beverage alcohol
food meal catering
teacher instructor trainer
course class training lesson
visitor guest
customer client buyer
supplier vendor provider contractor
delivery shipment shipping dispatch
package parcel packet
heater heating boiler
noise sound
speed velocity
size dimension dimensions
weight mass
power output wattage
"""
_ZH = """
手机 移动电话 电话
自行车 单车 非机动车
电脑 计算机 笔记本电脑 电子设备
工资 薪酬 薪水 薪资 劳动报酬
请假 休假
放假 休假 假期
辞职 离职
开除 辞退 解雇 解除劳动合同
厕所 洗手间 卫生间
停车 泊车 车位
宾馆 酒店 旅馆 住宿
孩子 儿童 小孩 子女 未成年人
狗 犬 宠物
宠物 犬 猫
老板 主管 经理 负责人 领导
价钱 价格 价款 费用 收费
多少钱 价格 费用 收费 单价
一共多少钱 金额 总价 合计
总共多少钱 金额 总价 合计
免费 不收费 无偿
不收钱 免费 不收费
不要钱 免费 不收费
法人 法定代表人
法人代表 法定代表人
邮费 运费 快递费
快递费 运费 邮费
午饭 午餐 中餐
午餐 午饭 中餐
年假 年休假
工钱 人工费 工时费
着火 火灾 起火
起火 火灾 着火
送货 交货 配送
罚金 违约金 罚款
滞纳金 违约金
怎末 怎么
快递 邮寄 寄送 配送
垃圾 废弃物 废物
坏了 故障 损坏
毛病 故障 异常
修理 维修 检修
换 更换
退钱 退款 退费 退还
退货 退换
发票 票据
押金 保证金
房租 租金
房东 出租人 出租方
租客 承租人 承租方
合同 协议
改 修改 变更 修订
取消 解除 撤销
提前 事先
上网 网络 无线
密码 口令
账号 账户 帐号
邮箱 邮件 电子邮件
开会 会议
培训 学习 课程
医院 医疗机构
看病 就医 就诊
生孩子 生育 产假
结婚 婚假
丧事 丧假
加班 延时工作 超时工作
上班 工作时间
下班 工作时间
吃饭 用餐 就餐
饭补 餐补 伙食补贴
车费 交通费 交通补贴
路费 交通费
小时 时
开关 电源
关机 停机
开机 启动
噪音 噪声
速度 时速
重量 质量 自重
尺寸 外形尺寸 规格
功率 额定功率
保修 质保 质量保证
质保 保修
过期 有效期 到期 失效
会员卡 会员
顾客 客户 用户
客人 住客 宾客 客户
"""


@cache
def groups(language: str) -> dict[str, tuple[str, ...]]:
    """For each word, those that may be said in its place, the likeliest first: of English ones by
    their stems, a hyphen standing for a blank."""
    table: dict[str, dict[str, None]] = {}
    for line in (_ZH if language == "zh" else _EN).strip().splitlines():
        words = line.split()
        for word in words:
            key = word if language == "zh" else analysis.stem(word)
            others = (other.replace("-", " ") for other in words if other != word)
            table.setdefault(key, {}).update(dict.fromkeys(others))
    return {word: tuple(others) for word, others in table.items()}
