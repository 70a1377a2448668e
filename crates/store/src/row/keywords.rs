//! The row of a mailbox's keywords, in the order of their numbers.

use super::{Reader, put_text};
use crate::{Error, Keywords};
use peregrine_proto::Keyword;

const VERSION: u8 = 1;

pub(crate) fn encode(keywords: &Keywords) -> Vec<u8> {
    let mut row = vec![VERSION];
    for keyword in keywords.names() {
        put_text(keyword.as_str(), &mut row);
    }
    row
}

pub(crate) fn decode(row: &[u8]) -> Result<Keywords, Error> {
    let mut reader = Reader::new(row, VERSION, "keywords")?;
    let mut keywords = Keywords::default();
    while !reader.is_at_end() {
        let keyword = Keyword::new(reader.text()?).ok_or_else(|| reader.damaged("keyword"))?;
        let before = keywords.names().len();
        if keywords.add(&keyword)? != before {
            return Err(reader.damaged("a keyword twice"));
        }
    }
    Ok(keywords)
}
