//! Which passwords may be chosen.
//!
//! Length, and what an attacker tries first: nothing is asked of the kinds of characters (OWASP ASVS 5.0, 6.2.5).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;

use super::{Error, LONGEST, SHORTEST};
use crate::secret::Secret;

/// Written for this crate from what is generally known of leaked passwords; no list of others is copied.
static WORDS: LazyLock<BTreeSet<&'static str>> =
    LazyLock::new(|| include_str!("common.txt").split_ascii_whitespace().collect());

/// Walks over keyboards, alphabets and numbers, which people take for random.
const ROWS: [&str; 16] = [
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "!@#$%^&*()",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
    "147258369147",
    "789456123789",
];
/// Signs around a common word that do not make it uncommon.
const MOST_DECORATION: usize = 6;

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Weakness {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 256 characters.
    TooLong,
    /// A word or name that is tried first, or two of them, also with other signs for letters and with a few signs
    /// around; or a date.
    Common,
    /// The same few characters again and again.
    Repetitive,
    /// A walk over the keyboard, the alphabet or the numbers.
    Sequential,
    /// Little more than the name of the user, the e-mail address or the service.
    Contextual,
    /// It stands in a list of passwords that were stolen elsewhere.
    Breached,
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the password has fewer than 8 characters",
            Self::TooLong => "the password has more than 256 characters",
            Self::Common => "the password is among those that are tried first",
            Self::Repetitive => "the password repeats the same few characters",
            Self::Sequential => "the password follows the keyboard, the alphabet or the numbers",
            Self::Contextual => "the password is little more than a name that belongs to it",
            Self::Breached => "the password was stolen elsewhere before",
        })
    }
}

impl std::error::Error for Weakness {}

/// A list of stolen passwords, such as a file of hashes or a service that is asked by a prefix of the hash.
#[async_trait]
pub trait BreachedList: fmt::Debug + Send + Sync + 'static {
    /// Whether `password` is in it. The implementation keeps its own time limit.
    ///
    /// # Errors
    /// When the list cannot be asked; whether that keeps a user from choosing a password is the caller's decision.
    async fn contains(&self, password: &Secret) -> Result<bool, Error>;
}

/// Which passwords may be chosen; never asked at a login.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    more: Arc<BTreeSet<String>>,
    breached: Option<Arc<dyn BreachedList>>,
}

impl Rules {
    /// Also refuses the passwords of a list, one a line, in any case: the 3,000 commonest that OWASP ASVS 5.0, 6.2.4,
    /// asks for, of a source that the application chooses and may use.
    #[must_use]
    pub fn common(mut self, list: &str) -> Self {
        let lines = list.lines().map(str::trim).filter(|line| !line.is_empty());
        self.more = Arc::new(lines.map(str::to_lowercase).collect());
        self
    }

    /// Asks a list of stolen passwords too, in [`Rules::check_with_list`].
    #[must_use]
    pub fn breached(mut self, list: impl BreachedList) -> Self {
        self.breached = Some(Arc::new(list));
        self
    }

    /// Checks a new password without asking anybody.
    ///
    /// `context` is what belongs to the user and the service: names, e-mail address, product, place.
    ///
    /// # Errors
    /// The first weakness.
    pub fn check(&self, password: &Secret, context: &[&str]) -> Result<(), Weakness> {
        let password = password.expose();
        let length = password.chars().count();
        if length < SHORTEST {
            return Err(Weakness::TooShort);
        }
        if length > LONGEST {
            return Err(Weakness::TooLong);
        }
        let letters: Vec<char> = password.chars().flat_map(char::to_lowercase).collect();
        if is_repetitive(&letters) {
            return Err(Weakness::Repetitive);
        }
        let lower: String = letters.iter().collect();
        if is_sequential(&lower) {
            return Err(Weakness::Sequential);
        }
        if is_common(&lower) || is_date(&lower) || self.more.contains(&lower) {
            return Err(Weakness::Common);
        }
        if is_contextual(&lower, context) {
            return Err(Weakness::Contextual);
        }
        Ok(())
    }

    /// Checks a new password, also against the list of stolen ones.
    ///
    /// # Errors
    /// When the list cannot be asked. The weakness stands in the inner result.
    pub async fn check_with_list(
        &self,
        password: &Secret,
        context: &[&str],
    ) -> Result<Result<(), Weakness>, Error> {
        if let Err(weakness) = self.check(password, context) {
            return Ok(Err(weakness));
        }
        match &self.breached {
            Some(list) if list.contains(password).await? => Ok(Err(Weakness::Breached)),
            _ => Ok(Ok(())),
        }
    }
}

