//! Which passwords may be chosen.
//!
//! Length, and what an attacker tries first: nothing is asked of the kinds of characters (OWASP ASVS 5.0, 6.2.5).

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Error, LONGEST, SHORTEST, guesses};
use crate::secret::Secret;

/// Why a password may not be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Weakness {
    /// Fewer than 8 characters.
    TooShort,
    /// More than 256 characters.
    TooLong,
    /// Among the commonest passwords, words and names, also with other signs for letters, backwards or with a few signs
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
    /// Also refuses the passwords of a list, one a line, in any case, and nothing that is like them.
    #[must_use]
    pub fn common(mut self, list: &str) -> Self {
        let lines = list.lines().map(str::trim).filter(|line| !line.is_empty());
        Arc::make_mut(&mut self.more).extend(lines.map(str::to_lowercase));
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
    /// It is refused when fewer than ten million guesses are likely to find it, as `zxcvbn` estimates: so are the
    /// 30,000 commonest passwords (OWASP ASVS 5.0, 6.2.4, asks for 3,000) and what is near them. Of more than 20
    /// characters the first 20 and the last 20 are looked at, and both have to be weak. `context` is what belongs to the
    /// user and the service: names, e-mail address, product, place; its first 50 words of three letters and more count.
    ///
    /// Most passwords take about a millisecond, the first one of a process some 30 ms more. Signs that all stand for letters
    /// take some 30 ms, and more than 20 of them up to three times that.
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
        if self.more.contains(&password.to_lowercase()) {
            return Err(Weakness::Common);
        }
        guesses::weakness(password, context).map_or(Ok(()), Err)
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
    fn a_list_of_the_application_is_refused_too() {
        let rules = Rules::default().common("vkwjdhqx1\n\n Bhwplzqk \n");
        for listed in ["vkwjdhqx1", "bhwplzqk", "BHWPLZQK"] {
            assert_eq!(rules.check(&Secret::new(listed), &[]), Err(Weakness::Common));
        }
        assert_eq!(rules.check(&Secret::new("bhwplzql"), &[]), Ok(()));
        let two = rules.common("qpzmwoxn7");
        for listed in ["Qpzmwoxn7", "bhwplzqk"] {
            assert_eq!(
                two.check(&Secret::new(listed), &[]),
                Err(Weakness::Common),
                "both lists"
            );
        }
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
                    "bhwplzqk" => Err(Error::unavailable("the list does not answer")),
                    _ => Ok(false),
                }
            }
        }
        let rules = Rules::default().breached(Stolen);
        let ask = async |text: &str| rules.check_with_list(&Secret::new(text), &[]).await;
        assert_eq!(ask("kX9#vQ2m").await.unwrap(), Err(Weakness::Breached));
        assert_eq!(ask("password").await.unwrap(), Err(Weakness::Common));
        assert_eq!(ask("kX9#vQ2n").await.unwrap(), Ok(()));
        assert!(ask("bhwplzqk").await.unwrap_err().is_retryable());
    }
}
