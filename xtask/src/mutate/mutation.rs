//! One fault: which lines become which, and the test that must find it.
//!
//! ```text
//! Failed logins are answered at once.
//! test: -p peregrine-server --lib guesses_get_slower
//! file: crates/server/src/authentication/throttle.rs
//! -        self.delay(Some(self.tick(until))).await
//! +        Ok(())
//! ```
//!
//! Lines that begin with a space stay as they are; a file can have several such pieces, each begun
//! by its own `file:`. What is to be replaced must be there exactly once.

use std::path::{Path, PathBuf};

/// Where they are kept, from the root.
const FOLDER: &str = "tests/mutations";

/// A fault.
pub struct Mutation {
    pub name: String,
    /// In one sentence.
    pub what: String,
    /// What follows `cargo test`.
    pub test: String,
    pub pieces: Vec<Piece>,
}

/// A change of one place.
pub struct Piece {
    pub file: PathBuf,
    pub old: String,
    pub new: String,
}

/// A fault, or the line that cannot be read (0 for the file as a whole), and why.
pub type Read = Result<Mutation, (usize, String)>;

/// All faults with the files that they are in, by name.
pub fn all(root: &Path) -> Vec<(PathBuf, Read)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root.join(FOLDER)).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned());
        let text = std::fs::read_to_string(&path).map_err(|error| (0, error.to_string()));
        let read = text.and_then(|text| parse(name.unwrap_or_default(), &text));
        all.push((path.strip_prefix(root).unwrap_or(&path).to_path_buf(), read));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn parse(name: String, text: &str) -> Read {
    let (mut what, mut test, mut pieces) = (String::new(), String::new(), Vec::<Piece>::new());
    for (at, line) in text.lines().enumerate() {
        let (old, new) = match line.split_at_checked(1) {
            Some(("-", rest)) => (Some(rest), None),
            Some(("+", rest)) => (None, Some(rest)),
            Some((" ", rest)) => (Some(rest), Some(rest)),
            _ if at == 0 => {
                what = line.trim_end_matches('.').to_owned();
                continue;
            }
            _ => match line.split_once(": ") {
                Some(("test", words)) => {
                    test = words.to_owned();
                    continue;
                }
                Some(("file", path)) => {
                    let file = PathBuf::from(path);
                    pieces.push(Piece { file, old: String::new(), new: String::new() });
                    continue;
                }
                _ => return Err((at + 1, "neither test:, file:, -, + nor a space".into())),
            },
        };
        let piece = pieces.last_mut().ok_or((at + 1, "a change of no file".to_owned()))?;
        for (text, line) in [(&mut piece.old, old), (&mut piece.new, new)] {
            if let Some(line) = line {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    if what.is_empty() || test.is_empty() || pieces.is_empty() {
        return Err((0, "it needs a sentence, a test and a file".into()));
    }
    Ok(Mutation { name, what, test, pieces })
}

impl Mutation {
    /// The test's own name: the last word.
    pub fn test_name(&self) -> &str {
        self.test.rsplit(' ').next().unwrap_or_default()
    }

    /// What a file becomes.
    ///
    /// # Errors
    /// Where what is to be replaced is not there exactly once.
    pub fn apply(&self, file: &Path, text: &str) -> Result<String, String> {
        let mut text = text.to_owned();
        for piece in self.pieces.iter().filter(|piece| piece.file == file) {
            let found = text.matches(&piece.old).count();
            if found != 1 || piece.old.is_empty() {
                let shown = file.display();
                return Err(format!("what it replaces is in {shown} {found} times, not once"));
            }
            text = text.replace(&piece.old, &piece.new);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAULT: &str =
        "Two is three.\ntest: -p x --lib two\nfile: a.rs\n fn two() {\n-    2\n+    3\n";

    #[test]
    fn a_place_is_found_once_or_refused() {
        let fault = parse("two".into(), FAULT).ok().unwrap();
        assert_eq!((fault.what.as_str(), fault.test_name()), ("Two is three", "two"));
        let file = Path::new("a.rs");
        let text = "fn two() {\n    2\n}\n";
        assert_eq!(fault.apply(file, text).unwrap(), "fn two() {\n    3\n}\n");
        assert_eq!(fault.apply(Path::new("b.rs"), text).unwrap(), text);
        for text in ["fn two() {\n    4\n}\n", &text.repeat(2)] {
            assert!(fault.apply(file, text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for (text, line) in [
            ("", 0),
            ("x\ntest: -p x\n", 0),
            ("x\ntest: -p x\n-y\n", 3),
            ("x\ntest: -p x\nfile: a\nbad\n", 4),
        ] {
            assert_eq!(parse("x".into(), text).err().map(|error| error.0), Some(line), "{text}");
        }
    }
}