/// At most two different characters, or the same piece again and again: `aaaaaaab`, `abcabcabc`.
fn is_repetitive(letters: &[char]) -> bool {
    let different: BTreeSet<_> = letters.iter().collect();
    let repeats = |period: usize| {
        letters
            .iter()
            .zip(letters.iter().skip(period))
            .all(|(a, b)| a == b)
    };
    different.len() <= 2 || (1..=letters.len() / 2).any(repeats)
}

/// Whether pieces of [`ROWS`], each at least three characters, forwards or backwards, make up the whole.
fn is_sequential(lower: &str) -> bool {
    let mut rest = lower;
    while !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, letter)| at + letter.len_utf8());
        let longest = ends
            .filter_map(|end| rest.split_at_checked(end))
            .filter(|(piece, _)| piece.chars().count() >= 3)
            .take_while(|(piece, _)| is_walk(piece))
            .last();
        match longest {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    true
}

fn is_walk(piece: &str) -> bool {
    let backwards: String = piece.chars().rev().collect();
    let first = piece.chars().next();
    ROWS.iter()
        .any(|row| row.contains(piece) || row.contains(&backwards))
        || piece.chars().all(|letter| Some(letter) == first)
}

/// A common word with little around it, or two of them, also where signs stand for letters.
fn is_common(lower: &str) -> bool {
    [lower.to_owned(), plain(lower, 'i'), plain(lower, 'l')]
        .iter()
        .any(|text| is_decorated_word(text) || is_two_words(text))
        || is_decorated_word(&plain(
            lower.trim_end_matches(|it: char| !it.is_alphabetic()),
            'i',
        ))
}

/// What the signs stand for that people write instead of letters; `1` may be two of them.
fn plain(lower: &str, one: char) -> String {
    let letter = |sign: char| match sign {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' => 'e',
        '4' | '@' | 'á' | 'à' | 'â' | 'ã' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        'é' | 'ê' => 'e',
        'í' => 'i',
        'ó' | 'ô' | 'õ' => 'o',
        'ú' => 'u',
        'ç' => 'c',
        other => other,
    };
    lower.chars().map(letter).collect()
}

fn is_decorated_word(text: &str) -> bool {
    if WORDS.contains(text) {
        return true;
    }
    let word = text.trim_matches(|it: char| !it.is_alphabetic());
    let decoration = text.chars().count() - word.chars().count();
    decoration <= MOST_DECORATION && WORDS.contains(word)
}

fn is_two_words(text: &str) -> bool {
    let word = text.trim_matches(|it: char| !it.is_alphabetic());
    if text.chars().count() > 16 || text.chars().count() - word.chars().count() > MOST_DECORATION {
        return false;
    }
    word.char_indices()
        .filter_map(|(at, _)| word.split_at_checked(at))
        .any(|(a, b)| WORDS.contains(a) && WORDS.contains(b.trim_matches(|it: char| !it.is_alphabetic())))
}

/// Eight digits that are a day: `31121999`, `19991231`, `12311999`.
fn is_date(lower: &str) -> bool {
    let digits: String = lower.chars().filter(|it| !"/-. ".contains(*it)).collect();
    if digits.len() != 8 || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return false;
    }
    let number = |from: usize, length: usize| {
        let part: String = digits.chars().skip(from).take(length).collect();
        part.parse::<u32>().unwrap_or(u32::MAX)
    };
    let is_day = |year: u32, a: u32, b: u32| {
        (1900..2100).contains(&year) && (1..=31).contains(&a.max(b)) && (1..=12).contains(&a.min(b))
    };
    is_day(number(4, 4), number(0, 2), number(2, 2)) || is_day(number(0, 4), number(4, 2), number(6, 2))
}

