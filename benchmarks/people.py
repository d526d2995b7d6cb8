"""Synthetic persons, the same for the same seed: nobody's data, but names as unevenly spread as real ones are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


_VIETNAMESE_SHARE = 0.85
_SURNAMES = {
    "Nguyễn": 384, "Trần": 110, "Lê": 95, "Phạm": 71, "Hoàng": 51, "Phan": 45, "Vũ": 39, "Võ": 38, "Đặng": 21,
    "Bùi": 20, "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10, "Huỳnh": 10, "Lý": 5, "Đinh": 5, "Trịnh": 4, "Mai": 4,
    "Đào": 4, "Lương": 4, "Trương": 4, "Hà": 3, "Tạ": 2, "Cao": 2, "Châu": 2, "Tô": 2, "Quách": 1, "Khúc": 1, "Doãn": 1,
}  # fmt: skip
_MIDDLE = {
    "F": _words("Thị Thị Thị Thị Thị Ngọc Thu Kim Thanh Bích Mỹ Diệu Phương Hồng Minh Như Tuyết Xuân"),
    "M": _words("Văn Văn Văn Văn Hữu Đức Minh Quang Xuân Hoàng Thanh Công Đình Bá Quốc Trọng Gia Anh Tuấn"),
}
_GIVEN = _words(
    "An Anh Ánh Bảo Bích Bình Châu Chi Chính Cường Cúc Dung Dũng Duy Dương Đạt Đông Đức Giang Hà Hải Hạnh Hằng Hậu "
    "Hiền Hiếu Hoa Hoài Hòa Hoàng Hồng Huệ Hùng Huy Huyền Hương Khang Khánh Khoa Khôi Kiên Kim Lan Lâm Liên Linh Loan "
    "Long Lộc Ly Mai Mạnh Minh My Nam Nga Ngân Nghĩa Ngọc Nguyên Nhi Nhung Như Oanh Phong Phú Phúc Phương Quân Quang "
    "Quỳnh Sang Sơn Tài Tâm Tân Thành Thanh Thảo Thắng Thịnh Thoa Thu Thủy Thư Thương Tiến Toàn Trang Trâm Trí Trinh "
    "Trung Trường Tuấn Tùng Tuyết Tú Uyên Vân Việt Vinh Vy Xuân Yến"
)
_BEGINS = _words("Al An Bel Ber Car Dan El Er Fel Gar Hal Il Jan Kar Lar Mar Nor Ol Per Ras Sel Tor Ul Ver Wil Yor Zel")
_MIDDLES = _words("a e i o u an en in on ar er or al el is")
_ENDS = _words("berg dottir feld holm ison kova lund mann nen ova quist sen ski son stad strom ton vik well witz")
_SYLLABLES = _words("na la ra ta mi li ri sa ne le re da no lo ro sha vi ka ya do")
_PLACES = ("Hà Nội", "Huế", "Đà Nẵng", "Cần Thơ", "Hải Phòng", "Zenith", "Nadir", "Horizon")
_FIRST_DAY = date(1930, 1, 1)
_DAYS = 35_000
_UNKNOWN_DAY = 0.01


COLUMNS = (
    "personal_number",
    "surname",
    "given_names",
    "date_of_birth",
    "sex",
    "nationality",
    "place_of_residence",
    "father",
    "mother",
)


def write_people(path: Path, count: int, seed: int = 1) -> None:
    """A CSV file of ``count`` persons."""
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(COLUMNS) + "\n")
        for values in people(count, seed):
            file.write(",".join(values) + "\n")


def people(count: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """Rows in the order of :data:`COLUMNS`."""
    random = Random(seed)
    surnames, weights = list(_SURNAMES), list(_SURNAMES.values())
    for number in range(count):
        sex = random.choice("FM")
        vietnamese = random.random() < _VIETNAMESE_SHARE
        if vietnamese:
            surname = random.choices(surnames, weights)[0]
            given = f"{random.choice(_MIDDLE[sex])} {random.choice(_GIVEN)}"
            if random.random() < 0.4:
                given += f" {random.choice(_GIVEN)}"
        else:
            surname = _foreign_surname(random)
            given = " ".join(_foreign_given(random) for _ in range(random.choice((1, 1, 2))))
        birth = (_FIRST_DAY + timedelta(days=random.randrange(_DAYS))).isoformat()
        if random.random() < _UNKNOWN_DAY:
            birth = birth[:4]
        code, other = ("VNM", f"{surname} {random.choice(_GIVEN)}") if vietnamese else ("UTO", surname)
        yield (
            f"{number * 7 + 99 * 10**9:012}",
            surname,
            given,
            birth,
            sex,
            code,
            f"{random.randrange(1, 400)} {random.choice(_PLACES)}",
            other,
            f"{random.choice(surnames)} {random.choice(_GIVEN)}",
        )


def _foreign_surname(random: Random) -> str:
    """Some 8,000 names, of which few are common."""
    begin = _BEGINS[min(int(random.expovariate(0.12)), len(_BEGINS) - 1)]
    return begin.title() + random.choice(_MIDDLES) + random.choice(_ENDS)


def _foreign_given(random: Random) -> str:
    return "".join(random.choice(_SYLLABLES) for _ in range(random.choice((2, 2, 3)))).title()
