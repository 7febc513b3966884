//! Recovery codes: ten codes for the day on which the authenticator is lost, each good once.
//!
//! A code is 80 random bits, sixteen letters of Crockford's base 32 in groups of four. Fewer than 112 bits are stored
//! as argon2id (OWASP ASVS 5.0, 6.5.2). The ten of one set share a salt, so that trying a code is one hash rather than
//! ten: of what protects 80 random bits, an attacker who has the table gains a factor of ten at most.
//!
//! A found code is spent with a conditional write, in the transaction of the login:
//!
//! ```text
//! update recovery_codes set used_at = :now where id = :id and used_at is null
//! ```
//!
//! One row changed: the login goes on. No row: somebody was faster, refuse as if the code were wrong.
//!
//! # Examples
//! ```
//! use aurora_core::access::{password::Passwords, recovery};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let passwords = Passwords::builder().build()?;
//! let codes = recovery::generate(&passwords).await?;
//! let typed = codes.shown[3].expose().to_lowercase().replace('-', " "); // as people do
//!
//! let unused = codes.stored; // those with `used_at is null`
//! assert_eq!(recovery::find(&passwords, &typed, &unused).await?, Some(3));
//! assert_eq!(recovery::find(&passwords, "ABCD-EFGH-JKMN-PQRS", &unused).await?, None);
//! # Ok(()) }
//! ```

use zeroize::Zeroizing;

use super::encoding::{CROCKFORD, to_base32};
use super::password::{PasswordHash, Passwords};
use super::{Error, entropy};
use crate::secret::Secret;

/// How many codes a set has.
pub const CODES: usize = 10;
const LETTERS: usize = 16;

/// A new set: what is shown once, and what is stored, in the same order.
#[derive(Debug)]
pub struct RecoveryCodes {
    /// For the user: `ABCD-EFGH-JKMN-PQRS`.
    pub shown: Vec<Secret>,
    /// A hash of each, one row each.
    pub stored: Vec<PasswordHash>,
}

/// Makes a new set; it takes the place of the user's earlier one. Ten hashes of work, in one turn of the queue.
///
/// # Errors
/// `Busy` when the queue of password hashes is full.
///
/// # Cancel safety
/// As with [`Passwords::hash`].
pub async fn generate(passwords: &Passwords) -> Result<RecoveryCodes, Error> {
    let strength = passwords.strength();
    passwords
        .run(move || {
            let salt = entropy::random::<16>()?;
            let mut codes = RecoveryCodes {
                shown: Vec::with_capacity(CODES),
                stored: Vec::with_capacity(CODES),
            };
            for _ in 0..CODES {
                let bits = Zeroizing::new(entropy::random::<10>()?);
                let letters = Zeroizing::new(to_base32(CROCKFORD, &*bits));
                codes
                    .stored
                    .push(strength.phc(&salt, &strength.derive(letters.as_bytes(), &salt)?)?);
                codes.shown.push(grouped(&letters));
            }
            Ok(codes)
        })
        .await
}

/// Which of the unused codes of one set was typed; one hash of work, whatever was typed and whatever is left.
///
/// Upper and lower case, hyphens and blanks do not matter, `O` is read as 0, `I` and `L` as 1.
///
/// # Errors
/// `Busy` when the queue of password hashes is full, `Corrupt` when the stored codes are not of one set or ask
/// for more memory than one hash may take.
///
/// # Cancel safety
/// As with [`Passwords::hash`].
pub async fn find(
    passwords: &Passwords,
    typed: &str,
    unused: &[PasswordHash],
) -> Result<Option<usize>, Error> {
    let letters = normalised(typed);
    let (strength, salt) = unused.first().map_or_else(
        || (passwords.strength(), vec![0; 16]),
        |first| (first.strength(), first.salt.clone()),
    );
    if unused
        .iter()
        .any(|code| code.strength() != strength || code.salt != salt)
    {
        return Err(Error::corrupt("the stored recovery codes are not of one set"));
    }
    passwords.check_memory(strength)?;
    let is_code = letters.is_some();
    let letters = letters.unwrap_or_default();
    let output = passwords
        .run(move || strength.derive(letters.as_bytes(), &salt))
        .await?;
    let mut found = None;
    for (index, code) in unused.iter().enumerate() {
        if entropy::same(&code.output, &output) && is_code {
            found = Some(index);
        }
    }
    Ok(found)
}

fn grouped(letters: &str) -> Secret {
    let mut text = String::with_capacity(LETTERS + 3);
    for (index, letter) in letters.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    Secret::new(text)
}

/// The sixteen letters that were meant; nothing when it cannot be a code.
fn normalised(typed: &str) -> Option<Zeroizing<String>> {
    if typed.len() > 4 * LETTERS {
        return None;
    }
    let mut letters = Zeroizing::new(String::with_capacity(LETTERS));
    for letter in typed.chars().filter(|it| *it != '-' && !it.is_whitespace()) {
        letters.push(match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other if CROCKFORD.iter().any(|it| char::from(*it) == other) => other,
            _ => return None,
        });
    }
    (letters.len() == LETTERS).then_some(letters)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::access::ErrorKind;

    fn passwords() -> Passwords {
        Passwords::builder().permits(1).build().unwrap()
    }

    #[tokio::test]
    async fn each_of_ten_codes_is_found_and_a_spent_one_is_not() {
        let passwords = passwords();
        let codes = generate(&passwords).await.unwrap();
        assert_eq!((codes.shown.len(), codes.stored.len()), (10, 10));
        let different: BTreeSet<_> = codes.shown.iter().map(|it| it.expose().to_owned()).collect();
        assert_eq!(different.len(), 10);
        for index in [0, 9] {
            let typed = codes.shown[index].expose();
            let found = find(&passwords, typed, &codes.stored).await.unwrap();
            assert_eq!(found, Some(index));
        }
        let left = &codes.stored[1..];
        let spent = find(&passwords, codes.shown[0].expose(), left).await.unwrap();
        assert_eq!(spent, None);
        assert_eq!(
            find(&passwords, codes.shown[0].expose(), &[]).await.unwrap(),
            None
        );
        assert!(!format!("{codes:?}").contains(codes.shown[0].expose()));
    }

    #[tokio::test]
    async fn codes_of_two_sets_are_not_mixed() {
        let passwords = passwords();
        let (a, b) = (generate(&passwords).await, generate(&passwords).await);
        let mixed = [a.unwrap().stored.remove(0), b.unwrap().stored.remove(0)];
        let error = find(&passwords, "", &mixed).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    #[tokio::test]
    async fn stored_codes_that_ask_for_too_much_memory_are_not_worked_on() {
        let text = "$argon2id$v=19$m=1048576,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                    AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let stored = [PasswordHash::parse(text).unwrap()];
        let error = find(&passwords(), "ABCD-EFGH-JKMN-PQRS", &stored)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt);
    }

    #[test]
    fn what_people_type_is_read_and_what_cannot_be_a_code_is_not() {
        let meant = |text: &str| normalised(text).map(|it| it.to_string());
        let code = Some("01AB10CD23EF4567".to_owned());
        for typed in [
            "01AB-10CD-23EF-4567",
            "oiab lOcd 23ef 4567",
            " 0lab10cd23ef4567\n",
            "O1AB-IOCD23EF-4567",
        ] {
            assert_eq!(meant(typed), code, "{typed}");
        }
        for bad in [
            "",
            "01AB-10CD-23EF",
            "01AB-10CD-23EF-456U",
            "01AB-10CD-23EF-45678",
            "é".repeat(16).as_str(),
        ] {
            assert_eq!(meant(bad), None, "{bad}");
        }
    }
}
