//! Responses: one file for each kind, written by servers and read by clients.

pub mod capability;
pub mod code;
pub mod condition;
pub mod esearch;
pub mod fetch;
pub mod flags;
pub mod frame;
pub mod id;
pub mod list;
pub mod namespace;
pub mod search;
pub mod size;
pub mod status;
pub mod string;
pub mod thread;
pub mod vanished;

pub use code::{Code, Progress};
pub use condition::{ResponseText, Status};
pub use esearch::{NumberList, SearchData, SearchDatum};
pub use fetch::{Address, BodyStructure, Envelope, FetchData};
pub use frame::{ResponseFrameError, ResponseFramer, ResponseLimits};
pub use list::{ListAttribute, ListData};
pub use namespace::Namespace;
pub use status::StatusData;
pub use thread::ThreadNode;
pub use vanished::Vanished;

use crate::token::{Parsed, Reader, SyntaxError, class};
use crate::{Encoding, Flag, ModSeq, ParseError, SequenceNumber, Tag, Uid};
use bytes::Bytes;
use bytestring::ByteString;

/// One response of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Response {
    /// `tag OK|NO|BAD …`: completes a command.
    Tagged {
        /// The command's tag.
        tag: Tag,
        /// Its result.
        status: Status,
        /// Code and words.
        text: ResponseText,
    },
    /// `+ …`: go on. The octets after `+ `, for SASL still in base64.
    Continuation(Bytes),
    /// `* OK|NO|BAD …`
    Condition {
        /// Information, warning or error.
        status: Status,
        /// Code and words.
        text: ResponseText,
    },
    /// `* PREAUTH …`
    PreAuth(ResponseText),
    /// `* BYE …`
    Bye(ResponseText),
    /// `* CAPABILITY …`
    Capability(Vec<ByteString>),
    /// `* ENABLED …` (RFC 5161)
    Enabled(Vec<ByteString>),
    /// `* LIST …`
    List(ListData),
    /// `* LSUB …`
    Lsub(ListData),
    /// `* STATUS …`
    Status(StatusData),
    /// `* SEARCH …`: sequence numbers or UIDs, as the command asked; and the greatest MODSEQ of the
    /// messages, where it asked for MODSEQs and some were found (RFC 7162 §3.1.6).
    Search(Vec<u32>, Option<ModSeq>),
    /// `* SORT …` (RFC 5256): as `Search`, in the order that was asked.
    Sort(Vec<u32>, Option<ModSeq>),
    /// `* THREAD …` (RFC 5256)
    Thread(Vec<ThreadNode>),
    /// `* ESEARCH …` (RFC 4466)
    ESearch(SearchData),
    /// `* FLAGS (…)`
    Flags(Vec<Flag>),
    /// `* n EXISTS`
    Exists(u32),
    /// `* n RECENT`
    Recent(u32),
    /// `* n EXPUNGE`
    Expunge(SequenceNumber),
    /// `* VANISHED …` (RFC 7162)
    Vanished(Vanished),
    /// `* n FETCH (…)`
    Fetch {
        /// Which message.
        number: SequenceNumber,
        /// What is told of it, in the server's order; at least one.
        data: Vec<FetchData>,
    },
    /// `* uid UIDFETCH (…)` (RFC 9586): after ENABLE UIDONLY.
    UidFetch {
        /// Which message.
        uid: Uid,
        /// What is told of it, in the server's order; at least one.
        data: Vec<FetchData>,
    },
    /// `* NAMESPACE …` (RFC 2342): personal, others', shared; each `None` for NIL.
    Namespace([Option<Vec<Namespace>>; 3]),
    /// `* ID …` (RFC 2971)
    Id(Option<Vec<(ByteString, Option<ByteString>)>>),
}

