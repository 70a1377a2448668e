//! `account`, `mail`, `fetch`, `shell` and `bench` as a script sees them: against our own server, and against
//! Dovecot and Cyrus where those are installed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod mail {
    mod accounts;
    mod bench;
    mod deeds;
    mod shell;
    pub mod site;
}
