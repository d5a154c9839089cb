"""Names for people who do not exist, in many scripts. Family names are made up or are words; any likeness is chance."""

from random import Random
from typing import NamedTuple


class Tongue(NamedTuple):
    """Names that go together.

    Attributes:
        weight: How many have such names, against the others.
        given, family: Words, separated by spaces.
        is_family_first: Whether the family's name stands first.
        between: What stands between the two.
    """

    weight: int
    given: str
    family: str
    is_family_first: bool = False
    between: str = " "


_TONGUES = (
    Tongue(
        40,
        "Agnes Alban Bettina Clement Cora Dorian Edith Felix Flora Gideon Harriet Hugo Imogen Jasper Lydia Magnus "
        "Mabel Nora Oscar Phoebe Quentin Rosalind Silas Tabitha Ursula Victor Winifred",
        "Amblecote Brackenridge Candlewick Dunmarrow Eddlestone Fernsby Gorsebank Hollowmere Inkpenny Jollyfield "
        "Kettlewren Larkenby Mossgrave Nettlefold Oakenshaw Pennywhistle Quillfeather Ravensknoll Saltmarshe "
        "Thistledown Umberlough Vellacombe Wrenfield Yarrowgate",
    ),
    Tongue(
        9,
        "Ágnes Björn Chloé Dagný Émile François Günther Inês Jürgen Łucja Małgorzata Núria Øyvind Renée Søren Tomáš "
        "Žofie Çağla Ömer Şirin",
        "Ährenfeld Björkdal Brückenwald Chêneval Dębogóra Fjällström Grünspecht Løvebæk Montagné Nyírfalu "
        "Rosário-Verde Štěpnička Traumühl Yıldızova Żabiczek",
    ),
    Tongue(
        12,
        "明月 思远 若兰 子墨 雨桐 云舒 晓枫 静海 文竹 青松 书瑶 知秋",
        "江 林 梅 柳 云 石 竹 白 雷 叶 钟 方",
        is_family_first=True,
        between="",
    ),
    Tongue(
        6,
        "さくら ひなた 海斗 千尋 蒼空 美月 楓 遥 光一 しずく",
        "青葉沢 霧ヶ峰 月見坂 花野井 星川原 雪ノ下 風間崎 松籟寺",
        is_family_first=True,
    ),
    Tongue(
        6,
        "하늘 바다 가람 나래 다온 보람 슬기 아라 한별 새봄",
        "강 노 문 백 설 송 하 봉",
        is_family_first=True,
        between="",
    ),
    Tongue(
        8, "अनन्या अर्जुन ईशान काव्या तारा नील प्रिया रोहन समीर वाणी", "चंद्रवन नीलगगन पर्वतकर मेघवाल सागरदीप हिमवंत"
    ),
    Tongue(3, "অনির্বাণ ঋতু তিথি নীলয় পলাশ শ্রেয়া", "আকাশদীপ নদীপুর বনলতা মেঘনাদ শিউলিতলা"),
    Tongue(3, "அமுதன் இனியா கயல் நிலா மாறன் வானதி", "காவேரிநாடன் தென்றல் மலைவேல் முகில்"),
    Tongue(
        7,
        "Алёна Борис Вера Глеб Дарья Игорь Милана Платон Софья Тимур",
        "Березняк Звездин Лугов Медвяный Рассветов Тихоречный Ягодкин",
    ),
    Tongue(2, "Богдана Назар Оксана Ярема Іванна Їржина", "Вербицвіт Калинодуб Степовий Їжаченко Яблуневий"),
    Tongue(2, "Ανδρέας Δάφνη Ελένη Ιάσων Μυρτώ Φοίβος", "Αστεριάδης Ελαιώνας Θαλασσινός Καλαμιώτης Πευκάκης"),
    Tongue(5, "أمل باسل جمانة رامي سلمى طارق ليلى نور هيثم ياسمين", "البستاني السحابي القمري النخلي الوادي"),
    Tongue(2, "آرش بهار پرویز ژاله کاوه مهتاب نسرین", "آفتابی باران‌دوست چمن‌زار کوهستانی گلشنی"),
    Tongue(2, "אביגיל גפן דור טליה יונתן נועה", "אילנות הרקיע כוכבי פרדסיאן שקמוני"),
    Tongue(2, "กานดา ชลธี ดารา ธารา ภูผา วายุ", "จันทร์ฉาย ดอกแก้ว ทองสายลม ฟ้ากว้าง"),
    Tongue(1, "ሀና ሰላም ብርሃን አበባ ዳዊት", "ማለዳ ሰማይ ወንዝ ጨረቃ"),
    Tongue(1, "ანა გიორგი თამარ ლევან ნინო", "ვარსკვლავიძე მთისპირელი წყაროშვილი"),
    Tongue(1, "Անի Արամ Լուսինե Նարեկ", "Աստղաբերդյան Լեռնային Ծիրանենի"),
    Tongue(
        5,
        "Adaeze Chidi Efua Kwame Ngozi Olúwaṣeun Sipho Thandiwe Wanjiru Zuberi",
        "Abimọ́lá-Odò Baobabu Kilimo Mwangaza Ntabakazi Okunade-Ilé Umfula",
    ),
    Tongue(
        4,
        "An Bảo Đào Hạnh Khôi Linh Ngọc Phúc Quỳnh Thảo",
        "Hoàng-Mai Lâm-Sơn Ngô-Đồng Tùng-Bách Vũ-Hải",
        is_family_first=True,
    ),
    Tongue(
        4,
        "Alba Bruno Celeste Inés Joaquín Lúcia Mateo Paloma Rafael Ximena",
        "Almendral Campoflor Fuenteluna Montesol Piedrahúmeda Rioclaro",
    ),
)
_WEIGHTS = [tongue.weight for tongue in _TONGUES]


def draw_name(random: Random) -> str:
    """Draw a name."""
    (tongue,) = random.choices(_TONGUES, _WEIGHTS)
    return _write(tongue, random.choice(tongue.given.split()), random.choice(tongue.family.split()))


def all_names() -> list[str]:
    """Give every name that can be drawn."""
    return [
        _write(tongue, given, family)
        for tongue in _TONGUES
        for given in tongue.given.split()
        for family in tongue.family.split()
    ]


def _write(tongue: Tongue, given: str, family: str) -> str:
    parts = (family, given) if tongue.is_family_first else (given, family)
    return tongue.between.join(parts)
