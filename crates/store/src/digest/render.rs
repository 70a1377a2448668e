//! ENVELOPE, BODY and BODYSTRUCTURE of a message, as they go over the wire.

use bytes::Bytes;
use peregrine_mime::{Content, Kind, Parameters, Structure};
use peregrine_proto::response::fetch::body_structure::{
    BodyStructure, Form, MultipartExtension, PartDetail, SinglePart, SinglePartExtension,
};
use peregrine_proto::response::fetch::{Address, Envelope};
use std::borrow::Cow;

/// Appends ENVELOPE's value.
pub(super) fn envelope(structure: &Structure, message: &Bytes, out: &mut Vec<u8>) {
    Renderer { structure, message }.envelope(0).write(out);
}

/// Appends BODY's and BODYSTRUCTURE's values; `end` is called behind each.
pub(super) fn body(
    structure: &Structure,
    message: &Bytes,
    out: &mut Vec<u8>,
    end: &mut impl FnMut(&mut Vec<u8>),
) {
    let body = Renderer { structure, message }.part(0);
    body.write(out, Form::Body);
    end(out);
    body.write(out, Form::BodyStructure);
    end(out);
}

struct Renderer<'a> {
    structure: &'a Structure,
    message: &'a Bytes,
}

impl Renderer<'_> {
    fn envelope(&self, root: u32) -> Envelope {
        let found = self.structure.envelope(self.message, root);
        let list = |addresses: Vec<peregrine_mime::Address<'_>>| {
            let address = |address: peregrine_mime::Address<'_>| Address {
                name: self.option(address.name),
                route: self.option(address.route),
                mailbox: self.option(address.mailbox),
                host: self.option(address.host),
            };
            addresses.into_iter().map(address).collect()
        };
        Envelope {
            date: self.option(found.date),
            subject: self.option(found.subject),
            from: list(found.from),
            sender: list(found.sender),
            reply_to: list(found.reply_to),
            to: list(found.to),
            cc: list(found.cc),
            bcc: list(found.bcc),
            in_reply_to: self.option(found.in_reply_to),
            message_id: self.option(found.message_id),
        }
    }

    /// A part and all in it; the tree's depth is bounded by `mime`.
    fn part(&self, index: u32) -> BodyStructure {
        let content = self.structure.content(self.message, index);
        let part = self.structure.parts.get(index as usize);
        if let Some(Kind::Multipart { children }) = part.map(|part| &part.kind) {
            return BodyStructure::Multipart {
                parts: children.iter().map(|child| self.part(*child)).collect(),
                subtype: self.bytes(content.subtype.clone()),
                extension: Some(MultipartExtension {
                    parameters: self.parameters(content.parameters),
                    disposition: content
                        .disposition
                        .map(|(kind, parameters)| (self.bytes(kind), self.parameters(parameters))),
                    languages: content.languages.into_iter().map(|l| self.bytes(l)).collect(),
                    location: self.option(content.location),
                }),
            };
        }
        let octets = part.map_or(0, |part| u64::from(part.body.len()));
        let detail = self.detail(&content, index);
        BodyStructure::Single(Box::new(SinglePart {
            media_type: self.bytes(content.media_type),
            subtype: self.bytes(content.subtype),
            parameters: self.parameters(content.parameters),
            id: self.option(content.id),
            description: self.option(content.description),
            encoding: self.bytes(content.encoding),
            octets,
            detail,
            extension: Some(SinglePartExtension {
                md5: self.option(content.md5),
                disposition: content
                    .disposition
                    .map(|(kind, parameters)| (self.bytes(kind), self.parameters(parameters))),
                languages: content.languages.into_iter().map(|l| self.bytes(l)).collect(),
                location: self.option(content.location),
            }),
        }))
    }

    fn detail(&self, content: &Content<'_>, index: u32) -> PartDetail {
        let Some(part) = self.structure.parts.get(index as usize) else { return PartDetail::Basic };
        let lines = u64::from(part.lines);
        match part.kind {
            // MESSAGE/GLOBAL too (RFC 9051 §7.5.2); RFC 3501 §9 `media-message` knows RFC822 only, so
            // who tells of it leaves out what is not for its client.
            Kind::Message { child } => {
                let envelope = Box::new(self.envelope(child));
                PartDetail::Message { envelope, body: Box::new(self.part(child)), lines }
            }
            _ if content.media_type.eq_ignore_ascii_case(b"text") => PartDetail::Text { lines },
            _ => PartDetail::Basic,
        }
    }

    fn parameters(&self, parameters: Parameters<'_>) -> Vec<(Bytes, Bytes)> {
        let pair = |(name, value)| (self.bytes(name), self.bytes(value));
        parameters.into_iter().map(pair).collect()
    }

    fn option(&self, bytes: Option<Cow<'_, [u8]>>) -> Option<Bytes> {
        bytes.map(|bytes| self.bytes(bytes))
    }

    /// Without a copy where the octets stand in the message.
    fn bytes(&self, bytes: Cow<'_, [u8]>) -> Bytes {
        match bytes {
            Cow::Borrowed(slice) if self.message.as_ptr_range().contains(&slice.as_ptr()) => {
                self.message.slice_ref(slice)
            }
            Cow::Borrowed(slice) => Bytes::copy_from_slice(slice),
            Cow::Owned(bytes) => bytes.into(),
        }
    }
}
