//! LOGIN (RFC 3501 §6.2.3).

use super::States;
use crate::Secret;
use crate::effects::Effects;
use crate::token::{Parsed, Reader};
use crate::writer::CommandWriter;
use bytes::Bytes;

/// The LOGIN command: user and password in clear.
#[derive(Clone, Debug)]
pub struct Login {
    /// User name as sent.
    pub user: Bytes,
    /// Password as sent.
    pub password: Secret,
}

impl Login {
    pub(crate) const NAME: &'static str = "LOGIN";
    pub(crate) const STATES: States = States::NOT_AUTHENTICATED;

    /// ```abnf
    /// login    = "LOGIN" SP userid SP password
    /// userid   = astring
    /// password = astring
    /// ```
    pub(crate) fn parse(reader: &mut Reader<'_>) -> Parsed<Self> {
        reader.space()?;
        let user = reader.astring("a user name")?;
        reader.space()?;
        let password = Secret::new(reader.astring("a password")?);
        Ok(Self { user, password })
    }

    pub(crate) fn write(&self, out: &mut CommandWriter) {
        out.space();
        out.astring(&self.user);
        out.space();
        out.astring(self.password.reveal());
    }

    pub(crate) fn effects(&self) -> Effects {
        Effects::barrier()
    }
}

#[cfg(test)]
mod tests {
    use crate::command::tests::{known, message, refused};

    #[test]
    fn known_answers() {
        known("a LOGIN smith sesame", "a LOGIN smith sesame");
        known("a login \"s m\" \"a\\\"b\\\\\"", "a LOGIN \"s m\" \"a\\\"b\\\\\"");
        known("a LOGIN {2+}\r\nab {0}\r\n", "a LOGIN ab \"\"");
        known("a LOGIN nil NIL", "a LOGIN \"nil\" \"NIL\"");
        refused("a LOGIN smith");
        refused("a LOGIN smith se same");
        refused("a LOGIN smith \"sesame");
    }

    #[test]
    fn no_error_shows_a_password() {
        assert!(!message("a LOGIN smith ses(ame").contains("ame"));
    }
}
