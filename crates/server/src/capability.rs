//! What the server says that it can do, by the state of a connection (RFC 3501 §7.2.1).

use crate::authentication::Mechanism;
use crate::connection::Link;
use bytestring::ByteString;

/// What holds in every state.
///
/// LITERAL- and not LITERAL+ (RFC 7888): with LITERAL+ a client may send 64 MiB before we can say
/// that we don't want them, and we must read them all. With LITERAL- nobody waits for small
/// literals, and large ones are announced.
const ALWAYS: [&str; 38] = [
    "IMAP4rev1",
    "IMAP4rev2",
    "LITERAL-",
    "SASL-IR",
    "ID",
    "ENABLE",
    "UTF8=ACCEPT",
    "IDLE",
    "NAMESPACE",
    "UIDPLUS",
    "MOVE",
    "CHILDREN",
    "UNSELECT",
    "SPECIAL-USE",
    "CREATE-SPECIAL-USE",
    "LIST-EXTENDED",
    "LIST-STATUS",
    "STATUS=SIZE",
    "ESEARCH",
    "SEARCHRES",
    "WITHIN",
    "PARTIAL",
    "SORT",
    "SORT=DISPLAY",
    "ESORT",
    "THREAD=ORDEREDSUBJECT",
    "THREAD=REFERENCES",
    "I18NLEVEL=1",
    "MULTIAPPEND",
    "REPLACE",
    "BINARY",
    "OBJECTID",
    "SAVEDATE",
    "PREVIEW",
    "CONDSTORE",
    "QRESYNC",
    "UIDONLY",
    "INPROGRESS",
];

/// The capabilities of this connection now.
pub(crate) fn list(link: &Link, logged_in: bool) -> Vec<ByteString> {
    let mut names: Vec<ByteString> = ALWAYS.iter().map(|&name| name.into()).collect();
    names.push(format!("APPENDLIMIT={}", link.shared.options.limits.session.frame.append).into());
    let limits = &link.shared.options.limits;
    match (limits.command_messages, limits.save_messages) {
        (Some(limit), _) => names.push(format!("MESSAGELIMIT={limit}").into()),
        (None, Some(limit)) => names.push(format!("SAVELIMIT={limit}").into()),
        (None, None) => {}
    }
    if logged_in {
        names.push("COMPRESS=DEFLATE".into());
        if link.shared.options.unauthenticate {
            names.push("UNAUTHENTICATE".into());
        }
    } else {
        if link.starttls {
            names.push("STARTTLS".into());
        }
        if link.passwords_allowed() {
            let offered = Mechanism::ALL.iter().filter(|it| it.is_offered(link));
            names.extend(offered.map(|it| ByteString::from(format!("AUTH={}", it.name()))));
        } else {
            names.push("LOGINDISABLED".into());
        }
    }
    names
}
