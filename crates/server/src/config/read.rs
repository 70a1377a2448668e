//! From text to [`Config`], gathering every mistake on the way.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{did_you_mean, document};
use super::limits::{Kind, LIMITS, Limit, Limits};
use super::quantity::{parse_size, parse_time, write_size, write_time};
use super::{Config, ConfigError, LogFormat, LogLevel, OAuth, Sandbox, Server};
use crate::oauth::TokenPolicy;

const SECTIONS: &[&str] =
    &["server", "listeners", "tls", "store", "auth", "oauth", "append", "log", "limits"];
const SERVER: &[&str] = &["sandbox", "alert"];
const LISTENERS: &[&str] = &["imap", "imaps"];
const TLS: &[&str] = &["certificate", "key"];
const STORE: &[&str] = &["path"];
const AUTH: &[&str] = &["cleartext_login", "unauthenticate"];
const OAUTH: &[&str] = &["issuer", "audience", "keys", "claim", "domain", "scope"];
const APPEND: &[&str] = &["eight_bit_headers"];
const LOG: &[&str] = &["format", "level"];

/// Reads `text`, which stands in `file`, as the configuration of a server in `folder`.
pub(super) fn read(folder: &Path, file: &Path, text: &str) -> Result<Config, Vec<ConfigError>> {
    match examine(folder, file, text) {
        (Some(config), errors) if errors.is_empty() => Ok(config),
        (_, errors) => Err(errors),
    }
}

/// As [`read`], with what could be understood in spite of mistakes.
pub(super) fn examine(
    folder: &Path,
    file: &Path,
    text: &str,
) -> (Option<Config>, Vec<ConfigError>) {
    let table = match document(file, text) {
        Ok(table) => table,
        Err(errors) => return (None, errors),
    };
    let mut reader = Reader { file, text, errors: Vec::new() };
    let mut config = Config::defaults(folder);
    reader.config(table.get_ref(), &mut config);
    reader.errors.sort_by_key(|error| error.span.start);
    (Some(config), reader.errors)
}

struct Reader<'t> {
    file: &'t Path,
    text: &'t str,
    errors: Vec<ConfigError>,
}

type Value<'t> = Spanned<DeValue<'t>>;

