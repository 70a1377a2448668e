//! `peregrine mail append`: putting messages into a mailbox.

use std::io::Read;
use std::path::{Path, PathBuf};

use peregrine_client::Appended;
use peregrine_client::proto::Flag;

use super::end;
use crate::account::secret::Input;
use crate::failure::Failure;
use crate::mail::connect::Whose;
use crate::mail::words;
use crate::output::{self, say};

/// Put messages from files, or from standard input, into a mailbox.
///
/// Lines may end in LF or CRLF; on the server all end in CRLF (RFC 5322).
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  peregrine mail append work Drafts letter.eml --flag draft,seen
  git format-patch --stdout -1 | peregrine mail append work Patches -")]
pub struct Arguments {
    #[command(flatten)]
    whose: Whose,
    /// The mailbox.
    mailbox: String,
    /// One message each; `-` is standard input.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// With these flags: seen, flagged, answered, draft, or keywords.
    #[arg(long, value_delimiter = ',', value_parser = words::flag)]
    flag: Vec<Flag>,
    /// Leave line ends as they are.
    #[arg(long)]
    as_is: bool,
    /// For scripts: one object a line with `file`, `uid_validity`, `uid`; the latter are `null`
    /// where the server does not tell.
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub async fn run(arguments: Arguments) -> Result<(), Failure> {
    let piped = arguments.files.iter().filter(|file| is_input(file)).count();
    if piped > 1 {
        return Err(Failure::Usage("standard input can be read only once".into()));
    }
    // Before anything is sent, so that a file that cannot be read costs nothing.
    for file in arguments.files.iter().filter(|file| !is_input(file)) {
        std::fs::File::open(file).map_err(Failure::file(file))?;
    }
    let input = if piped == 0 { Input::Free } else { Input::Taken };
    let client = arguments.whose.connect(input).await?;
    for file in &arguments.files {
        let message = read(file, arguments.as_is)?;
        let append = client.append(&arguments.mailbox, message).flags(arguments.flag.clone());
        let appended = append.await?;
        tell(&arguments, file, appended.as_ref());
    }
    end(&client).await;
    Ok(())
}

fn is_input(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn read(file: &Path, as_is: bool) -> Result<Vec<u8>, Failure> {
    let octets = match is_input(file) {
        true => {
            let mut octets = Vec::new();
            std::io::stdin().lock().read_to_end(&mut octets).map(|_| octets)
        }
        false => std::fs::read(file),
    };
    let octets = octets.map_err(Failure::file(file))?;
    Ok(if as_is { octets } else { with_crlf(&octets) })
}

/// Every line's end as CRLF.
fn with_crlf(octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len() + octets.len() / 32);
    let mut last = 0;
    for octet in octets {
        if *octet == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*octet);
        last = *octet;
    }
    out
}

fn tell(arguments: &Arguments, file: &Path, appended: Option<&Appended>) {
    let uid = appended.and_then(|appended| appended.uids.iter().next());
    if arguments.json {
        let validity = appended.map(|appended| appended.uid_validity.0.get());
        let uid = uid.map(|uid| uid.0.get());
        let file = file.to_string_lossy();
        return say!("{}", serde_json::json!({"file": file, "uid_validity": validity, "uid": uid}));
    }
    let file = match is_input(file) {
        true => "standard input".to_owned(),
        false => output::printable(&file.display().to_string()),
    };
    let mailbox = output::printable(&arguments.mailbox);
    match uid {
        Some(uid) => say!("{file}: UID {uid} in {mailbox}"),
        None => say!("{file}: in {mailbox}"),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_end_in_crlf() {
        assert_eq!(super::with_crlf(b"a\nb\r\nc\n\n"), b"a\r\nb\r\nc\r\n\r\n");
    }
}
