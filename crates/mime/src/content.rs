//! The Content-* fields of a part, as BODY and BODYSTRUCTURE tell them (RFC 3501 §7.4.2).

use crate::header::Fields;
use crate::limits::{MAX_FIELD, MAX_HEADER, MAX_LANGUAGES, MAX_PARAMETERS};
use crate::parameter::{
    Parameters, RawParameters, first_token, list_tokens, parameters, percent_decode,
    without_padding,
};
use crate::token::{skip_cfws, token_end, unfold};
use crate::{Kind, Structure};
use std::borrow::Cow;

/// The content fields of one part. The bytes may be anything, NUL and 8-bit among them; RFC 2047
/// words and RFC 2231 character sets are not decoded. Fields that are present but empty are `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// Media type, as it was written. Never empty. It agrees with the part's [`Kind`]:
    /// `multipart` exactly for [`Kind::Multipart`], `message/rfc822` or `message/global` exactly
    /// for [`Kind::Message`].
    pub media_type: Cow<'a, [u8]>,
    /// Media subtype, as it was written. Never empty.
    pub subtype: Cow<'a, [u8]>,
    /// Parameters of Content-Type.
    pub parameters: Parameters<'a>,
    /// Content-ID.
    pub id: Option<Cow<'a, [u8]>>,
    /// Content-Description.
    pub description: Option<Cow<'a, [u8]>>,
    /// Content-Transfer-Encoding; `7BIT` when it is missing. Never empty.
    pub encoding: Cow<'a, [u8]>,
    /// Content-MD5.
    pub md5: Option<Cow<'a, [u8]>>,
    /// Content-Disposition and its parameters.
    pub disposition: Option<(Cow<'a, [u8]>, Parameters<'a>)>,
    /// Content-Language.
    pub languages: Vec<Cow<'a, [u8]>>,
    /// Content-Location.
    pub location: Option<Cow<'a, [u8]>>,
    /// Whether something was left out because of [`crate::limits`].
    pub truncated: bool,
}

impl Structure {
    /// The content fields of a part; those of an empty header when there is no such part.
    ///
    /// The first field of a name counts. Without a Content-Type that can be read, the type is
    /// text/plain in us-ascii (RFC 2045 §5.2), or message/rfc822 in a digest.
    pub fn content<'a>(&self, message: &'a [u8], part: u32) -> Content<'a> {
        let part = self.parts.get(part as usize);
        let block = part.map_or(&[][..], |part| part.header.of(message));
        let mut content = Content::default();
        let mut content_type = None;
        content.truncated = block.len() > MAX_HEADER;
        for field in Fields::new(&block[..block.len().min(MAX_HEADER)]) {
            let Some((prefix, name)) = field.name.split_at_checked(8) else { continue };
            if !prefix.eq_ignore_ascii_case(b"content-") {
                continue;
            }
            content.truncated |= field.value.len() > MAX_FIELD;
            let value = &field.value[..field.value.len().min(MAX_FIELD)];
            if name.eq_ignore_ascii_case(b"type") {
                content_type.get_or_insert_with(|| ContentType::read(value));
            } else {
                content.field(name, value);
            }
        }
        if content.encoding.is_empty() {
            content.encoding = Cow::Borrowed(b"7BIT");
        }
        content.media(content_type, part.map_or(&Kind::Single, |part| &part.kind));
        content
    }
}

impl Default for Content<'_> {
    /// Of a part without a header, the media type still missing.
    fn default() -> Self {
        Content {
            media_type: Cow::default(),
            subtype: Cow::default(),
            parameters: Vec::new(),
            id: None,
            description: None,
            encoding: Cow::default(),
            md5: None,
            disposition: None,
            languages: Vec::new(),
            location: None,
            truncated: false,
        }
    }
}

impl<'a> Content<'a> {
    /// Takes one field in; `name` is what follows `Content-`.
    fn field(&mut self, name: &[u8], value: &'a [u8]) {
        if name.eq_ignore_ascii_case(b"id") {
            text(&mut self.id, value);
        } else if name.eq_ignore_ascii_case(b"description") {
            text(&mut self.description, value);
        } else if name.eq_ignore_ascii_case(b"md5") {
            text(&mut self.md5, value);
        } else if name.eq_ignore_ascii_case(b"location") {
            text(&mut self.location, value);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if self.encoding.is_empty() {
                self.encoding = Cow::Borrowed(first_token(value).0);
            }
        } else if name.eq_ignore_ascii_case(b"disposition") {
            self.read_disposition(value);
        } else if name.eq_ignore_ascii_case(b"language") && self.languages.is_empty() {
            let mut tags = list_tokens(value);
            self.languages.extend(tags.by_ref().take(MAX_LANGUAGES).map(Cow::Borrowed));
            self.truncated |= tags.next().is_some();
        }
    }

    /// disposition = disposition-type *(";" disposition-parm) (RFC 2183 §2)
    fn read_disposition(&mut self, value: &'a [u8]) {
        if self.disposition.is_some() {
            return;
        }
        let (mut token, mut rest) = first_token(value);
        if rest.get(skip_cfws(rest, 0)) == Some(&b'=') {
            // Parameters without a type: RFC 2183 §2.8 treats an unknown type as an attachment.
            (token, rest) = (b"attachment", value);
        }
        if !token.is_empty() {
            let (parameters, truncated) = parameters(rest);
            self.truncated |= truncated;
            self.disposition = Some((Cow::Borrowed(token), parameters));
        }
    }

