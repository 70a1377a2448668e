//! `peregrine demo`: sample mail, a conversation, and how to connect.

use std::io::Write;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use peregrine_server::admin::demo::{self, Demo, Heard, PASSWORD, USER};
use peregrine_server::admin::trace::{Trace, panel, text};
use peregrine_server::config::{Log, LogFormat, LogLevel};

use super::serve::Signals;
use crate::failure::Failure;
use crate::output::say;
use crate::{logging, output};

/// Characters of a line that are shown.
const WIDTH: usize = 96;

/// Lines of one response that are shown.
const LINES: usize = 4;

/// Colours of tags, by their number: ANSI codes.
const COLOURS: [u8; 6] = [36, 33, 35, 32, 34, 31];

/// Serve sample mail from a temporary folder, show a conversation, and say how to connect.
///
/// Nothing is left behind: Ctrl-C ends it and removes the folder.
#[derive(clap::Args)]
#[command(after_help = "Example: peregrine demo")]
pub struct Arguments {
    /// End after the conversation instead of waiting for Ctrl-C.
    #[arg(long)]
    exit: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let start = Instant::now();
    logging::start(Log { format: LogFormat::Text, level: LogLevel::Warn });
    let mut signals = Signals::new().map_err(|e| Failure::Io("cannot wait for signals", e))?;
    let demo = tokio::select! {
        demo = demo::start() => demo?,
        () = signals.end() => return Ok(()), // dropping it removes the folder
    };
    let (messages, mailboxes) = demo.size();
    say!(
        "{} sample messages in {mailboxes} mailboxes, served after {:.1} s from {}\n",
        output::number(messages as u64),
        start.elapsed().as_secs_f64(),
        demo.folder().display(),
    );
    let conversation = show_conversation(&demo).await;
    if let Ok(trace) = &conversation
        && !arguments.exit
    {
        let page = demo.draw(trace)?;
        say!("\nThe same as a web page: {}", page.display());
        explain(&demo);
        signals.end().await;
        say!("\nending");
    }
    demo.shutdown().await?;
    conversation.map(drop)
}

async fn show_conversation(demo: &Demo) -> Result<Trace, Failure> {
    say!("A conversation with it. Lines with C were sent by us, all of a2 to a8 in one write;");
    say!("lines with S came from the server, after so many milliseconds:\n");
    let mut shown = Shown::new();
    let told = demo.converse(&mut |heard| shown.tell(&heard)).await;
    let trace = told.map_err(|error| Failure::Io("the conversation broke off", error))?;
    shown.conclude();
    show_trace(&trace);
    Ok(trace)
}

fn show_trace(trace: &Trace) {
    let style = super::trace::style();
    say!("\nWhat the server did with it, as `peregrine trace` shows it:\n");
    say!("{}\n", text::legend(style));
    let drawn = panel::panels(trace);
    let drawn = drawn.iter().map(|panel| text::panel(panel, &trace.header.started, style));
    say!("{}", drawn.collect::<Vec<_>>().join("\n").trim_end());
}

/// The conversation as it is shown.
struct Shown {
    colours: bool,
    asked: Vec<String>,
    answered: Vec<String>,
}

impl Shown {
    fn new() -> Self {
        let colours = output::colours(&std::io::stdout());
        Self { colours, asked: Vec::new(), answered: Vec::new() }
    }

    fn tell(&mut self, heard: &Heard) {
        match heard {
            Heard::Sent(line) => {
                self.asked.extend(tag(line).map(str::to_owned));
                say!("{:>10}  C: {}", "", self.paint(line));
            }
            Heard::Received(after, response) => {
                self.answered.extend(tag(response).map(str::to_owned));
                let lines: Vec<&str> = response.lines().collect();
                for (number, line) in lines.iter().take(LINES).enumerate() {
                    let time = if number == 0 { milliseconds(*after) } else { String::new() };
                    say!("{time:>10}  S: {}", self.paint(line));
                }
                if lines.len() > LINES {
                    say!("{:>10}     … {} more lines", "", lines.len() - LINES);
                }
            }
        }
    }

