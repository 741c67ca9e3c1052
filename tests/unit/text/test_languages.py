"""A corpus of many languages: read, told by code, and reported by source."""

import json
from pathlib import Path

from aia.corpora.cleaning import CleanOptions, clean
from aia.corpora.sources import ReadOptions, read_corpus

SAID_IN = {
    "ar": "منذ آخر تحديث لا أستطيع تسجيل الدخول ولا أحد يرد.",
    "bg": "След последната актуализация не мога да вляза и никой не отговаря.",
    "bn": "শেষ আপডেটের পর থেকে আমি লগ ইন করতে পারছি না এবং কেউ উত্তর দেয় না।",
    "ca": "Des de l'última actualització no puc iniciar la sessió i ningú no respon.",
    "cs": "Od poslední aktualizace se nemohu přihlásit a nikdo neodpovídá.",
    "da": "Siden den seneste opdatering kan jeg ikke logge ind, og ingen svarer.",
    "de": "Seit dem letzten Update kann ich mich nicht mehr anmelden und niemand antwortet.",
    "el": "Από την τελευταία ενημέρωση δεν μπορώ να συνδεθώ και κανείς δεν απαντά.",
    "en": "I cannot log in to the app since the last update and nobody answers my messages.",
    "es": "Desde la última actualización no puedo iniciar sesión y nadie me responde.",
    "et": "Pärast viimast uuendust ei saa ma sisse logida ja keegi ei vasta.",
    "fa": "از آخرین به‌روزرسانی نمی‌توانم وارد شوم و هیچ‌کس پاسخ نمی‌دهد.",
    "fi": "Viimeisimmän päivityksen jälkeen en voi kirjautua sisään eikä kukaan vastaa.",
    "fr": "Depuis la mise à jour, je ne peux plus me connecter et personne ne répond.",
    "he": "מאז העדכון האחרון אני לא מצליח להתחבר ואף אחד לא עונה.",
    "hi": "पिछले अपडेट के बाद से मैं लॉग इन नहीं कर पा रहा हूँ और कोई जवाब नहीं देता।",
    "hr": "Od posljednjeg ažuriranja ne mogu se prijaviti i nitko ne odgovara.",
    "hu": "A legutóbbi frissítés óta nem tudok bejelentkezni, és senki sem válaszol.",
    "id": "Sejak pembaruan terakhir saya tidak bisa masuk dan tidak ada yang menjawab.",
    "it": "Dopo l'ultimo aggiornamento non riesco più ad accedere e nessuno risponde.",
    "ja": "最後の更新からログインできず、誰も返事をしません。",
    "ka": "ბოლო განახლების შემდეგ ვეღარ შევდივარ და არავინ მპასუხობს.",
    "ko": "마지막 업데이트 이후로 로그인할 수 없고 아무도 대답하지 않습니다.",
    "lt": "Po paskutinio atnaujinimo negaliu prisijungti ir niekas neatsako.",
    "lv": "Kopš pēdējā atjauninājuma es nevaru pieteikties, un neviens neatbild.",
    "ms": "Sejak kemas kini terakhir saya tidak dapat log masuk dan tiada siapa menjawab.",
    "nl": "Sinds de laatste update kan ik niet meer inloggen en niemand antwoordt.",
    "no": "Siden den siste oppdateringen kan jeg ikke logge inn, og ingen svarer.",
    "pl": "Od ostatniej aktualizacji nie mogę się zalogować i nikt nie odpowiada.",
    "pt": "Desde a última atualização não consigo entrar e ninguém responde às mensagens.",
    "ro": "De la ultima actualizare nu mă mai pot conecta și nimeni nu răspunde.",
    "ru": "После последнего обновления я не могу войти, и никто не отвечает.",
    "sk": "Od poslednej aktualizácie sa nemôžem prihlásiť a nikto neodpovedá.",
    "sl": "Od zadnje posodobitve se ne morem prijaviti in nihče ne odgovarja.",
    "sv": "Sedan den senaste uppdateringen kan jag inte logga in och ingen svarar.",
    "ta": "கடைசி புதுப்பிப்பிலிருந்து என்னால் உள்நுழைய முடியவில்லை, யாரும் பதிலளிக்கவில்லை.",
    "th": "ตั้งแต่อัปเดตล่าสุดฉันเข้าสู่ระบบไม่ได้และไม่มีใครตอบ",
    "tr": "Son güncellemeden beri giriş yapamıyorum ve kimse cevap vermiyor.",
    "uk": "Після останнього оновлення я не можу увійти, і ніхто не відповідає.",
    "vi": "Kể từ bản cập nhật cuối cùng, tôi không thể đăng nhập và không ai trả lời.",
    "zh": "自从上次更新以来我无法登录，也没有人回复我。",
}


def test_a_corpus_of_forty_languages_is_read_and_reported_by_source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for code, sentence in SAID_IN.items():
        rows = "".join(json.dumps({"text": f"{sentence} ({i})"}, ensure_ascii=False) + "\n" for i in range(3))
        (folder / f"{code}.jsonl").write_text(rows, encoding="utf-8")
    corpus = clean(read_corpus(folder, ReadOptions()), CleanOptions(near_repeat=1.0))
    told = {Path(report.name).stem: (report.documents, report.error) for report in corpus.reading.sources}
    assert len(told) > 40
    assert told == dict.fromkeys(SAID_IN, (3, None))
    found: dict[str, set[str]] = {code: set() for code in SAID_IN}
    for document in corpus.documents:
        found[Path(str(document.source)).stem].add(document.fields.get("language", "en"))
    right = [code for code, languages in found.items() if languages == {code}]
    # Sisters (Indonesian and Malay, Norwegian and Danish) are told apart by longer texts only.
    assert len(right) >= 36, found
    assert sum(count for what, count in corpus.reading.changed.items() if what.startswith("in language ")) >= 100