impl<'t> Reader<'t> {
    fn config(&mut self, root: &DeTable<'t>, config: &mut Config) {
        self.refuse_unknown(root, SECTIONS, "section");
        if let Some(section) = self.section(root, "server", SERVER) {
            let words =
                [("on", Sandbox::On), ("required", Sandbox::Required), ("off", Sandbox::Off)];
            self.word(section, "sandbox", &words, &mut config.server.sandbox);
            self.alert(section, &mut config.server.alert);
        }
        if let Some(section) = self.section(root, "listeners", LISTENERS) {
            let mut seen = BTreeMap::new();
            let mut set = |key: &'static str, field: &mut Vec<SocketAddr>| {
                if let Some(value) = section.get(key) {
                    *field = self.addresses(key, value, &mut seen);
                }
            };
            set("imap", &mut config.listeners.imap);
            set("imaps", &mut config.listeners.imaps);
            self.something_listens(root, config);
        }
        if let Some(section) = self.section(root, "tls", TLS) {
            self.path(section, "certificate", &config.folder, &mut config.tls.certificate);
            self.path(section, "key", &config.folder, &mut config.tls.key);
        }
        if let Some(section) = self.section(root, "store", STORE) {
            self.path(section, "path", &config.folder, &mut config.store.path);
        }
        if let Some(section) = self.section(root, "auth", AUTH) {
            self.truth(section, "cleartext_login", &mut config.auth.cleartext_login);
            self.truth(section, "unauthenticate", &mut config.auth.unauthenticate);
        }
        if let Some(section) = self.section(root, "append", APPEND) {
            self.truth(section, "eight_bit_headers", &mut config.append.eight_bit_headers);
        }
        config.oauth = self.oauth(root, &config.folder);
        if let Some(section) = self.section(root, "log", LOG) {
            let formats = &[("text", LogFormat::Text), ("json", LogFormat::Json)];
            self.word(section, "format", formats, &mut config.log.format);
            let levels =
                [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];
            let levels = levels.map(|level| (level.as_str(), level));
            self.word(section, "level", &levels, &mut config.log.level);
        }
        let keys: Vec<&str> = LIMITS.iter().map(|limit| limit.key).collect();
        if let Some(section) = self.section(root, "limits", &keys) {
            for limit in LIMITS {
                if let Some(value) = section.get(limit.key) {
                    self.limit(limit, value, &mut config.limits);
                }
            }
        }
    }

    fn section<'d>(
        &mut self,
        root: &'d DeTable<'t>,
        name: &'static str,
        keys: &[&str],
    ) -> Option<&'d DeTable<'t>> {
        let value = root.get(name)?;
        match value.get_ref().as_table() {
            Some(table) => {
                self.refuse_unknown(table, keys, "key");
                Some(table)
            }
            None => {
                let found = value.get_ref().type_str();
                self.error(value.span(), format!("`{name}` is a section, not of type {found}"))
                    .help(format!("write [{name}] on a line of its own, its keys below"));
                None
            }
        }
    }

    fn refuse_unknown(&mut self, table: &DeTable<'t>, known: &[&str], what: &str) {
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            if !known.contains(&word) {
                let help = did_you_mean(word, known).unwrap_or_else(|| misplaced(word, known));
                self.error(key.span(), format!("unknown {what} `{word}`")).help(help);
            }
        }
    }

    /// Addresses to listen on, each for one listener only.
    fn addresses(
        &mut self,
        key: &'static str,
        value: &Value<'t>,
        seen: &mut BTreeMap<SocketAddr, &'static str>,
    ) -> Vec<SocketAddr> {
        let mut addresses = Vec::new();
        let items: Vec<&Value<'t>> = match value.get_ref() {
            DeValue::Array(array) => array.iter().collect(),
            DeValue::String(_) => vec![value],
            _ => {
                self.wrong_type(key, value, "a list such as [\"127.0.0.1:1143\"]");
                return addresses;
            }
        };
        for item in items {
            let Some(text) = item.get_ref().as_str() else {
                self.wrong_type(key, item, "an address such as \"127.0.0.1:1143\"");
                continue;
            };
            match text.parse::<SocketAddr>() {
                Ok(address) => match seen.insert(address, key) {
                    Some(other) if address.port() != 0 => {
                        self.error(item.span(), format!("`{text}` is already taken by `{other}`"))
                            .help("one address and port serves one listener");
                    }
                    _ => addresses.push(address),
                },
                Err(_) => {
                    self.error(item.span(), format!("`{text}` is not an IP address and port"))
                        .help(address_help(text));
                }
            }
        }
        addresses
    }

    fn something_listens(&mut self, root: &DeTable<'t>, config: &Config) {
        let silent = config.listeners.imap.is_empty() && config.listeners.imaps.is_empty();
        if silent && self.errors.is_empty() {
            let span = root
                .iter()
                .find(|(key, _)| key.get_ref() == "listeners")
                .map_or(0..0, |(key, _)| key.span());
            self.error(span, "nothing would listen: `imap` and `imaps` are both empty".into())
                .help("give one of them an address, or remove the line to have its default");
        }
    }

    /// What stands in a response: printable ASCII (RFC 3501 §9, TEXT-CHAR), and of bounded length.
    fn alert(&mut self, section: &DeTable<'t>, field: &mut Option<String>) {
        let Some(value) = section.get("alert") else { return };
        let printable = |octet: u8| matches!(octet, b' '..=b'~');
        match value.get_ref().as_str() {
            None => self.wrong_type("alert", value, "a line of text in quotes"),
            Some(text) if text.len() > Server::MAX_ALERT => {
                let most = Server::MAX_ALERT;
                self.error(value.span(), format!("`alert` is longer than {most} letters"))
                    .help("write one short line, and where to read more");
            }
            Some(text) if text.trim().is_empty() || !text.bytes().all(printable) => {
                self.error(value.span(), "`alert` is not one line of ASCII letters".into()).help(
                    "mail programs are only promised ASCII here; leave the line out for none",
                );
            }
            Some(text) => *field = Some(text.to_owned()),
        }
    }

    fn path(&mut self, section: &DeTable<'t>, key: &str, folder: &Path, field: &mut PathBuf) {
        let Some(value) = section.get(key) else { return };
        match value.get_ref().as_str() {
            Some("") => {
                self.error(value.span(), format!("`{key}` is empty"))
                    .help("write a path, or remove the line to have the default");
            }
            Some(text) => *field = folder.join(text),
            None => self.wrong_type(key, value, "a path in quotes"),
        }
    }

    fn word<T: Copy>(
        &mut self,
        section: &DeTable<'t>,
        key: &str,
        words: &[(&str, T)],
        field: &mut T,
    ) {
        let Some(value) = section.get(key) else { return };
        let names: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
        let choice = format!("one of {}", names.join(", "));
        let Some(text) = value.get_ref().as_str() else {
            return self.wrong_type(key, value, &choice);
        };
        match words.iter().find(|(name, _)| *name == text) {
            Some((_, found)) => *field = *found,
            None => {
                let help = did_you_mean(text, &names).unwrap_or_else(|| choice.clone());
                self.error(value.span(), format!("`{key}` cannot be `{text}`")).help(help);
            }
        }
    }

    fn truth(&mut self, section: &DeTable<'t>, key: &str, field: &mut bool) {
        let Some(value) = section.get(key) else { return };
        match value.get_ref().as_bool() {
            Some(truth) => *field = truth,
            None => self.wrong_type(key, value, "true or false"),
        }
    }

    /// A section that says something only as a whole.
    fn oauth(&mut self, root: &DeTable<'t>, folder: &Path) -> Option<OAuth> {
        let section = self.section(root, "oauth", OAUTH)?;
        for key in ["issuer", "audience", "keys"] {
            if !section.contains_key(key) {
                let span = root.get("oauth").map_or(0..0, Spanned::span);
                self.error(span, format!("[oauth] lacks `{key}`"))
                    .help("issuer, audience and keys belong together");
            }
        }
        let mut text = |key| {
            let value = section.get(key)?;
            match value.get_ref().as_str().filter(|text| !text.is_empty()) {
                Some(text) => Some(text.to_owned()),
                None => {
                    self.wrong_type(key, value, "a text in quotes");
                    None
                }
            }
        };
        let (issuer, audience) = (text("issuer"), text("audience"));
        let (claim, domain, scope) = (text("claim"), text("domain"), text("scope"));
        let keys = text("keys")?;
        let claim = claim.unwrap_or_else(|| OAuth::DEFAULT_CLAIM.to_owned());
        let policy = TokenPolicy { issuer: issuer?, audience: audience?, claim, domain, scope };
        Some(OAuth { policy, keys: folder.join(keys) })
    }

    fn limit(&mut self, limit: &Limit, value: &Value<'t>, limits: &mut Limits) {
        let key = limit.key;
        match limit.kind {
            Kind::Count { most, field, .. } => match whole_number(value) {
                None => self.wrong_type(key, value, "a number"),
                Some(0) => self.zero(key, value.span()),
                Some(n) => match u32::try_from(n).ok().filter(|n| *n <= most) {
                    Some(n) => *field(limits) = n,
                    None => self.out_of_range(key, value.span(), "1", &most.to_string()),
                },
            },
            Kind::Optional { least, most, field } => match whole_number(value) {
                None => self.wrong_type(key, value, "a number"),
                Some(0) => self.zero(key, value.span()),
                Some(n) => {
                    let fits = (i128::from(least)..=i128::from(most)).contains(&n);
                    match u32::try_from(n).ok().filter(|_| fits).and_then(NonZeroU32::new) {
                        Some(n) => *field(limits) = Some(n),
                        None => {
                            let (least, most) = (least.to_string(), most.to_string());
                            self.out_of_range(key, value.span(), &least, &most);
                        }
                    }
                }
            },
            Kind::Time { least, most, field, .. } => {
                let example = "a time with its unit, such as \"30 s\", \"31 min\" or \"1 h\"";
                if let Some(seconds) =
                    self.quantity(key, value, example, parse_time, (least, most), write_time)
                {
                    *field(limits) = Duration::from_secs(seconds);
                }
            }
            Kind::Size { least, most, field, .. } => {
                let example = "a size with its unit, such as \"64 MiB\"";
                if let Some(octets) =
                    self.quantity(key, value, example, parse_size, (least, most), write_size)
                {
                    *field(limits) = octets;
                }
            }
        }
    }

    fn quantity(
        &mut self,
        key: &str,
        value: &Value<'t>,
        example: &str,
        parse: fn(&str) -> Option<u64>,
        (least, most): (u64, u64),
        write: fn(u64) -> String,
    ) -> Option<u64> {
        if matches!(value.get_ref(), DeValue::Integer(n) if n.as_str() == "0") {
            self.zero(key, value.span());
            return None;
        }
        match value.get_ref().as_str().and_then(parse) {
            Some(0) => self.zero(key, value.span()),
            Some(n) if (least..=most).contains(&n) => return Some(n),
            Some(_) => self.out_of_range(key, value.span(), &write(least), &write(most)),
            None => self.wrong_type(key, value, example),
        }
        None
    }

    fn zero(&mut self, key: &str, span: Range<usize>) {
        self.error(span, format!("`{key}` is zero, which would let nobody in")).help(
            "zero does not mean unlimited here: write a large number if you want much, \
             or remove the line to have the default",
        );
    }

    fn out_of_range(&mut self, key: &str, span: Range<usize>, least: &str, most: &str) {
        let mut help = format!("write something from {least} to {most}");
        if key == "idle_timeout" {
            help.push_str(" (RFC 3501 §5.4 asks for at least 30 minutes)");
        }
        self.error(span, format!("`{key}` is out of range")).help(help);
    }

    fn wrong_type(&mut self, key: &str, value: &Value<'t>, wanted: &str) {
        let found = &self.text[value.span()];
        let found = found.lines().next().unwrap_or_default();
        self.error(value.span(), format!("`{key}` cannot be {found}"))
            .help(format!("write {wanted}"));
    }

    fn error(&mut self, span: Range<usize>, message: String) -> Last<'_> {
        self.errors.push(ConfigError::at(self.file, self.text, span, message));
        Last(&mut self.errors)
    }
}

