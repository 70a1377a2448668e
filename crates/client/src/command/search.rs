//! SEARCH (RFC 3501 §6.4.4).

use crate::Oddity;
use crate::call::{Call, Pending, Reply};
use crate::error::{Error, Result};
use crate::mailbox::Mailbox;
use bytes::Bytes;
use bytestring::ByteString;
use peregrine_proto::command::Search;
use peregrine_proto::command::search::{SearchFlag, SearchKey, SearchReturn};
use peregrine_proto::number::Number;
use peregrine_proto::response::esearch::SearchDatum;
use peregrine_proto::{
    Code, CommandBody, Date, Encoding, Keyword, Response, SequenceNumber, Status, Uid, UidSet,
};

/// What messages must be like to be found: all that is said of them. Without anything said, all
/// messages are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    keys: Vec<SearchKey>,
}

impl Query {
    /// All messages.
    pub fn all() -> Self {
        Self::default()
    }

    /// Any key of the grammar.
    pub fn key(mut self, key: SearchKey) -> Self {
        self.keys.push(key);
        self
    }

    /// With this flag.
    pub fn flag(self, flag: SearchFlag) -> Self {
        self.key(SearchKey::Flag(flag))
    }

    /// Without this flag.
    pub fn without_flag(self, flag: SearchFlag) -> Self {
        self.key(SearchKey::NotFlag(flag))
    }

    /// Not read yet.
    pub fn unseen(self) -> Self {
        self.without_flag(SearchFlag::Seen)
    }

    /// With this keyword.
    pub fn keyword(self, keyword: Keyword) -> Self {
        self.key(SearchKey::Keyword(keyword))
    }

    /// Among these messages.
    pub fn uids(self, uids: impl Into<UidSet>) -> Self {
        self.key(SearchKey::Uid(uids.into()))
    }

    /// With this text in a header field.
    pub fn header(self, name: &str, text: &str) -> Self {
        let known = ["BCC", "CC", "FROM", "SUBJECT", "TO"];
        let upper = known.iter().find(|known| known.eq_ignore_ascii_case(name));
        let name = upper.map_or_else(|| name.into(), |known| ByteString::from_static(known));
        self.key(SearchKey::Header(name, bytes(text)))
    }

    /// With this text in From:.
    pub fn from(self, text: &str) -> Self {
        self.header("FROM", text)
    }

    /// With this text in To:.
    pub fn to(self, text: &str) -> Self {
        self.header("TO", text)
    }

    /// With this text in Subject:.
    pub fn subject(self, text: &str) -> Self {
        self.header("SUBJECT", text)
    }

    /// With this text in the body.
    pub fn body(self, text: &str) -> Self {
        self.key(SearchKey::Body(bytes(text)))
    }

    /// With this text in header or body.
    pub fn text(self, text: &str) -> Self {
        self.key(SearchKey::Text(bytes(text)))
    }

    /// Came into the mailbox on this day or later.
    pub fn since(self, day: Date) -> Self {
        self.key(SearchKey::Since(day))
    }

    /// Came into the mailbox before this day.
    pub fn before(self, day: Date) -> Self {
        self.key(SearchKey::Before(day))
    }

    /// With more octets than this.
    pub fn larger(self, octets: u64) -> Self {
        self.key(SearchKey::Larger(octets))
    }

    /// With fewer octets than this.
    pub fn smaller(self, octets: u64) -> Self {
        self.key(SearchKey::Smaller(octets))
    }

    /// Unlike this.
    pub fn not(self, other: Self) -> Self {
        self.key(SearchKey::Not(Box::new(other.into_key())))
    }

    /// Like one of the two at least.
    pub fn or(self, one: Self, other: Self) -> Self {
        self.key(SearchKey::Or(Box::new(one.into_key()), Box::new(other.into_key())))
    }

    fn into_key(mut self) -> SearchKey {
        match self.keys.len() {
            0 => SearchKey::All,
            1 => self.keys.remove(0),
            _ => SearchKey::And(self.keys),
        }
    }

    /// `extended` says that the server knows ESEARCH (RFC 4731).
    fn into_search(self, uid: bool, extended: bool) -> Result<Search> {
        let (keys, charset) = self.into_keys()?;
        // An answer that bears the command's tag: then several can be in progress at once.
        let returns = extended.then(|| SearchReturn { all: true, ..SearchReturn::default() });
        Ok(Search { uid, returns, charset, keys })
    }

