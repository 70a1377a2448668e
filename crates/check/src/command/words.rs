//! The words of a command.

use super::{Command, Extensions, Form, How, Key, OVERSIZE, Return, What};
use crate::command::Set;
use crate::flags;
use std::fmt::{self, Display, Formatter};

impl Display for Command {
    /// The command without its tag. A literal is left out.
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let by = |set: &Set| if set.uid { "UID " } else { "" };
        match self {
            Self::Append { .. } | Self::Replace { .. } => self.write_messages(out),
            Self::Oversize(name) => write!(out, "APPEND {} {{{OVERSIZE}}}", Quoted(name)),
            Self::Nonsense => out.write_str("FETSCH 1 (FLAGS"),
            Self::Enable(extensions) => write!(out, "ENABLE {extensions}"),
            Self::Store { .. } => self.write_store(out),
            Self::Fetch { set, what, since } => {
                let items = match what {
                    What::Flags => "UID FLAGS",
                    What::Peek => "UID BODY.PEEK[TEXT]",
                    What::Body => "UID BODY[TEXT]",
                    What::BodyAndFlags => "UID FLAGS BODY[TEXT]",
                    What::BinaryPeek => "UID BINARY.PEEK[1]",
                    What::Binary => "UID BINARY[1]",
                    What::BinarySize => "UID BINARY.SIZE[1]",
                };
                let since = since.map(|since| format!(" (CHANGEDSINCE {since})"));
                write!(out, "{}FETCH {set} ({items}){}", by(set), since.unwrap_or_default())
            }
            Self::Search { uid, key, form } => {
                let uid = if *uid { "UID " } else { "" };
                match form {
                    Form::Plain => write!(out, "{uid}SEARCH {key}"),
                    Form::Return(options) => write!(out, "{uid}SEARCH RETURN ({options}) {key}"),
                    Form::Sort => write!(out, "{uid}SORT (SUBJECT) UTF-8 {key}"),
                    Form::Thread => write!(out, "{uid}THREAD ORDEREDSUBJECT UTF-8 {key}"),
                }
            }
            Self::Copy { set, to } => write!(out, "{}COPY {set} {}", by(set), Quoted(to)),
            Self::Move { set, to } => write!(out, "{}MOVE {set} {}", by(set), Quoted(to)),
            Self::Expunge => out.write_str("EXPUNGE"),
            Self::UidExpunge(set) => write!(out, "UID EXPUNGE {set}"),
            Self::Noop => out.write_str("NOOP"),
            Self::Check => out.write_str("CHECK"),
            Self::Idle => out.write_str("IDLE"),
            Self::Select { name, examine: false } => write!(out, "SELECT {}", Quoted(name)),
            Self::Select { name, examine: true } => write!(out, "EXAMINE {}", Quoted(name)),
            Self::Close => out.write_str("CLOSE"),
            Self::Unselect => out.write_str("UNSELECT"),
            Self::Status(name) => {
                write!(out, "STATUS {} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)", Quoted(name))
            }
            Self::Create(name) => write!(out, "CREATE {}", Quoted(name)),
            Self::Delete(name) => write!(out, "DELETE {}", Quoted(name)),
            Self::Rename(from, to) => write!(out, "RENAME {} {}", Quoted(from), Quoted(to)),
            Self::List(pattern) => write!(out, "LIST \"\" {}", Quoted(pattern)),
            Self::Lsub(pattern) => write!(out, "LSUB \"\" {}", Quoted(pattern)),
            Self::Subscribe(name) => write!(out, "SUBSCRIBE {}", Quoted(name)),
            Self::Unsubscribe(name) => write!(out, "UNSUBSCRIBE {}", Quoted(name)),
            Self::Capability => out.write_str("CAPABILITY"),
            Self::Logout => out.write_str("LOGOUT"),
        }
    }
}

