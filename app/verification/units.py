"""Units of measurement, with the ways in which English and Chinese write them."""

import re
from functools import cache

from quire.text import analysis

_UNITS = {
    "%": "% percent per_cent",
    "‰": "‰ per_mille",
    "point": "percentage_point percentage_points 个百分点",
    "km": "km kilometre kilometres kilometer kilometers 公里 千米",
    "m": "m metre metres meter meters 米",
    "cm": "cm centimetre centimetres centimeter centimeters 厘米",
    "mm": "mm millimetre millimetres millimeter millimeters 毫米",
    "µm": "µm micrometre micrometres micron microns 微米",
    "nm": "nm nanometre nanometres 纳米",
    "mile": "mile miles mi 英里",
    "foot": "foot feet ft 英尺",
    "inch": "inch inches 英寸",
    "kg": "kg kilogram kilograms kilo kilos 千克 公斤",
    "g": "g gram grams 克",
    "mg": "mg milligram milligrams 毫克",
    "µg": "µg mcg microgram micrograms 微克",
    "t": "t tonne tonnes ton tons 吨",
    "jin": "斤 市斤",
    "pound": "pound pounds lb lbs 磅",
    "ounce": "ounce ounces oz 盎司",
    "l": "l litre litres liter liters 升",
    "ml": "ml millilitre millilitres milliliter milliliters 毫升",
    "gallon": "gallon gallons 加仑",
    "hectare": "hectare hectares ha 公顷",
    "acre": "acre acres 英亩",
    "mu": "亩",
    "m2": "m2 m² square_metre square_metres square_meter square_meters 平方米",
    "km2": "km2 km² square_kilometre square_kilometres square_kilometers 平方公里 平方千米",
    "m3": "m3 m³ cubic_metre cubic_metres cubic_meter cubic_meters 立方米",
    "km/h": "km/h kph kmh kilometres_per_hour kilometers_per_hour 公里/小时 千米/小时",
    "mph": "mph miles_per_hour 英里/小时",
    "m/s": "m/s metres_per_second meters_per_second 米/秒 米每秒",
    "ms": "ms millisecond milliseconds 毫秒",
    "second": "second seconds s sec secs 秒 秒钟",
    "minute": "minute minutes min mins 分钟",
    "quarter hour": "刻钟",
    "hour": "hour hours h hr hrs 小时 个小时 学时 钟头 个钟头",
    "day": "day days 天 日",
    "workday": "working_day working_days business_day business_days 工作日 个工作日",
    "night": "night nights 晚",
    "week": "week weeks 周 星期 个星期 礼拜 个礼拜",
    "fortnight": "fortnight fortnights",
    "month": "month months 个月",
    "quarter": "quarters 季度 个季度",
    "year": "year years yr yrs 年 周年",
    "age": "years_old year-old years-old years_of_age 岁 周岁",
    "decade": "decade decades",
    "century": "century centuries 世纪 个世纪",
    "yuan": "yuan cny rmb 元 块 块钱 人民币 元人民币",
    "hkd": "hkd hk$ 港元 港币",
    "twd": "twd nt$ 新台币 台币",
    "dollar": "dollar dollars usd $ us$ 美元 美金",
    "euro": "euro euros eur € 欧元",
    "gbp": "gbp £ pounds_sterling pound_sterling 英镑",
    "yen": "yen jpy 日元",
    "krw": "krw 韩元",
    "franc": "franc francs chf 瑞士法郎 法郎",
    "ruble": "ruble rubles rouble roubles 卢布",
    "rupee": "rupee rupees inr 卢比",
    "crown": "crown crowns 克朗",
    "°c": "°c ℃ celsius degrees_celsius degrees_centigrade 摄氏度",
    "°f": "°f fahrenheit degrees_fahrenheit 华氏度",
    "°": "degree degrees ° 度",
    "v": "v volt volts 伏 伏特",
    "kv": "kv kilovolt kilovolts 千伏",
    "mv": "mv millivolt millivolts 毫伏",
    "amp": "amp amps ampere amperes 安 安培",
    "ma": "ma milliamp milliamps 毫安",
    "w": "w watt watts 瓦 瓦特",
    "kw": "kw kilowatt kilowatts 千瓦",
    "mw": "mw megawatt megawatts 兆瓦",
    "gw": "gw gigawatt gigawatts 吉瓦",
    "kwh": "kwh kilowatt-hour kilowatt-hours kilowatt_hours 千瓦时",
    "mwh": "mwh megawatt-hours megawatt_hours 兆瓦时",
    "ohm": "ohm ohms ω 欧姆 欧",
    "hz": "hz hertz 赫兹 赫",
    "khz": "khz kilohertz 千赫 千赫兹",
    "mhz": "mhz megahertz 兆赫 兆赫兹",
    "ghz": "ghz gigahertz 吉赫 吉赫兹",
    "kb": "kb kilobyte kilobytes",
    "mb": "mb megabyte megabytes 兆字节",
    "gb": "gb gigabyte gigabytes 吉字节",
    "tb": "tb terabyte terabytes 太字节",
    "pa": "pa pascal pascals 帕 帕斯卡",
    "kpa": "kpa kilopascal kilopascals 千帕",
    "mpa": "mpa megapascal megapascals 兆帕",
    "bar": "bar bars 巴",
    "psi": "psi",
    "n": "newton newtons 牛顿",
    "kn": "kn kilonewton kilonewtons 千牛",
    "j": "joule joules 焦耳",
    "kj": "kj kilojoule kilojoules 千焦",
    "kcal": "kcal kilocalorie kilocalories 千卡 大卡",
    "db": "db decibel decibels 分贝",
    "rpm": "rpm 转/分 转每分",
    "person": "person persons people 人 名 位",
    "time": "times 次 回",
    "fold": "fold 倍",
}
_SAME = ({"pound", "gbp"}, {"°", "°c"}, {"°", "°f"}, {"year", "age"}, {"time", "fold"})
"""Units that one word may mean alike: "5 pounds", "5 degrees", "3 times"."""

