import pytest

from framemill.commands.charset import decoded, known

# ruff: noqa: RUF001 - letters that look like others are what this is about
_WRITTEN = [
    ("utf-8", "Ты, 中文, é"),
    ("cp1252", "Ça va, garçon ? Déjà vu à Noël."),
    ("cp1252", "Über die Brücke gehen fünf Männer."),
    ("cp1252", "¿Dónde está mañana el señor?"),
    ("cp1252", "Não há razão, coração."),
    ("cp1252", "Så är det på ön, räksmörgås"),
    ("cp1252", "It’s a “quote” – fine…"),
    ("cp1252", "ÇA VA TRÈS BIEN, GARÇON"),
    ("cp1252", "één"),
    ("cp1251", "Ты придурок, Том!"),
    ("cp1251", "ПРИВЕТ, МИР"),
    ("cp1251", "Привіт, як справи? Їжак"),
    ("koi8-r", "Послушай Селия, мы должны следовать"),
    ("cp1250", "Zażółć gęślą jaźń"),
    ("cp1250", "Příliš žluťoučký kůň"),
    ("cp1250", "Kövess engem, fűzfa őz"),
    ("cp1253", "Καλημέρα, τι κάνεις σήμερα;"),
    ("cp1254", "Günaydın, nasılsın? Şimdi gidiyoruz, değil mi"),
    ("cp1255", "שלום, מה שלומך היום"),
    ("cp1256", "مرحبا كيف حالك اليوم"),
    ("shift_jis", "こんにちは、元気ですか。今日は"),
    ("gb18030", "你好,今天怎么样?我们走吧"),
    ("big5", "你好,今天怎麼樣?我們走吧"),
    ("euc_kr", "안녕하세요, 오늘 어때요?"),
]


@pytest.mark.parametrize(("charset", "text"), _WRITTEN)
def test_a_single_cue_tells_how_it_is_written(charset: str, text: str) -> None:
    cue = f"1\n00:00:00,500 --> 00:00:01,900\n{text}\n"

    said, _, guessed = decoded(cue.encode(charset))

    assert said == cue
    assert guessed == (charset != "utf-8")


@pytest.mark.parametrize("charset", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_never_guessed(charset: str) -> None:
    cue = "1\n00:00:00,500 --> 00:00:01,900\nНоёль, Noël\n"

    said, _, guessed = decoded(cue.encode(charset))

    assert (said.lstrip("\ufeff"), guessed) == (cue, False)


def test_a_letter_cut_in_half_at_the_end_is_still_utf_8() -> None:
    assert decoded("1\n00:00 Noë".encode()[:-1])[:2] == ("1\n00:00 No", "utf-8")


def test_what_people_say_is_believed() -> None:
    assert decoded(b"\xc4\xe0", "cp1251") == ("Да", "cp1251", False)
    with pytest.raises(UnicodeDecodeError):
        decoded(b"\xff\xff", "utf-8")


@pytest.mark.parametrize(
    ("name", "there"), [("windows-1251", True), ("latin-1", True), ("base64", False), ("martian", False)]
)
def test_only_sets_for_text_are_known(name: str, there: bool) -> None:
    assert known(name) is there