/// Whether fewer than eight characters are left without the words of the context.
fn is_contextual(lower: &str, context: &[&str]) -> bool {
    let plain_password = plain(lower, 'i');
    let mut words: Vec<String> = context
        .iter()
        .flat_map(|text| text.split(|it: char| !it.is_alphanumeric()))
        .filter(|word| word.chars().count() >= 4)
        .map(|word| plain(&word.to_lowercase(), 'i'))
        .collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let without = words.iter().fold(plain_password.clone(), |rest, word| {
        rest.replace(word.as_str(), "")
    });
    without.len() < plain_password.len() && without.chars().count() < SHORTEST
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), Weakness> {
        Rules::default().check(
            &Secret::new(password),
            &["ana.souza@example.com", "Clínica Aurora"],
        )
    }

    #[test]
    fn length_counts_characters_and_ends_at_256() {
        assert_eq!(check("çãéíõü1"), Err(Weakness::TooShort));
        assert_eq!(check("çãéíõüx9"), Ok(()));
        let long = |length: usize| "correct horse battery staple ✓ ".chars().cycle().take(length);
        let varied: String = (0..16).map(|n| format!("w{n}x{}q", n * 7)).collect();
        assert_eq!(
            check(&format!("{varied:0<64}").chars().take(64).collect::<String>()),
            Ok(())
        );
        let most = |last: char| long(255).chain([last]).collect::<String>();
        assert_eq!(check(&most('!')), Ok(()));
        assert_eq!(check(&(most('!') + "x")), Err(Weakness::TooLong));
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for common in [
            "password",
            "Password1!",
            "P@ssw0rd",
            "passw0rd2024",
            "iloveyou",
            "Il0vey0u",
            "sunshine!",
            "football99",
            "flamengo",
            "Corinthians10",
            "senha123",
            "Brasil2026!",
            "amordaminhavida",
            "dragonmonkey",
            "welcome123",
            "admin2024",
            "31121999",
            "1999-12-31",
            "letmein!!",
            "princesa1",
            "changeme",
        ] {
            assert_eq!(check(common), Err(Weakness::Common), "{common}");
        }
        for walk in [
            "12345678",
            "87654321",
            "qwertyuiop",
            "1q2w3e4r",
            "qwerty123",
            "abcd1234",
            "1qaz2wsx",
            "asdfqwer",
        ] {
            assert_eq!(check(walk), Err(Weakness::Sequential), "{walk}");
        }
        for repeated in ["aaaaaaaa", "abababab", "abcabcabc", "11111112"] {
            assert_eq!(check(repeated), Err(Weakness::Repetitive), "{repeated}");
        }
    }

    #[test]
    fn names_of_the_user_and_the_service_are_not_enough() {
        for weak in [
            "aurora2026",
            "4urora#1",
            "anasouza",
            "Souza2026",
            "auroraclinica",
            "4ur0ra!!99",
        ] {
            assert_eq!(check(weak), Err(Weakness::Contextual), "{weak}");
        }
        assert_eq!(check("aurora borealis em julho"), Ok(()));
    }

    #[test]
    fn other_passwords_may_be_chosen() {
        for good in [
            "três pratos de trigo",
            "correct horse battery staple",
            "kX9#vQ2m",
            "tr0ub4dor&3",
            "sunshine on a rainy day",
            "83719264",
            "密码学很有趣吗",
        ] {
            let longer = format!("{good} ✓");
            let subject = if good.chars().count() < 8 { &longer } else { good };
            assert_eq!(check(subject), Ok(()), "{subject}");
        }
    }

    #[test]
    fn a_list_of_the_application_is_refused_too() {
        let rules = Rules::default().common("drowssap1x\n\n Fktrcfylh \n");
        for listed in ["drowssap1x", "fktrcfylh", "FKTRCFYLH"] {
            assert_eq!(rules.check(&Secret::new(listed), &[]), Err(Weakness::Common));
        }
        assert_eq!(rules.check(&Secret::new("drowssap1y"), &[]), Ok(()));
    }

    #[tokio::test]
    async fn a_list_of_stolen_passwords_is_asked_last() {
        #[derive(Debug)]
        struct Stolen;
        #[async_trait]
        impl BreachedList for Stolen {
            async fn contains(&self, password: &Secret) -> Result<bool, Error> {
                match password.expose() {
                    "kX9#vQ2m" => Ok(true),
                    "list away" => Err(Error::unavailable("the list does not answer")),
                    _ => Ok(false),
                }
            }
        }
        let rules = Rules::default().breached(Stolen);
        let ask = async |text: &str| rules.check_with_list(&Secret::new(text), &[]).await;
        assert_eq!(ask("kX9#vQ2m").await.unwrap(), Err(Weakness::Breached));
        assert_eq!(ask("password").await.unwrap(), Err(Weakness::Common));
        assert_eq!(ask("kX9#vQ2n").await.unwrap(), Ok(()));
        assert!(ask("list away").await.unwrap_err().is_retryable());
    }

    #[test]
    fn the_words_are_lower_case_and_of_some_number() {
        assert!(WORDS.len() > 600, "{}", WORDS.len());
        for word in WORDS.iter() {
            assert_eq!(*word, word.to_lowercase());
        }
    }
}
