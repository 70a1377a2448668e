//! The first words of a message, for lists of messages (RFC 8970).

use crate::charset::decode_leniently;
use crate::{Content, Kind, Part, Structure, transfer};

/// Characters of a preview (RFC 8970 §3.3 asks for 200, and for never more than 256).
pub const PREVIEW_CHARACTERS: usize = 200;

/// Octets of a text that are looked at: the head and the style of a page in HTML come first.
const MAX_OCTETS: usize = 32 * 1024;

impl Structure {
    /// The first words of the message's first text, plain or HTML, without markup, quoted lines
    /// and runs of blanks; empty where there is none that can be read.
    pub fn preview(&self, message: &[u8]) -> String {
        let text = (0..).zip(&self.parts).find_map(|(index, part)| {
            (part.kind == Kind::Single).then(|| self.text(message, index, part)).flatten()
        });
        text.unwrap_or_default()
    }

    fn text(&self, message: &[u8], index: u32, part: &Part) -> Option<String> {
        let content = self.content(message, index);
        let is = |value: &[u8], wanted: &str| value.eq_ignore_ascii_case(wanted.as_bytes());
        let attached = content.disposition.as_ref().is_some_and(|(kind, _)| is(kind, "attachment"));
        let html = is(&content.subtype, "html");
        if !is(&content.media_type, "text") || !(html || is(&content.subtype, "plain")) || attached
        {
            return None;
        }
        let text = decoded(&content, part.body.of(message));
        let words = if html { words(&without_markup(&text)) } else { words(&unquoted(&text)) };
        (!words.is_empty()).then_some(words)
    }
}

/// The beginning of a text, decoded.
fn decoded(content: &Content<'_>, body: &[u8]) -> String {
    let octets = transfer::decode(&content.encoding, &body[..body.len().min(MAX_OCTETS)]);
    let mut octets = &octets[..];
    if body.len() > MAX_OCTETS {
        // What the cut left of a character would make all of it look like another charset.
        let started = octets.iter().rposition(|octet| *octet < 0x80 || *octet >= 0xC0);
        octets = &octets[..started.unwrap_or(0)];
    }
    decode_leniently(content.parameter(b"charset"), octets)
}

/// Without lines that quote another message.
fn unquoted(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('>'));
    lines.collect::<Vec<_>>().join("\n")
}

/// The text between the tags, without the elements that are not shown.
fn without_markup(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        out.push_str(text);
        let hidden = ["style", "script", "title", "!--"].into_iter().find(|name| {
            tag.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        });
        let end = match hidden {
            Some("!--") => tag.find("-->").map(|at| at + 3),
            Some(name) => end_of(tag, name),
            None => tag.find('>').map(|at| at + 1),
        };
        out.push(' ');
        rest = end.and_then(|end| tag.get(end..)).unwrap_or_default();
    }
    out.push_str(rest);
    without_entities(&out)
}

/// Behind the end tag of an element.
fn end_of(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find("</").map(|at| from + at + 2) {
        let found = text.get(at..at + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return text[at..].find('>').map(|end| at + end + 1);
        }
        from = at;
    }
    None
}

/// With the entities that stand for one character each in most mail.
fn without_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let end = entity.char_indices().take(10).find(|(_, character)| *character == ';');
        match end.and_then(|(end, _)| Some((character(&entity[..end])?, end))) {
            Some((character, end)) => {
                out.push(character);
                rest = &entity[end + 1..];
            }
            None => {
                out.push('&');
                rest = entity;
            }
        }
    }
    out.push_str(rest);
    out
}

fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let hexadecimal = number.strip_prefix(['x', 'X']);
        let code = match hexadecimal {
            Some(digits) => u32::from_str_radix(digits, 16),
            None => number.parse(),
        };
        return char::from_u32(code.ok()?);
    }
    let named = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("auml", 'ä'),
        ("ouml", 'ö'),
        ("uuml", 'ü'),
        ("Auml", 'Ä'),
        ("Ouml", 'Ö'),
        ("Uuml", 'Ü'),
        ("szlig", 'ß'),
        ("eacute", 'é'),
        ("egrave", 'è'),
        ("agrave", 'à'),
        ("ndash", '–'),
        ("mdash", '—'),
        ("rsquo", '’'),
        ("hellip", '…'),
    ];
    named.into_iter().find(|(name, _)| *name == entity).map(|(_, character)| character)
}

/// The first words with single spaces between, without characters that show nothing.
fn words(text: &str) -> String {
    let shown = |character: &char| {
        !character.is_control()
            && !matches!(character, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{AD}' | '\u{34F}')
    };
    let mut out = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(shown).collect();
        if word.is_empty() {
            continue;
        }
        let space = usize::from(!out.is_empty());
        let room = PREVIEW_CHARACTERS.saturating_sub(count + space);
        if room == 0 {
            break;
        }
        if space > 0 {
            out.push(' ');
        }
        let cut: String = word.chars().take(room).collect();
        count += space + cut.chars().count();
        out.push_str(&cut);
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::parse;

    fn preview(message: &str) -> String {
        parse(message.as_bytes()).preview(message.as_bytes())
    }

    #[test]
    fn the_first_words_are_told() {
        let html = "Content-Type: text/html\r\n\r\n<html><head><title>T</title><STYLE>p{}</style>\
                    <!-- x > y --></head><body><p>Caf&eacute; &amp; t&#xE9; &lt;1&gt;</p>&bogus; \
                    end</body>";
        let mixed = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\
                     \r\nContent-Disposition: attachment\r\n\r\nno\r\n--b\r\nContent-Type: text/plain; \
                     charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nna=EFve\
                     \r\n--b--\r\n";
        let encrypted = "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\nContent-Type: \
                         application/octet-stream\r\n\r\nx\r\n--b--\r\n";
        for (message, expected) in [
            ("Subject: x\r\n\r\nHello\r\n\r\n  you\tthere\r\n", "Hello you there"),
            ("\r\n> quoted\r\n> more\r\nanswer\r\n", "answer"),
            ("Content-Type: image/png\r\n\r\nxyz", ""),
            (encrypted, ""),
            (html, "Café & té <1> &bogus; end"),
            (mixed, "naïve"),
            ("", ""),
        ] {
            assert_eq!(preview(message), expected, "{message}");
        }
    }

    /// RFC 8970 §3.3: characters are counted, not octets; what is cut is cut between them.
    #[test]
    fn previews_are_short() {
        let long = preview(&format!("\r\n{}\r\n", "ä".repeat(50_000)));
        assert_eq!(long, "ä".repeat(200));
        let words = preview(&format!("\r\n{}", "word ".repeat(10_000)));
        assert!(words.chars().count() <= 200 && words.starts_with("word word"));
        for part in ["<", "<style>", "&", "<!--", "</", "&#", ">\n"] {
            preview(&format!("Content-Type: text/html\r\n\r\n{}", part.repeat(20_000)));
        }
    }
}
