//! Questions to whoever sits at the terminal, or to a pipe that answers in their place.

use std::io::{BufRead as _, IsTerminal as _, Read as _};

use aurora_core::secret::Secret;

use super::output::{refused, say_aside};
use crate::error::{Error, ErrorKind};

/// The longest answer, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Whether somebody types what standard input gives.
pub(super) fn is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// The next line of standard input; `None` at its end.
///
/// # Errors
/// `Refused` when it is too long or not UTF-8.
pub(super) fn line() -> Result<Option<String>, Error> {
    let mut line = Vec::new();
    let read = std::io::stdin()
        .lock()
        .take(LONGEST)
        .read_until(b'\n', &mut line)
        .map_err(|error| Error::new(ErrorKind::Internal, "standard input cannot be read").caused_by(error))?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    } else if u64::try_from(read).is_ok_and(|read| read >= LONGEST) {
        return Err(refused("a line of standard input is longer than 64 KiB"));
    }
    String::from_utf8(line)
        .map(Some)
        .map_err(|_| refused("a line of standard input is not UTF-8"))
}

/// Asks, and gives what was answered without blanks around it; `None` at the end of the input.
///
/// # Errors
/// As [`line`].
pub(super) fn question(text: &str) -> Result<Option<String>, Error> {
    say_aside(text);
    let answer = line()?;
    if !is_terminal() {
        say_aside("\n"); // nobody typed the end of the line
    }
    Ok(answer.map(|answer| answer.trim().to_owned()))
}

/// Asks for what nobody may see; a pipe gives it as a line.
///
/// # Errors
/// As [`line`].
pub(super) fn secret(text: &str) -> Result<Option<Secret>, Error> {
    if !is_terminal() {
        say_aside(&format!("{text}\n"));
        return Ok(line()?.map(Secret::new));
    }
    let typed = rpassword::prompt_password(text);
    match typed {
        Ok(typed) => Ok(Some(Secret::new(typed))),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(
            Error::new(ErrorKind::Internal, "the terminal cannot be read without an echo").caused_by(error),
        ),
    }
}

/// A new password: typed twice at a terminal, or one line of a pipe, which is not asked.
///
/// # Errors
/// `Refused` when the two differ, or there is none.
pub(super) fn new_password() -> Result<Secret, Error> {
    let none = || refused("no password was given: type it, or hand it over as a line of standard input");
    if !is_terminal() {
        let first = line()?.filter(|it| !it.is_empty());
        return first.map(Secret::new).ok_or_else(none);
    }
    let first = secret("Password: ")?.filter(|it| !it.expose().is_empty());
    let first = first.ok_or_else(none)?;
    let again = secret("Again: ")?.ok_or_else(none)?;
    if !first.matches(again.expose()) {
        return Err(refused("the two passwords differ"));
    }
    Ok(first)
}

/// A question that is answered with yes or no, in English or Portuguese.
///
/// # Errors
/// As [`line`].
pub(super) fn agreed(text: &str) -> Result<bool, Error> {
    let answer = question(text)?.unwrap_or_default().to_lowercase();
    Ok(["y", "yes", "s", "sim"].contains(&answer.as_str()))
}