    /// The media type, made to agree with what the part was found to be.
    fn media(&mut self, content_type: Option<ContentType<'a>>, kind: &Kind) {
        let media = content_type.as_ref().and_then(|content_type| content_type.media);
        let (media_type, subtype): (&'a [u8], &'a [u8]) = match (kind, media) {
            (Kind::Multipart { .. }, Some((kind, subtype))) if is_multipart(kind) => {
                (kind, subtype)
            }
            (Kind::Multipart { .. }, _) => (b"multipart", b"mixed"),
            (Kind::Message { .. }, Some((kind, subtype))) if is_message(kind, subtype) => {
                (kind, subtype)
            }
            (Kind::Message { .. }, _) => (b"message", b"rfc822"),
            // Encoded, or beyond the limits. Told as message/rfc822, a client would look for the
            // envelope that its grammar asks for (body-type-msg, RFC 3501 §9).
            (Kind::Single, Some((kind, subtype))) if is_message(kind, subtype) => {
                (b"application", b"octet-stream")
            }
            // No part was found in it. The grammar of body-type-mpart (RFC 3501 §9) asks for one.
            // Some servers make up an empty one, which hides the text; this tells it as text.
            (Kind::Single, Some((kind, _))) if is_multipart(kind) => (b"text", b"plain"),
            (Kind::Single, Some(media)) => media,
            (Kind::Single, None) => (b"text", b"plain"),
        };
        let of_multipart = media.is_some_and(|(kind, _)| is_multipart(kind));
        if let Some(content_type) = &content_type
            && (!of_multipart || is_multipart(media_type))
        {
            let (parameters, truncated) = parameters(content_type.parameters);
            self.parameters = parameters;
            self.truncated |= truncated;
        }
        let said = media == Some((media_type, subtype));
        if !said && media_type == b"text" && self.parameter(b"charset").is_none() {
            self.parameters.push((Cow::Borrowed(b"charset"), Cow::Borrowed(b"us-ascii")));
        }
        self.media_type = Cow::Borrowed(media_type);
        self.subtype = Cow::Borrowed(subtype);
    }

    /// The value of a Content-Type parameter; its name in any case.
    pub fn parameter(&self, name: &[u8]) -> Option<&[u8]> {
        let found = self.parameters.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &value[..])
    }
}

/// A Content-Type field, its parameters not yet read.
///
/// content = "Content-Type" ":" type "/" subtype *(";" parameter) (RFC 2045 §5.1)
pub(crate) struct ContentType<'a> {
    /// Type and subtype; `None` when they cannot be read.
    pub(crate) media: Option<(&'a [u8], &'a [u8])>,
    parameters: &'a [u8],
}

impl<'a> ContentType<'a> {
    pub(crate) fn read(value: &'a [u8]) -> Self {
        let start = skip_cfws(value, 0);
        let kind_end = token_end(value, start);
        let kind = &value[start..kind_end];
        let slash = skip_cfws(value, kind_end);
        if value.get(slash) != Some(&b'/') {
            return ContentType { media: None, parameters: &value[kind_end..] };
        }
        let start = skip_cfws(value, slash + 1);
        let end = token_end(value, start);
        let subtype = &value[start..end];
        let whole = !kind.is_empty() && !subtype.is_empty();
        ContentType { media: whole.then_some((kind, subtype)), parameters: &value[end..] }
    }

    /// The boundary parameter; `None` when it is missing or empty.
    pub(crate) fn boundary(&self) -> Option<Cow<'a, [u8]>> {
        let mut starred = false;
        for (name, value) in RawParameters::new(self.parameters).take(MAX_PARAMETERS) {
            if name.eq_ignore_ascii_case(b"boundary") {
                return without_padding(value);
            }
            starred |= name.contains(&b'*');
        }
        if !starred {
            return None;
        }
        // RFC 2231 allows it in sections and percent-encoded as well.
        parameters(self.parameters).0.into_iter().find_map(|(name, value)| {
            if name.eq_ignore_ascii_case(b"boundary*") {
                without_padding(Cow::Owned(percent_decode(&value)))
            } else {
                name.eq_ignore_ascii_case(b"boundary").then(|| without_padding(value))?
            }
        })
    }
}

pub(crate) fn is_multipart(media_type: &[u8]) -> bool {
    media_type.eq_ignore_ascii_case(b"multipart")
}

/// message/rfc822 (RFC 2046 §5.2.1) and message/global (RFC 6532 §3.7) enclose a message.
pub(crate) fn is_message(media_type: &[u8], subtype: &[u8]) -> bool {
    media_type.eq_ignore_ascii_case(b"message")
        && (subtype.eq_ignore_ascii_case(b"rfc822") || subtype.eq_ignore_ascii_case(b"global"))
}

fn text<'a>(slot: &mut Option<Cow<'a, [u8]>>, value: &'a [u8]) {
    if slot.is_none() {
        *slot = Some(unfold(value)).filter(|value| !value.is_empty());
    }
}