impl Response {
    /// Appends the response with its CRLF. Whatever octets the values hold, what is written follows
    /// the grammar.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_in(out, Encoding::SevenBit);
    }

    /// As [`Self::write`], with mailbox names in this encoding. Strings of messages are written so
    /// that they can be read in both.
    pub fn write_in(&self, out: &mut Vec<u8>, encoding: Encoding) {
        match self {
            Self::Tagged { tag, status, text } => condition::write_tagged(out, tag, *status, text),
            Self::Continuation(octets) => condition::write_continuation(out, octets),
            Self::Condition { status, text } => condition::write(out, status.word(), text),
            Self::PreAuth(text) => condition::write(out, "PREAUTH", text),
            Self::Bye(text) => condition::write(out, "BYE", text),
            Self::Capability(names) => capability::write(out, "CAPABILITY", names),
            Self::Enabled(names) => capability::write(out, "ENABLED", names),
            Self::List(data) => data.write(out, "LIST", encoding),
            Self::Lsub(data) => data.write(out, "LSUB", encoding),
            Self::Status(data) => data.write(out, encoding),
            Self::Search(numbers, mod_seq) => {
                search::write(out, "SEARCH", numbers.iter().copied(), *mod_seq);
            }
            Self::Sort(numbers, mod_seq) => {
                search::write(out, "SORT", numbers.iter().copied(), *mod_seq);
            }
            Self::Thread(nodes) => thread::write(out, nodes),
            Self::ESearch(data) => data.write(out),
            Self::Vanished(vanished) => vanished.write(out),
            Self::Flags(flags) => flags::write(out, flags),
            Self::Exists(count) => size::write(out, *count, "EXISTS"),
            Self::Recent(count) => size::write(out, *count, "RECENT"),
            Self::Expunge(number) => size::write(out, number.0.get(), "EXPUNGE"),
            Self::Fetch { number, data } => fetch::write(out, *number, data),
            Self::UidFetch { uid, data } => fetch::write_by_uid(out, *uid, data),
            Self::Namespace(kinds) => namespace::write(out, kinds, encoding),
            Self::Id(parameters) => id::write(out, parameters.as_deref()),
        }
    }

    /// Reads one response as [`ResponseFramer`] cuts it, with or without its last CRLF. The values
    /// are slices of `source`, except for quoted strings with escapes and names in modified UTF-7.
    ///
    /// # Errors
    /// The response is not of the grammar, or of a kind that we don't know. The octets around it
    /// are not touched: the next response can be read.
    #[allow(clippy::result_large_err, reason = "a response is larger still")]
    pub fn parse(source: &Bytes) -> Result<Self, ParseError> {
        Self::parse_in(source, Encoding::SevenBit)
    }

    /// As [`Self::parse`], with mailbox names in this encoding.
    ///
    /// # Errors
    /// As [`Self::parse`].
    #[allow(clippy::result_large_err, reason = "a response is larger still")]
    pub fn parse_in(source: &Bytes, encoding: Encoding) -> Result<Self, ParseError> {
        let source = match source.strip_suffix(b"\r\n") {
            Some(line) => source.slice_ref(line),
            None => source.clone(),
        };
        let mut reader = Reader::new(&source).encoded(encoding);
        let response = response(&mut reader).and_then(|response| match reader.is_at_end() {
            true => Ok(response),
            false => reader.expected("the end of the response"),
        });
        response.map_err(|error| ParseError {
            tag: None,
            offset: error.offset,
            message: error.describe(&source, false).into(),
            code: None,
        })
    }
}

// response      = *(continue-req / response-data) response-done
// response-data = "*" SP (resp-cond-state / resp-cond-bye / mailbox-data / message-data /
//                 capability-data) CRLF
fn response(reader: &mut Reader<'_>) -> Parsed<Response> {
    match reader.peek() {
        Some(b'+') => condition::continuation(reader),
        Some(b'*') => {
            reader.advance(1);
            reader.space()?;
            match reader.peek() {
                Some(b'0'..=b'9') => numbered(reader),
                _ => named(reader),
            }
        }
        _ => condition::tagged(reader),
    }
}

fn named(reader: &mut Reader<'_>) -> Parsed<Response> {
    let at = reader.offset();
    let word = reader.atom("the name of a response")?;
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    if let Some(status) = Status::from_word(word) {
        let text = ResponseText::parse_after_space(reader)?;
        return Ok(Response::Condition { status, text });
    }
    if is("LIST") {
        ListData::parse(reader).map(Response::List)
    } else if is("FLAGS") {
        flags::parse(reader).map(Response::Flags)
    } else if is("SEARCH") {
        search::parse(reader).map(|(found, mod_seq)| Response::Search(found, mod_seq))
    } else if is("SORT") {
        search::parse(reader).map(|(found, mod_seq)| Response::Sort(found, mod_seq))
    } else if is("THREAD") {
        thread::parse(reader).map(Response::Thread)
    } else if is("ESEARCH") {
        SearchData::parse(reader).map(Response::ESearch)
    } else if is("STATUS") {
        StatusData::parse(reader).map(Response::Status)
    } else if is("LSUB") {
        ListData::parse(reader).map(Response::Lsub)
    } else if is("CAPABILITY") {
        capability::parse(reader).map(Response::Capability)
    } else if is("ENABLED") {
        capability::parse(reader).map(Response::Enabled)
    } else if is("BYE") {
        ResponseText::parse_after_space(reader).map(Response::Bye)
    } else if is("PREAUTH") {
        ResponseText::parse_after_space(reader).map(Response::PreAuth)
    } else if is("VANISHED") {
        Vanished::parse(reader).map(Response::Vanished)
    } else if is("NAMESPACE") {
        namespace::parse(reader).map(Response::Namespace)
    } else if is("ID") {
        id::parse(reader).map(Response::Id)
    } else {
        Err(SyntaxError::wrong(at, "the response is of a kind that is not known"))
    }
}

// message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att)) / uniqueid SP "UIDFETCH" SP msg-att
// mailbox-data = number SP "EXISTS" / number SP "RECENT" / …
fn numbered(reader: &mut Reader<'_>) -> Parsed<Response> {
    let number_at = reader.offset();
    let number = reader.number("a number")?;
    reader.space()?;
    let at = reader.offset();
    let word = reader.word(class::ATOM, "EXISTS, RECENT, EXPUNGE or FETCH")?;
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let message = || {
        let number = std::num::NonZeroU32::new(number).map(SequenceNumber);
        number.ok_or(SyntaxError::wrong(number_at, "there is no message 0"))
    };
    if is("FETCH") {
        let number = message()?;
        reader.space()?;
        fetch::parse(reader).map(|data| Response::Fetch { number, data })
    } else if is("UIDFETCH") {
        let uid = Uid(message()?.0);
        reader.space()?;
        fetch::parse(reader).map(|data| Response::UidFetch { uid, data })
    } else if is("EXISTS") {
        Ok(Response::Exists(number))
    } else if is("EXPUNGE") {
        message().map(Response::Expunge)
    } else if is("RECENT") {
        Ok(Response::Recent(number))
    } else {
        Err(SyntaxError::wrong(at, "the response is of a kind that is not known"))
    }
}
