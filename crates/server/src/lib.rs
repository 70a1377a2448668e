//! The IMAP server: sockets, TLS, authentication, and one deed for each command.

pub mod config;
