//! `accounts.toml`: one section for each account, read with every mistake in it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use peregrine_client::Security;
use peregrine_server::config::{ConfigError, did_you_mean, document};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Account, Method, SECURITY};
use crate::failure::Failure;

/// What a section may hold.
pub const KEYS: [&str; 7] =
    ["host", "port", "security", "user", "mechanism", "password_command", "certificate"];

/// Accounts by their names.
pub type Accounts = BTreeMap<String, Account>;

/// Where the file is: what `PEREGRINE_CONFIG` says, else `peregrine/accounts.toml` in the user's
/// configuration folder (XDG Base Directory Specification).
pub fn path() -> Result<PathBuf, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = variable("PEREGRINE_CONFIG") {
        return Ok(PathBuf::from(path));
    }
    let xdg = variable("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = xdg.or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")));
    let folder = folder.ok_or_else(|| {
        Failure::Usage("there is no HOME to find accounts.toml in: set PEREGRINE_CONFIG".into())
    })?;
    Ok(folder.join("peregrine/accounts.toml"))
}

/// Reads the file; without one there are no accounts.
pub fn load(path: &Path) -> Result<Accounts, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => parse(path, &text).map_err(Failure::Config),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Accounts::new()),
        Err(error) => Err(Failure::file(path)(error)),
    }
}

/// Reads `text`, which stands in `file`.
///
/// # Errors
/// Every mistake, in the order of the file.
pub fn parse(file: &Path, text: &str) -> Result<Accounts, Vec<ConfigError>> {
    let document = document(file, text)?;
    let mut reader = Reader { file, text, errors: Vec::new() };
    let mut accounts = Accounts::new();
    for (name, value) in document.get_ref() {
        if let Err(reason) = check_name(name.get_ref()) {
            reader.error(name.span(), reason.to_owned(), None);
        }
        match value.get_ref().as_table() {
            Some(table) => {
                let account = reader.account(name, table);
                accounts.extend(account.map(|account| (name.get_ref().to_string(), account)));
            }
            None => {
                let word = name.get_ref();
                let message = format!("`{word}` stands outside of any account");
                let help = "begin each account with its name in brackets: [work]";
                reader.error(name.span(), message, Some(help.to_owned()));
            }
        }
    }
    reader.errors.sort_by_key(|error| error.span.start);
    if reader.errors.is_empty() { Ok(accounts) } else { Err(reader.errors) }
}

/// Whether an account may be called so.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let right = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    match !name.is_empty() && !name.starts_with('-') && name.chars().all(right) {
        true => Ok(()),
        false => Err("an account's name has letters, digits, `-`, `_` and `.` alone"),
    }
}