/// The mistake just told, to add help to.
struct Last<'e>(&'e mut Vec<ConfigError>);

impl Last<'_> {
    fn help(self, help: impl Into<String>) {
        if let Some(error) = self.0.last_mut() {
            error.help = Some(help.into());
        }
    }
}

/// Help for a word that resembles nothing here: another section may own it.
fn misplaced(word: &str, known: &[&str]) -> String {
    let elsewhere = [
        ("server", SERVER),
        ("listeners", LISTENERS),
        ("tls", TLS),
        ("store", STORE),
        ("auth", AUTH),
        ("oauth", OAUTH),
        ("append", APPEND),
        ("log", LOG),
    ];
    let limit = LIMITS.iter().any(|limit| limit.key == word).then_some("limits");
    let owner =
        elsewhere.iter().find(|(_, keys)| keys.contains(&word)).map(|(name, _)| *name).or(limit);
    match owner {
        Some(section) => format!("`{word}` belongs below [{section}]"),
        None => format!("known here: {}", known.join(", ")),
    }
}

fn address_help(text: &str) -> String {
    let port = text.rsplit(':').next().unwrap_or_default();
    if text.parse::<std::net::IpAddr>().is_ok() {
        let bracketed = if text.contains(':') { format!("[{text}]") } else { text.to_owned() };
        return format!("add a port: \"{bracketed}:993\"");
    }
    match port.parse::<u16>() {
        Ok(port) if text.starts_with("localhost") => format!("write \"127.0.0.1:{port}\""),
        Ok(port) => {
            format!("write \"127.0.0.1:{port}\" or \"0.0.0.0:{port}\" (names are not looked up)")
        }
        Err(_) => "write for example \"127.0.0.1:1143\" or \"[::]:993\"".into(),
    }
}

fn whole_number(value: &Value<'_>) -> Option<i128> {
    match value.get_ref() {
        DeValue::Integer(n) => i128::from_str_radix(n.as_str(), n.radix()).ok(),
        _ => None,
    }
}
