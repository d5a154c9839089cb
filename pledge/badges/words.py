"""The few words that badges say, in the languages that they know. Corrections by those who speak one are welcome.

Numbers stand after a colon wherever a language would make the words around them agree.
"""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """What a badge says; ``{n}`` is a number."""

    against: str
    pledge: str
    number: str
    from_labs: str
    signed: str
    lab_address: str
    former: str
    lapsed: str
    withdrawn: str
    unknown: str


RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he"})
JOINED: Final = frozenset({"ar", "bn", "fa", "hi"})
"""Languages whose letters join or stack, so that none may be spaced apart."""

NAMES: Final = {
    "en": "English",
    "ar": "العربية",
    "bn": "বাংলা",
    "cs": "čeština",
    "de": "Deutsch",
    "el": "ελληνικά",
    "es": "español",
    "fa": "فارسی",
    "fr": "français",
    "he": "עברית",
    "hi": "हिन्दी",
    "it": "italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pl": "polski",
    "pt": "português",
    "ru": "русский",
    "tr": "Türkçe",
    "uk": "українська",
    "zh": "中文",
}
_THIN_SPACE: Final = "\u202f"

LANGUAGES: Final = {
    "en": Words(
        "against reckless scaling",
        "Pledge against reckless scaling",
        "{n} signed",
        "{n} from lab addresses",
        "signed",
        "lab address",
        "signed, then left the lab",
        "lapsed",
        "withdrawn",
        "unknown",
    ),
    "ar": Words(
        "ضد التوسيع المتهور",
        "تعهد ضد التوسيع المتهور",
        "التوقيعات: {n}",
        "من عناوين المختبرات: {n}",
        "تم التوقيع",
        "عنوان المختبر",
        "وقّع ثم غادر المختبر",
        "انتهت المدة",
        "تم السحب",
        "غير معروف",
    ),
    "bn": Words(
        "বেপরোয়া স্কেলিংয়ের বিরুদ্ধে",
        "বেপরোয়া স্কেলিংয়ের বিরুদ্ধে অঙ্গীকার",
        "স্বাক্ষর: {n}",
        "ল্যাবের ঠিকানা থেকে: {n}",
        "স্বাক্ষরিত",
        "ল্যাবের ঠিকানা",
        "স্বাক্ষরের পর ল্যাব ছেড়েছেন",
        "মেয়াদ শেষ",
        "প্রত্যাহার",
        "অজানা",
    ),
    "cs": Words(
        "proti bezohlednému škálování",
        "Závazek proti bezohlednému škálování",
        "podpisy: {n}",
        "z adres laboratoří: {n}",
        "podepsáno",
        "adresa laboratoře",
        "podepsáno, poté odchod z laboratoře",
        "vypršelo",
        "staženo",
        "neznámé",
    ),
    "de": Words(
        "gegen rücksichtsloses Skalieren",
        "Erklärung gegen rücksichtsloses Skalieren",
        "unterzeichnet: {n}",
        "von Labor-Adressen: {n}",
        "unterzeichnet",
        "Labor-Adresse",
        "unterzeichnet, dann das Labor verlassen",
        "abgelaufen",
        "zurückgezogen",
        "unbekannt",
    ),
    "el": Words(
        "κατά της απερίσκεπτης κλιμάκωσης",
        "Δέσμευση κατά της απερίσκεπτης κλιμάκωσης",
        "υπογραφές: {n}",
        "από διευθύνσεις εργαστηρίων: {n}",
        "υπογράφηκε",
        "διεύθυνση εργαστηρίου",
        "υπέγραψε, μετά έφυγε από το εργαστήριο",
        "έληξε",
        "αποσύρθηκε",
        "άγνωστο",
    ),
    "es": Words(
        "contra el escalado temerario",
        "Compromiso contra el escalado temerario",
        "firmas: {n}",
        "desde laboratorios: {n}",
        "firmado",
        "dirección del laboratorio",
        "firmó y dejó el laboratorio",
        "caducado",
        "retirado",
        "desconocido",
    ),
    "fa": Words(
        "علیه مقیاس‌دهی بی‌پروا",
        "تعهد علیه مقیاس‌دهی بی‌پروا",
        "امضاها: {n}",
        "از نشانی آزمایشگاه‌ها: {n}",
        "امضا شد",
        "نشانی آزمایشگاه",
        "امضا کرد و سپس آزمایشگاه را ترک کرد",
        "منقضی",
        "پس گرفته شد",
        "ناشناخته",
    ),
    "fr": Words(
        "contre un passage à l’échelle imprudent",
        "Engagement contre un passage à l’échelle imprudent",
        "signatures : {n}",
        "depuis des labos : {n}",
        "signé",
        "adresse du labo",
        "signé, puis a quitté le labo",
        "expiré",
        "retiré",
        "inconnu",
    ),
    "he": Words(
        "נגד הגדלה פזיזה",
        "התחייבות נגד הגדלה פזיזה",
        "חתימות: {n}",
        "מכתובות של מעבדות: {n}",
        "נחתם",
        "כתובת מעבדה",
        "נחתם לפני עזיבת המעבדה",
        "פג תוקף",
        "בוטל",
        "לא ידוע",
    ),
    "hi": Words(
        "लापरवाह स्केलिंग के विरुद्ध",
        "लापरवाह स्केलिंग के विरुद्ध संकल्प",
        "हस्ताक्षर: {n}",
        "लैब पतों से: {n}",
        "हस्ताक्षरित",
        "लैब का पता",
        "हस्ताक्षर के बाद लैब छोड़ी",
        "अवधि समाप्त",
        "वापस लिया",
        "अज्ञात",
    ),
    "it": Words(
        "contro lo scaling sconsiderato",
        "Impegno contro lo scaling sconsiderato",
        "firme: {n}",
        "da laboratori: {n}",
        "firmato",
        "indirizzo del laboratorio",
        "ha firmato, poi ha lasciato il laboratorio",
        "scaduto",
        "ritirato",
        "sconosciuto",
    ),
    "ja": Words(
        "無謀なスケーリングに反対",
        "無謀なスケーリングに反対する誓約",
        "署名：{n}",
        "研究所のアドレスから：{n}",
        "署名済み",
        "研究所のアドレス",
        "署名後に退所",
        "期限切れ",
        "撤回",
        "不明",
    ),
    "ko": Words(
        "무모한 스케일링 반대",
        "무모한 스케일링 반대 서약",
        "서명: {n}",
        "연구소 주소에서: {n}",
        "서명함",
        "연구소 주소",
        "서명 후 연구소를 떠남",
        "기간 만료",
        "철회",
        "알 수 없음",
    ),
    "nl": Words(
        "tegen roekeloos opschalen",
        "Belofte tegen roekeloos opschalen",
        "ondertekend: {n}",
        "vanaf labadressen: {n}",
        "ondertekend",
        "labadres",
        "ondertekend, daarna het lab verlaten",
        "verlopen",
        "ingetrokken",
        "onbekend",
    ),
    "pl": Words(
        "przeciw lekkomyślnemu skalowaniu",
        "Zobowiązanie przeciw lekkomyślnemu skalowaniu",
        "podpisy: {n}",
        "z adresów laboratoriów: {n}",
        "podpisano",
        "adres laboratorium",
        "podpisano, potem odejście z laboratorium",
        "wygasło",
        "wycofano",
        "nieznane",
    ),
    "pt": Words(
        "contra a escalada imprudente",
        "Compromisso contra a escalada imprudente",
        "assinaturas: {n}",
        "de laboratórios: {n}",
        "assinado",
        "endereço do laboratório",
        "assinou e saiu do laboratório",
        "expirado",
        "retirado",
        "desconhecido",
    ),
    "ru": Words(
        "против безрассудного масштабирования",
        "Обязательство против безрассудного масштабирования",
        "подписей: {n}",
        "с адресов лабораторий: {n}",
        "подписано",
        "адрес лаборатории",
        "подписано до ухода из лаборатории",
        "истекло",
        "отозвано",
        "неизвестно",
    ),
    "tr": Words(
        "pervasız ölçeklemeye karşı",
        "Pervasız ölçeklemeye karşı taahhüt",
        "imza: {n}",
        "laboratuvar adresinden: {n}",
        "imzalandı",
        "laboratuvar adresi",
        "imzaladı, sonra laboratuvardan ayrıldı",
        "süresi doldu",
        "geri çekildi",
        "bilinmiyor",
    ),
    "uk": Words(
        "проти безрозсудного масштабування",
        "Обіцянка проти безрозсудного масштабування",
        "підписів: {n}",
        "з адрес лабораторій: {n}",
        "підписано",
        "адреса лабораторії",
        "підписано до звільнення з лабораторії",
        "строк минув",
        "відкликано",
        "невідомо",
    ),
    "zh": Words(
        "反对鲁莽扩展规模",
        "反对鲁莽扩展规模的承诺",
        "已签署：{n}",
        "来自实验室地址：{n}",
        "已签署",
        "实验室地址",
        "签署后离开实验室",
        "已过期",
        "已撤回",
        "未知",
    ),
}


def counted(words: str, number: int, lang: str) -> str:
    """Put a number into words, with its thousands apart as a language has them."""
    written = f"{number:,}" if lang == "en" else f"{number:,}".replace(",", _THIN_SPACE)
    return words.format(n=written)


def upper(text: str, lang: str) -> str:
    """Write text in capitals; Turkish has two letters i."""
    return (text.replace("i", "İ") if lang == "tr" else text).upper()