struct Reader<'t> {
    file: &'t Path,
    text: &'t str,
    errors: Vec<ConfigError>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl<'t> Reader<'t> {
    /// `None` where something is missing; mistakes are noted.
    fn account(
        &mut self,
        name: &Spanned<std::borrow::Cow<'t, str>>,
        table: &DeTable<'t>,
    ) -> Option<Account> {
        for key in table.keys() {
            self.check_key(key);
        }
        let security = self.word(table, "security", &SECURITY).unwrap_or(Security::Tls);
        let host = self.text(table, "host");
        let user = self.text(table, "user");
        for (key, example) in [("host", "imap.example.org"), ("user", "ann@example.org")] {
            if !table.contains_key(key) {
                let message = format!("`{}` has no `{key}`", name.get_ref());
                self.error(name.span(), message, Some(format!("add {key} = \"{example}\"")));
            }
        }
        let port = match table.get("port") {
            Some(value) => self.port(value)?,
            None => Account::default_port(security),
        };
        Some(Account {
            host: host?,
            port,
            security,
            user: user?,
            mechanism: self.word(table, "mechanism", &Method::WORDS).unwrap_or_default(),
            password_command: self.text(table, "password_command"),
            certificate: self.text(table, "certificate").map(|path| self.beside(&path)),
        })
    }

    fn check_key(&mut self, key: &Spanned<std::borrow::Cow<'t, str>>) {
        let word = key.get_ref().as_ref();
        if KEYS.contains(&word) {
            return;
        }
        let help = match word {
            "password" | "pass" | "secret" | "token" => {
                "no password stands in this file: name a command that prints it \
                 (password_command = \"pass show mail\"), or leave it out and be asked"
                    .to_owned()
            }
            _ => did_you_mean(word, &KEYS)
                .unwrap_or_else(|| format!("known here: {}", KEYS.join(", "))),
        };
        self.error(key.span(), format!("unknown key `{word}`"), Some(help));
    }

    fn text(&mut self, table: &DeTable<'t>, key: &str) -> Option<String> {
        let value = table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) if text.is_empty() || text.contains(char::is_control) => {
                let message = format!("`{key}` is empty or holds control characters");
                self.error(value.span(), message, None);
                None
            }
            Some(text) => Some(text.to_owned()),
            None => self.wrong_type(key, value, "a text in quotes"),
        }
    }

    fn port(&mut self, value: &Value<'t>) -> Option<u16> {
        let number = match value.get_ref() {
            DeValue::Integer(n) => u16::from_str_radix(n.as_str(), n.radix()).ok(),
            _ => None,
        };
        match number.filter(|port| *port > 0) {
            Some(port) => Some(port),
            None => self.wrong_type("port", value, "a number from 1 to 65535"),
        }
    }

    fn word<T: Copy>(&mut self, table: &DeTable<'t>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let value = table.get(key)?;
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let choice = format!("one of {}", names.join(", "));
        let Some(text) = value.get_ref().as_str() else {
            return self.wrong_type(key, value, &choice);
        };
        let found = words.iter().find(|(name, _)| *name == text).map(|(_, found)| *found);
        if found.is_none() {
            let help = did_you_mean(text, &names).unwrap_or(choice);
            self.error(value.span(), format!("`{key}` cannot be `{text}`"), Some(help));
        }
        found
    }

    /// A path, relative to the file's folder; `~/` is the user's.
    fn beside(&self, path: &str) -> PathBuf {
        if let (Some(rest), Some(home)) = (path.strip_prefix("~/"), std::env::var_os("HOME")) {
            return PathBuf::from(home).join(rest);
        }
        self.file.parent().unwrap_or(Path::new("")).join(path)
    }

    fn wrong_type<T>(&mut self, key: &str, value: &Value<'t>, wanted: &str) -> Option<T> {
        let found = self.text.get(value.span()).unwrap_or_default();
        let found = found.lines().next().unwrap_or_default();
        let message = format!("`{key}` cannot be {found}");
        self.error(value.span(), message, Some(format!("write {wanted}")));
        None
    }

    fn error(&mut self, span: Range<usize>, message: String, help: Option<String>) {
        let error = ConfigError::at(self.file, self.text, span, message);
        self.errors.push(match help {
            Some(help) => error.with_help(help),
            None => error,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, parse};

    #[test]
    fn an_account_needs_little() {
        let text = "[work]\nhost = \"h\"\nuser = \"u\"\n[old]\nhost=\"h\"\nuser=\"u\"\nsecurity=\"starttls\"";
        let accounts = parse(Path::new("f"), text).unwrap();
        assert_eq!(accounts["work"].port, 993);
        assert_eq!(accounts["old"].port, 143);
    }

    /// Whoever repairs a file wants to see all that is wrong with it, and where.
    #[test]
    fn all_mistakes_are_told_at_once() {
        let text = "stray = 1\n[work]\nhots = \"h\"\nport = 0\nsecurity = \"startls\"\nuser = 3\n\
                    password = \"x\"\n";
        let errors = parse(Path::new("f"), text).unwrap_err();
        let told: Vec<String> = errors.iter().map(ToString::to_string).collect();
        for wanted in [
            "f:1:1: `stray` stands outside",
            "f:2:2: `work` has no `host`",
            "f:3:1: unknown key `hots`",
            "f:4:8: `port` cannot be 0",
            "f:5:12: `security` cannot be `startls`",
            "f:6:8: `user` cannot be 3",
            "f:7:1: unknown key `password`",
        ] {
            assert!(told.iter().any(|told| told.starts_with(wanted)), "{wanted}: {told:#?}");
        }
        assert_eq!(told.len(), 7);
        assert!(errors.iter().any(|e| e.help.as_deref() == Some("did you mean `starttls`?")));
    }
}