PERIODS = {
    "hour": "hour hourly 小时 个小时",
    "day": "day daily 天 日",
    "night": "night nightly 晚",
    "week": "week weekly 周 星期 个星期",
    "month": "month monthly 月 个月",
    "quarter": "quarter quarterly 季度 个季度 季",
    "year": "year yearly annually annual 年",
}
"""What comes round: "every year", "a year" after a number, "yearly", 每年."""


_CONVERTED = {
    name: (kind, factor)
    for kind, factors in {
        "length": {"km": 1e3, "m": 1.0, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "nm": 1e-9},
        "mass": {"t": 1e3, "kg": 1.0, "jin": 0.5, "g": 1e-3, "mg": 1e-6, "µg": 1e-9},
        "volume": {"l": 1.0, "ml": 1e-3, "m3": 1e3},
        "area": {"m2": 1.0, "km2": 1e6, "hectare": 1e4},
        "time": {"ms": 1e-3, "second": 1.0, "minute": 60.0, "quarter hour": 900.0, "hour": 3600.0}
        | {"day": 86400.0, "week": 604800.0, "fortnight": 1209600.0},
        "long time": {"month": 1.0, "quarter": 3.0, "year": 12.0, "decade": 120.0},
        "power": {"w": 1.0, "kw": 1e3, "mw": 1e6, "gw": 1e9},
        "energy": {"kwh": 1.0, "mwh": 1e3},
        "voltage": {"mv": 1e-3, "v": 1.0, "kv": 1e3},
        "frequency": {"hz": 1.0, "khz": 1e3, "mhz": 1e6, "ghz": 1e9},
        "pressure": {"pa": 1.0, "kpa": 1e3, "mpa": 1e6, "bar": 1e5},
    }.items()
    for name, factor in factors.items()
}
"""Of units that can be told in one another: their kind, and what one is in the first of it."""


def factor(unit: str, into: str) -> float | None:
    """How many of one unit another is; None where there is no way from one to the other.

    >>> factor("km", "m"), factor("fortnight", "week"), factor("km", "kg")
    (1000.0, 2.0, None)
    """
    if unit not in _CONVERTED or into not in _CONVERTED:
        return None
    (kind, ours), (other, theirs) = _CONVERTED[unit], _CONVERTED[into]
    return ours / theirs if kind == other else None


def alike(one: str, other: str) -> bool:
    """Whether two units may be the same.

    >>> alike("pound", "gbp"), alike("km", "mile")
    (True, False)
    """
    return one == other or any({one, other} <= same for same in _SAME)


def after(text: str, at: int) -> tuple[str, int]:
    """The unit that begins at an offset of a folded text, and where it ends; empty where none does.

    >>> after("5 mg a day", 1), after("5毫克", 1), after("5 men", 1)
    (('mg', 4), ('mg', 3), ('', 1))
    """
    match = _following().match(text, at)
    return (_names()[match[1].replace(" ", "_")], match.end()) if match else ("", at)


def before(text: str, at: int) -> str:
    """The currency that stands before an offset of a folded text; empty where none does.

    >>> before("us$ 5", 4), before("5", 0)
    ('dollar', '')
    """
    match = _LEADING.search(text, max(0, at - 8), at)
    return _names()[match[1]] if match else ""


@cache
def period(word: str) -> str:
    """What comes round, by a folded word for it.

    >>> period("yearly"), period("个月")
    ('year', 'month')
    """
    return next(name for name, words in PERIODS.items() if word in words.split())


@cache
def _names() -> dict[str, str]:
    return {analysis.fold(name): unit for unit, names in _UNITS.items() for name in names.split()}


@cache
def _following() -> re.Pattern[str]:
    names = sorted(_names(), key=len, reverse=True)
    spaced = "|".join(re.escape(name).replace("_", " ") for name in names if name.isascii())
    joined = "|".join(re.escape(name) for name in names if not name.isascii())
    return re.compile(rf"[\s-]?((?:{spaced})(?![a-z0-9])|{joined})")


_LEADING = re.compile(r"(hk\$|nt\$|us\$|\$|€|£|\b(?:cny|rmb|usd|eur|gbp|jpy|hkd|chf|twd))\s?$")