    /// Says what to see in it.
    fn conclude(&self) {
        let asked: Vec<&str> = self.asked.iter().map(String::as_str).collect();
        let answered: Vec<&str> = self.answered.iter().map(String::as_str).collect();
        say!("\nasked:    {}", asked.join(" "));
        say!("answered: {}", answered.join(" "));
        let overtaken: Vec<String> = overtakings(&self.asked, &self.answered);
        if !overtaken.is_empty() {
            say!("{}: they do not depend on it.", overtaken.join("; "));
        }
        say!(
            "a3 and a4 need the mailbox that a2 opens, so they never begin before it; a8 waits for all."
        );
    }

    /// A line cut to the width, its tag in the tag's colour.
    fn paint(&self, line: &str) -> String {
        let mut text = output::printable(line).replace('\n', " ");
        if let Some((end, _)) = text.char_indices().nth(WIDTH) {
            text.truncate(end);
            text.push('…');
        }
        match tag(line).filter(|_| self.colours) {
            Some(tag) => {
                let number: usize = tag[1..].parse().unwrap_or_default();
                let colour = COLOURS[number % COLOURS.len()];
                format!("\x1b[1;{colour}m{tag}\x1b[0m{}", &text[tag.len()..])
            }
            None => text,
        }
    }
}

/// The tag that a line begins with: `a` and a number.
fn tag(line: &str) -> Option<&str> {
    let tag = line.split(' ').next()?;
    let number = tag.strip_prefix('a')?;
    (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(tag)
}

/// `a5 and a6 overtook a3`, for each that was overtaken.
fn overtakings(asked: &[String], answered: &[String]) -> Vec<String> {
    let place = |tag: &String| answered.iter().position(|other| other == tag);
    let mut sentences = Vec::new();
    for (number, slow) in asked.iter().enumerate() {
        let quick: Vec<&str> = asked[number + 1..]
            .iter()
            .filter(|quick| place(quick) < place(slow))
            .map(String::as_str)
            .collect();
        if let Some((last, others)) = quick.split_last() {
            let list = match others {
                [] => (*last).to_owned(),
                _ => format!("{} and {last}", others.join(", ")),
            };
            sentences.push(format!("{list} overtook {slow}"));
        }
    }
    sentences
}

fn milliseconds(time: Duration) -> String {
    format!("+{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn explain(demo: &Demo) {
    say!("\nWith a mail program (user {USER}, password {PASSWORD}):");
    let line = |security: &str, address: Option<SocketAddr>| {
        if let Some(address) = address {
            say!("  server {}, port {}, {security}", address.ip(), address.port());
        }
    };
    line("SSL/TLS (accept the self-signed certificate)", demo.imaps());
    line("no encryption, or STARTTLS", demo.imap());
    say!("\nBy hand:");
    if let Some(address) = demo.imap() {
        say!("  nc {} {}", address.ip(), address.port());
    }
    if let Some(address) = demo.imaps() {
        say!("  openssl s_client -connect {address} -quiet -crlf");
    }
    say!("and then type, each with a tag of your choice:");
    for command in [
        "a LOGIN demo demo",
        "b SELECT INBOX",
        "c FETCH 1:5 (FLAGS ENVELOPE)",
        "d SEARCH SUBJECT release",
        "e FETCH * BODY[TEXT]",
        "f STATUS Sent (MESSAGES UNSEEN)",
        "g LOGOUT",
    ] {
        say!("  {command}");
    }
    say!("\nCtrl-C ends it and removes everything.");
    // Somebody may be reading this through a pipe; if not, there is nobody to tell.
    let _ = std::io::stdout().flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overtaking_is_told() {
        let tags = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let told = overtakings(&tags("a1 a2 a3 a4"), &tags("a1 a3 a4 a2"));
        assert_eq!(told, ["a3 and a4 overtook a2"]);
        assert!(overtakings(&tags("a1 a2"), &tags("a1 a2")).is_empty());
    }

    #[test]
    fn tags_are_found() {
        assert_eq!(tag("a12 OK done"), Some("a12"));
        assert_eq!(tag("* 1 EXISTS"), None);
        assert_eq!(tag("a OK"), None);
    }
}
