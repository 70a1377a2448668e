//! Asking for a password: without echo on a terminal, one line of standard input elsewhere.
//! Never from the command line, where every process of the machine could read it.

use std::io::{self, BufRead, IsTerminal, Read};

use crate::failure::Failure;

/// Longest line that is read, in octets: tokens of some providers have several thousand.
const LONGEST: u64 = 64 << 10;

/// A new password for `user`; on a terminal it is asked for twice.
pub fn ask_new(user: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return from_line(&mut io::stdin().lock(), user);
    }
    let prompt = |text: String| {
        rpassword::prompt_password(text).map_err(|e| Failure::Io("cannot ask for a password", e))
    };
    let password = prompt(format!("Password for {user}: "))?;
    let again = prompt("The same again: ".into())?;
    if password != again {
        return Err(Failure::Usage("the two passwords differ; nothing was changed".into()));
    }
    Ok(password)
}

/// The password of `user` at a server.
pub fn ask(user: &str) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return from_line(&mut io::stdin().lock(), user);
    }
    rpassword::prompt_password(format!("Password for {user}: "))
        .map_err(|e| Failure::Io("cannot ask for a password", e))
}

fn from_line(input: &mut impl BufRead, user: &str) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.take(LONGEST + 1).read_line(&mut line);
    let read = read.map_err(|e| Failure::Io("cannot read the password from standard input", e))?;
    if read as u64 > LONGEST {
        return Err(Failure::Password(format!("the password has more than {LONGEST} octets")));
    }
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Failure::Password(format!(
            "no password for {user} on standard input: pipe one line with it, or run this in a \
             terminal"
        )));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_without_its_end_is_the_password() {
        for (input, wanted) in [("a b\n", "a b"), ("a\r\nrest\n", "a"), (" a ", " a ")] {
            assert_eq!(from_line(&mut input.as_bytes(), "ann").unwrap(), wanted);
        }
        // A token is never cut: what is left of it would be refused as a wrong one.
        let most = "x".repeat(LONGEST as usize);
        assert_eq!(from_line(&mut most.as_bytes(), "ann").unwrap(), most);
        for none in ["\n", "", &format!("{most}x"), &format!("{most}x\n")] {
            let refused = from_line(&mut none.as_bytes(), "ann");
            assert!(matches!(refused, Err(Failure::Password(_))), "{}", none.len());
        }
    }
}