impl Command {
    /// The octets, in pieces between which the client waits for `+`.
    pub fn write(&self, tag: &str) -> Vec<String> {
        let (Self::Append { waits, .. } | Self::Replace { waits, .. }) = self else {
            return vec![format!("{tag} {self}\r\n")];
        };
        let binary = matches!(self, Self::Append { binary: true, .. });
        let (tilde, plus) = (if binary { "~" } else { "" }, if *waits { "" } else { "+" });
        let mut pieces = Vec::new();
        let mut last = format!("{tag} {}", self.head());
        for (token, flags) in self.messages() {
            let body = format!("Subject: {token}\r\n\r\n{token}\r\n");
            let flags = flags::names(flags);
            last += &format!(" ({flags}) {tilde}{{{}{plus}}}\r\n", body.len());
            if *waits {
                pieces.push(std::mem::take(&mut last));
            }
            last += &body;
        }
        pieces.push(last + "\r\n");
        pieces
    }

    /// The messages that it brings: their words and flags.
    pub fn messages(&self) -> Vec<(&str, u16)> {
        match self {
            Self::Append { token, flags, more, .. } => {
                let more = more.iter().map(|(token, flags)| (&**token, *flags));
                [(&**token, *flags)].into_iter().chain(more).collect()
            }
            Self::Replace { token, flags, .. } => vec![(token, *flags)],
            _ => Vec::new(),
        }
    }

    /// What comes before the messages.
    fn head(&self) -> String {
        match self {
            Self::Append { mailbox, .. } => format!("APPEND {}", Quoted(mailbox)),
            Self::Replace { set, mailbox, .. } => {
                let by = if set.uid { "UID " } else { "" };
                format!("{by}REPLACE {set} {}", Quoted(mailbox))
            }
            _ => String::new(),
        }
    }

    fn write_messages(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.head())?;
        for (token, flags) in self.messages() {
            write!(out, " ({}) <{token}>", flags::names(flags))?;
        }
        Ok(())
    }

    fn write_store(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self::Store { set, how, flags, silent, unchanged } = self else { return Ok(()) };
        let sign = match how {
            How::Add => "+",
            How::Remove => "-",
            How::Replace => "",
        };
        let uid = if set.uid { "UID " } else { "" };
        let silent = if *silent { ".SILENT" } else { "" };
        let unchanged = unchanged.map(|than| format!("(UNCHANGEDSINCE {than}) "));
        let unchanged = unchanged.unwrap_or_default();
        let flags = flags::names(*flags);
        write!(out, "{uid}STORE {set} {unchanged}{sign}FLAGS{silent} ({flags})")
    }
}

impl Display for Key {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => out.write_str("ALL"),
            Self::Flag(bit, set) => out.write_str(&flags::search_key(*bit, *set)),
            Self::Subject(token) => write!(out, "SUBJECT \"{token}\""),
            Self::Saved => out.write_str("$"),
            Self::ModSeq(from) => write!(out, "MODSEQ {from}"),
        }
    }
}

impl Display for Extensions {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let all = [
            (self.condstore, "CONDSTORE"),
            (self.qresync, "QRESYNC"),
            (self.rev2, "IMAP4rev2"),
            (self.uid_only, "UIDONLY"),
        ];
        write_wanted(&all, out)
    }
}

impl Display for Return {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let options = [
            (self.save, "SAVE"),
            (self.min, "MIN"),
            (self.max, "MAX"),
            (self.all, "ALL"),
            (self.count, "COUNT"),
        ];
        write_wanted(&options, out)
    }
}

/// Those words that are wanted, with spaces between.
fn write_wanted(words: &[(bool, &str)], out: &mut Formatter<'_>) -> fmt::Result {
    let wanted = words.iter().filter(|(wanted, _)| *wanted);
    out.write_str(&wanted.map(|(_, word)| *word).collect::<Vec<_>>().join(" "))
}

/// A name in quotes, which every server takes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}