    /// The keys, and their charset where it is not US-ASCII.
    pub(super) fn into_keys(self) -> Result<(Vec<SearchKey>, Option<ByteString>)> {
        let keys = match self.keys.is_empty() {
            true => vec![SearchKey::All],
            false => self.keys,
        };
        let mut ascii = true;
        for key in &keys {
            check(key, &mut ascii)?;
        }
        // RFC 3501 §6.4.4: without CHARSET it is US-ASCII. Some servers know no CHARSET.
        let charset = (!ascii).then(|| ByteString::from_static("UTF-8"));
        Ok((keys, charset))
    }
}

impl Mailbox {
    /// The UIDs of messages like this, as the server gives them.
    pub fn search(&self, query: Query) -> Call<Vec<Uid>> {
        self.find(query, true)
    }

    /// Their sequence numbers.
    pub fn search_numbers(&self, query: Query) -> Call<Vec<SequenceNumber>> {
        self.find(query, false)
    }

    fn find<N: Number + Send + 'static>(&self, query: Query, uid: bool) -> Call<Vec<N>> {
        let capabilities = self.client().capabilities();
        let extended = capabilities.has("ESEARCH") || capabilities.is_rev2();
        let search = match query.into_search(uid, extended) {
            // RFC 6855 §3: no CHARSET may be named then; RFC 9051 §6.4.4: UTF-8 is meant without.
            Ok(search) if capabilities.encoding() == Encoding::Utf8 => {
                Search { charset: None, ..search }
            }
            Ok(search) => search,
            Err(error) => return Call::answered(Err(error)),
        };
        let pending = self.send(CommandBody::Search(search.clone()));
        match search.charset {
            None => Call::single(pending, found),
            Some(_) => Call::steps(or_without_charset(self.clone(), search, pending)),
        }
    }
}

/// Servers that know no CHARSET at all often compare octets, so that UTF-8 without a name works.
async fn or_without_charset<N: Number>(
    mailbox: Mailbox,
    search: Search,
    pending: Pending,
) -> Result<Vec<N>> {
    let result = pending.await;
    match &result {
        Err(Error::Refused(refusal))
            if refusal.status == Status::Bad
                || matches!(refusal.code, Some(Code::BadCharset(_))) =>
        {
            mailbox.client().odd(Oddity::CharsetRefused);
            let search = Search { charset: None, ..search };
            found(mailbox.send(CommandBody::Search(search)).await?)
        }
        _ => found(result?),
    }
}

/// Most numbers that ranges in an answer are taken to mean: more than any mailbox holds that we
/// could work with. A server can name four thousand million in twelve octets.
const MAX_FOUND: u64 = 16 << 20;

pub(super) fn found<N: Number>(reply: Reply) -> Result<Vec<N>> {
    let mut numbers = Vec::new();
    for response in reply.responses {
        match response {
            Response::Search(found, _) | Response::Sort(found, _) => {
                numbers.extend(found.into_iter().filter_map(N::new));
            }
            Response::ESearch(data) => {
                for datum in data.items {
                    let SearchDatum::All(list) = datum else { continue };
                    let count = |(first, last): &(u32, u32)| u64::from(last - first) + 1;
                    if list.ranges().iter().map(count).sum::<u64>() > MAX_FOUND {
                        let limit = MAX_FOUND as usize;
                        return Err(Error::TooLarge { command: reply.command, limit });
                    }
                    numbers.extend(list.iter().filter_map(N::new));
                }
            }
            _ => {}
        }
    }
    Ok(numbers)
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

/// What the grammar cannot carry is refused here: NUL, and empty lists.
fn check(key: &SearchKey, ascii: &mut bool) -> Result<()> {
    let text = |octets: &[u8], ascii: &mut bool| {
        *ascii &= octets.is_ascii();
        match octets.contains(&0) {
            true => Err(Error::Argument("a text to be searched for must not hold NUL")),
            false => Ok(()),
        }
    };
    match key {
        SearchKey::Header(name, value) => {
            text(name.as_bytes(), ascii)?;
            text(value, ascii)
        }
        SearchKey::Body(value) | SearchKey::Text(value) => text(value, ascii),
        SearchKey::Not(key) => check(key, ascii),
        SearchKey::Or(left, right) => check(left, ascii).and_then(|()| check(right, ascii)),
        SearchKey::And(keys) if keys.is_empty() => {
            Err(Error::Argument("a list of search keys must not be empty"))
        }
        SearchKey::And(keys) => keys.iter().try_for_each(|key| check(key, ascii)),
        SearchKey::Uid(set) if set.ranges.is_empty() => {
            Err(Error::Argument("a set of messages must not be empty"))
        }
        SearchKey::Sequence(set) if set.ranges.is_empty() => {
            Err(Error::Argument("a set of messages must not be empty"))
        }
        _ => Ok(()),
    }
}
