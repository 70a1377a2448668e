//! The row of a user: which account the name has, and how the password is checked.

use super::{Reader, put_text};
use crate::{AccountId, Credentials, Error, ScramKeys};

const VERSION: u8 = 1;

/// A user.
#[derive(Clone, Debug)]
pub(crate) struct UserRow {
    pub account: AccountId,
    /// The name as it was given.
    pub name: String,
    pub credentials: Credentials,
}

impl UserRow {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut row = vec![VERSION];
        row.extend_from_slice(&self.account.0.to_be_bytes());
        put_text(&self.name, &mut row);
        let Credentials { password_hash, scram_sha_256 } = &self.credentials;
        check(password_hash.len())?;
        put_text(password_hash, &mut row);
        row.push(u8::from(scram_sha_256.is_some()));
        if let Some(keys) = scram_sha_256 {
            row.extend_from_slice(&keys.iterations.to_be_bytes());
            for part in [&keys.salt, &keys.stored_key, &keys.server_key] {
                check(part.len())?;
                row.extend_from_slice(&(part.len() as u16).to_be_bytes());
                row.extend_from_slice(part);
            }
        }
        Ok(row)
    }

    pub(crate) fn decode(row: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(row, VERSION, "user row")?;
        let account = AccountId(reader.u64()?);
        let name = reader.text()?.to_owned();
        let password_hash = reader.text()?.to_owned();
        let scram_sha_256 = match reader.u8()? {
            0 => None,
            _ => {
                let iterations = reader.u32()?;
                let mut part = || -> Result<Vec<u8>, Error> {
                    let length = reader.u16()?;
                    Ok(reader.bytes(length.into())?.to_vec())
                };
                let (salt, stored_key, server_key) = (part()?, part()?, part()?);
                Some(ScramKeys { iterations, salt, stored_key, server_key })
            }
        };
        reader.end()?;
        Ok(Self { account, name, credentials: Credentials { password_hash, scram_sha_256 } })
    }
}

/// Every part is far below this; so each length fits its 16 bits.
fn check(length: usize) -> Result<(), Error> {
    if length > 4096 { Err(Error::Limit("credentials are too long")) } else { Ok(()) }
}
