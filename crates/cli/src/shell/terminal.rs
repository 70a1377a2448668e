//! A person at a prompt, which stays usable while replies arrive.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};
use tokio::sync::{mpsc, watch};

use super::assemble::{Lines, assemble};
use super::complete::Assistant;
use super::input::{self, Piece, Typed};
use super::paint::{self, Style};
use super::state::State;
use super::talk::Order;

/// What is told about the shell itself.
pub const HELP: &str = "\
Type IMAP commands. A tag is put before each unless you type one; you need not wait for replies.
  Tab             completes commands, mailboxes and words
  {<FILE}         a literal with what the file holds; lines end in CRLF
  {}              a literal that you are asked for, ended by a line with a dot
  login USER      asks for the password without showing it
  done            ends IDLE
  help            this
  Ctrl-D, logout  ends
Lines with passwords are not kept in the history.
";

/// Lines that are kept.
const HISTORY: usize = 1000;

/// How long the server may take to say goodbye.
pub const GOODBYE: Duration = Duration::from_secs(10);

/// A prompt.
pub struct Terminal {
    editor: Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
    state: Arc<State>,
    style: Style,
}

impl Terminal {
    /// A prompt with the history that is kept in this file.
    pub fn new(
        state: Arc<State>,
        history: Option<PathBuf>,
        style: Style,
    ) -> rustyline::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY)?
            .history_ignore_space(true)
            .auto_add_history(false)
            .completion_type(CompletionType::List)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant(Arc::clone(&state))));
        if let Some(path) = &history {
            // There is none at first.
            _ = editor.load_history(path);
        }
        Ok(Self { editor, history, state, style })
    }

    /// Prints above the prompt.
    pub fn printer(&mut self) -> rustyline::Result<Box<dyn rustyline::ExternalPrinter + Send>> {
        Ok(Box::new(self.editor.create_external_printer()?))
    }

    /// Asks until the end. Blocks its thread.
    pub fn run(mut self, orders: &mpsc::UnboundedSender<Order>, mut closed: watch::Receiver<bool>) {
        while !*closed.borrow() {
            let tag = self.state.lock().peek_tag();
            let prompt = self.prompt(&tag);
            let line = match self.editor.readline(&prompt) {
                Ok(line) => line,
                Err(ReadlineError::Interrupted) => continue,
                Err(_) => "logout".to_owned(),
            };
            if *closed.borrow() {
                break;
            }
            let ends = self.take(line, orders);
            self.save();
            if ends {
                let goodbye = closed.wait_for(|closed| *closed);
                let waiting = async { tokio::time::timeout(GOODBYE, goodbye).await.is_ok() };
                _ = tokio::runtime::Handle::current().block_on(waiting);
                break;
            }
        }
    }

    /// True when the conversation ends with it.
    fn take(&mut self, line: String, orders: &mpsc::UnboundedSender<Order>) -> bool {
        let dialogue = self.state.lock().dialogue().map(str::to_owned);
        match dialogue.as_deref() {
            // A secret: not kept.
            Some("AUTHENTICATE") => return orders.send(Order::Line(line)).is_err(),
            Some(_) if line.trim().eq_ignore_ascii_case("done") => {
                return orders.send(Order::Line("DONE".to_owned())).is_err();
            }
            Some(_) => {
                // RFC 2177 §3: nothing else may be sent before.
                if !line.trim().is_empty() {
                    eprintln!("IDLE goes on: type done first");
                }
                return false;
            }
            None => {}
        }
        if line.trim().eq_ignore_ascii_case("help") {
            print!("{HELP}");
            return false;
        }
        let Some(typed) = input::parse(&line) else { return false };
        if !input::is_secret(&line) {
            _ = self.editor.add_history_entry(line.as_str());
        }
        match typed.and_then(|typed| self.send(typed, orders)) {
            Ok(ends) => ends,
            Err(error) => {
                eprintln!("{error}");
                false
            }
        }
    }

    fn send(
        &mut self,
        mut typed: Typed,
        orders: &mpsc::UnboundedSender<Order>,
    ) -> Result<bool, String> {
        if typed.name == "LOGIN" {
            ask_password(&mut typed)?;
        }
        let parts = assemble(std::mem::take(&mut typed.pieces), self)?;
        let tag = typed.tag.unwrap_or_else(|| self.state.lock().new_tag());
        let ends = typed.name == "LOGOUT";
        let sent = orders.send(Order::Command { tag, name: typed.name, parts });
        Ok(ends || sent.is_err())
    }

    fn prompt(&self, tag: &str) -> (String, String) {
        let raw = format!("{tag}> ");
        let styled = match self.style.colours {
            true => format!("{}> ", paint::coloured(tag)),
            false => raw.clone(),
        };
        (raw, styled)
    }

    fn save(&mut self) {
        if let Some(path) = &self.history {
            // The shell is of use without it, too.
            _ = self.editor.save_history(path);
        }
    }
}

impl Lines for Terminal {
    fn line(&mut self, prompt: &str) -> Option<String> {
        self.editor.readline(prompt).ok()
    }

    fn octets(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        while octets.len() < count {
            let left = count - octets.len();
            let line = self.editor.readline(&format!("literal, {left} octets left> ")).ok()?;
            octets.extend_from_slice(line.as_bytes());
            octets.extend_from_slice(b"\r\n");
        }
        octets.truncate(count);
        Some(octets)
    }
}

/// LOGIN with a user alone asks for the password.
fn ask_password(typed: &mut Typed) -> Result<(), String> {
    let [Piece::Text(text)] = typed.pieces.as_slice() else { return Ok(()) };
    if text.split_whitespace().count() != 2 {
        return Ok(());
    }
    let asked = rpassword::prompt_password("Password: ");
    let password = asked.map_err(|error| format!("cannot ask for a password: {error}"))?;
    let mut quoted = Vec::new();
    peregrine_client::proto::write::astring(&mut quoted, password.as_bytes());
    let quoted = String::from_utf8(quoted).map_err(|_| "the password is no text")?;
    if quoted.contains(['\r', '\n']) {
        return Err("such a password cannot be sent by LOGIN".to_owned());
    }
    typed.pieces = vec![Piece::Text(format!("{} {quoted}", text.trim_end()))];
    Ok(())
}
