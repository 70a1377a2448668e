//! Words for the sample mail, in several languages and the charsets that go with them.

use super::Random;

/// One language with what its mail looks like.
pub(super) struct Language {
    /// Label of the charset, as in `Content-Type`.
    pub charset: &'static str,
    /// `Content-Transfer-Encoding` of its text parts.
    pub encoding: Encoding,
    pub subjects: &'static [&'static str],
    pub greetings: &'static [&'static str],
    pub sentences: &'static [&'static str],
    pub reply: &'static str,
    /// Line above what is quoted; `{}` is the author.
    pub wrote: &'static str,
}

/// A content transfer encoding (RFC 2045 §6).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    SevenBit,
    EightBit,
    QuotedPrintable,
    Base64,
}

/// Every language, English several times: most of this mailbox's mail is English.
pub(super) fn pick(random: &mut Random) -> &'static Language {
    match random.below(16) {
        0 | 1 => &GERMAN,
        2 => &FRENCH,
        3 | 4 => &JAPANESE,
        5 | 6 => &RUSSIAN,
        7 | 8 => &MIXED,
        _ => &ENGLISH,
    }
}

impl Language {
    /// A paragraph or three.
    pub fn paragraphs(&self, random: &mut Random) -> String {
        let mut text = format!("{}\n\n", random.pick(self.greetings));
        for _ in 0..=random.below(3) {
            for _ in 0..=random.below(3) {
                text.push_str(random.pick(self.sentences));
                text.push('\n');
            }
            text.push('\n');
        }
        text
    }
}

pub(super) static ENGLISH: Language = Language {
    charset: "us-ascii",
    encoding: Encoding::SevenBit,
    subjects: &[
        "Minutes of Tuesday's meeting",
        "Garden tools to give away",
        "Question about the tide tables",
        "Lunch on Thursday?",
        "Draft of chapter four",
        "Invoice for the boat shed",
        "Your library books are due",
        "Bird count this weekend",
        "Release notes, second attempt",
        "The heating on the third floor",
        "Photos from the summit",
        "Choir rehearsal moved",
    ],
    greetings: &["Hello,", "Hi all,", "Dear friends,", "Good morning,"],
    sentences: &[
        "The peregrine was back on the tower this morning, with something feathered in its claws.",
        "I have attached the figures, but please read the second table with care.",
        "Could you send me the list before Friday noon?",
        "The ferry leaves at a quarter past six, so we should meet on the pier by six.",
        "Nobody has the key to the cellar any more, as far as I can tell.",
        "We agreed to try it for a month and then decide.",
        "If it rains we will move the whole thing into the barn.",
        "My number is the old one; only the postal address has changed.",
        "That is the third time this year, and I begin to see a pattern.",
        "Thank you for the jam. It did not last long.",
        "The second pump makes a noise like a kettle, only lower.",
        "I would rather wait until the others have had a look.",
    ],
    reply: "Re: ",
    wrote: "{} wrote:",
};

static GERMAN: Language = Language {
    charset: "iso-8859-1",
    encoding: Encoding::QuotedPrintable,
    subjects: &[
        "Grüße aus dem Süden",
        "Schlüssel für die Werkstatt",
        "Übungsabend fällt aus",
        "Rechnung für die Gärtnerei",
        "Wanderung über den Höhenweg",
    ],
    greetings: &["Guten Morgen,", "Hallo zusammen,", "Liebe Grüße vorweg,"],
    sentences: &[
        "Am Samstag fahren wir über die Brücke und kommen erst spät zurück.",
        "Der Bäcker hat wieder geöffnet; die Brötchen sind so gut wie früher.",
        "Könntest du bitte die Schlüssel beim Nachbarn abgeben?",
        "Für das Gemüsebeet brauchen wir noch zwei Säcke Erde.",
        "Die Prüfung war schwer, aber nicht unfair.",
        "Ich weiß nicht, ob die Straße bis dahin wieder frei ist.",
    ],
    reply: "AW: ",
    wrote: "{} schrieb:",
};

static FRENCH: Language = Language {
    charset: "windows-1252",
    encoding: Encoding::QuotedPrintable,
    subjects: &[
        "Réunion de mardi – ordre du jour",
        "L’été à la mer",
        "Devis : 1 250 €",
        "Où êtes-vous ?",
    ],
    greetings: &["Bonjour,", "Chers amis,"],
    sentences: &[
        "Le dîner est prévu à vingt heures, « chez nous », comme d’habitude.",
        "Il faut compter 35 € par personne, boissons comprises…",
        "J’ai oublié mes clés à l’atelier ; peux-tu vérifier ?",
        "Le train de Nîmes a encore eu du retard – deux heures, cette fois.",
        "Merci pour l’œuvre complète : c’était un très beau cadeau.",
    ],
    reply: "Re: ",
    wrote: "{} a écrit :",
};

static JAPANESE: Language = Language {
    charset: "iso-2022-jp",
    encoding: Encoding::SevenBit,
    subjects: &["来週の会議について", "写真を送ります", "お礼", "資料の確認のお願い"],
    greetings: &["こんにちは。", "お世話になっております。"],
    sentences: &[
        "来週の火曜日の会議は午後三時からに変わりました。",
        "添付の資料をご確認ください。",
        "先日はありがとうございました。とても楽しかったです。",
        "駅前の本屋で待っています。",
        "雨が降ったら、美術館に行きましょう。",
    ],
    reply: "Re: ",
    wrote: "{} さん:",
};

static RUSSIAN: Language = Language {
    charset: "koi8-r",
    encoding: Encoding::Base64,
    subjects: &[
        "Поездка на дачу",
        "Расписание на неделю",
        "Книги для библиотеки",
        "Вопрос о билетах",
    ],
    greetings: &["Здравствуйте!", "Добрый день,"],
    sentences: &[
        "В субботу мы едем на дачу, поезд отправляется в девять утра.",
        "Пожалуйста, пришлите мне расписание до пятницы.",
        "Книги лежат на верхней полке, справа от окна.",
        "Погода стоит прекрасная, и яблоки уже созрели.",
        "Я не уверен, что этот билет ещё действителен.",
    ],
    reply: "Re: ",
    wrote: "{} пишет:",
};

static MIXED: Language = Language {
    charset: "utf-8",
    encoding: Encoding::Base64,
    subjects: &[
        "Καλημέρα από την Αθήνα",
        "🎉 Party on Saturday",
        "Plan → done ✓",
        "你好，世界",
        "Zażółć gęślą jaźń",
    ],
    greetings: &["Γειά σας,", "Hi 👋", "Cześć,"],
    sentences: &[
        "Η θάλασσα είναι ήρεμη σήμερα και ο ήλιος λάμπει.",
        "See you at 8 — bring cake 🍰 and good shoes.",
        "W Szczebrzeszynie chrząszcz brzmi w trzcinie.",
        "明天下午三点在图书馆门口见面。",
        "Naïve façade, café, piñata: all of them survive the trip.",
        "שלום וברכה לכולם.",
    ],
    reply: "Re: ",
    wrote: "{}:",
};
