//! How much work a password hash is.

use std::fmt;
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, Version};

use super::super::Error;
use crate::secret::Secret;
use crate::time::Clock;

pub(in crate::access) const SALT: usize = 16;
const OUTPUT: usize = 32;
const MIB: u32 = 1_024;
/// OWASP ASVS 5.0, appendix C: (memory in KiB, passes). A set must reach one of them.
const FLOOR: [(u32, u32); 3] = [(19 * MIB, 2), (46 * MIB, 1), (12 * MIB, 3)];
const MOST_MEMORY: u32 = 1_024 * MIB;
const MOST_PASSES: u32 = 16;
const MOST_LANES: u32 = 8;
/// From the default upwards, each more work than the one before.
const LADDER: [(u32, u32); 10] = [
    (19 * MIB, 2),
    (24 * MIB, 2),
    (32 * MIB, 2),
    (46 * MIB, 2),
    (64 * MIB, 2),
    (64 * MIB, 3),
    (96 * MIB, 3),
    (128 * MIB, 3),
    (128 * MIB, 4),
    (256 * MIB, 4),
];

/// The work of one argon2id hash: memory, passes and lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Strength {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for Strength {
    /// 19 MiB, 2 passes, 1 lane.
    fn default() -> Self {
        Self {
            memory_kib: 19 * MIB,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Strength {
    /// A strength of `memory_mib` MiB, `passes` and `lanes`.
    ///
    /// # Errors
    /// When it is below 19 MiB with 2 passes, 46 MiB with 1 and 12 MiB with 3 (OWASP ASVS 5.0, appendix C), or above
    /// 1 GiB, 16 passes or 8 lanes.
    pub fn new(memory_mib: u32, passes: u32, lanes: u32) -> Result<Self, Error> {
        let strength = Self {
            memory_kib: memory_mib.saturating_mul(MIB),
            passes,
            lanes,
        };
        if !strength.reaches_the_floor() {
            return Err(Error::invalid(
                "password hashes need at least 19 MiB with 2 passes, 46 MiB with 1, or 12 MiB with 3",
            ));
        }
        if !strength.is_bearable() {
            return Err(Error::invalid(
                "password hashes have at most 1024 MiB, 16 passes and 1 to 8 lanes",
            ));
        }
        Ok(strength)
    }

    /// The strongest of a ladder from 19 MiB with 2 passes to 256 MiB with 4 that one hash does within `limit` here.
    ///
    /// Never less than the default, even where that takes longer. It works for several times `limit` on the thread
    /// that calls it: at start-up, or in `spawn_blocking`. Measured on several machines that share their users, keep
    /// the weakest answer in the settings, or every login on another machine hashes anew. The default number of permits
    /// goes down with it, so that all hashes together stay within their memory.
    ///
    /// # Errors
    /// When the memory cannot be had.
    pub fn calibrated(limit: Duration, clock: &dyn Clock) -> Result<Self, Error> {
        strongest(limit, |strength| {
            // The better of two: the first also pays for memory that nobody touched yet.
            let mut best = Duration::MAX;
            for _ in 0..2 {
                let begun = clock.elapsed();
                strength.derive(b"calibration", &[0; SALT])?;
                best = best.min(clock.elapsed().saturating_sub(begun));
            }
            Ok(best)
        })
    }

    /// Memory of one hash, in MiB, rounded up.
    #[must_use]
    pub const fn memory_mib(&self) -> u32 {
        self.memory_kib.div_ceil(MIB)
    }

    /// How often the memory is gone through.
    #[must_use]
    pub const fn passes(&self) -> u32 {
        self.passes
    }

    /// Lanes; they are worked on one after the other.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        self.lanes
    }

    fn reaches_the_floor(self) -> bool {
        FLOOR
            .iter()
            .any(|(memory, passes)| self.memory_kib >= *memory && self.passes >= *passes)
    }

    fn is_bearable(self) -> bool {
        self.memory_kib <= MOST_MEMORY
            && (1..=MOST_PASSES).contains(&self.passes)
            && (1..=MOST_LANES).contains(&self.lanes)
    }

    /// Whether a hash of this strength is less than `policy` asks for in any respect.
    fn falls_short_of(self, policy: Self) -> bool {
        self.memory_kib < policy.memory_kib || self.passes < policy.passes
    }

    pub(in crate::access) fn derive(self, password: &[u8], salt: &[u8]) -> Result<[u8; OUTPUT], Error> {
        let mut output = [0; OUTPUT];
        self.fill(password, salt, &mut output)?;
        Ok(output)
    }

    fn fill(self, password: &[u8], salt: &[u8], output: &mut [u8]) -> Result<(), Error> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(output.len()))
            .map_err(|_| Error::internal("argon2 refuses the strength of the password hash"))?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password, salt, output)
            .map_err(|_| Error::internal("argon2 failed: too little memory, or a password beyond its limit"))
    }

    /// The text of a hash with these parts, as the PHC string format has it.
    pub(in crate::access) fn phc(self, salt: &[u8], output: &[u8]) -> Result<PasswordHash, Error> {
        let unusable = || Error::internal("a password hash cannot be written");
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None).map_err(|_| unusable())?;
        let hash = phc::PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: phc::ParamsString::try_from(&params).map_err(|_| unusable())?,
            salt: Some(phc::Salt::new(salt).map_err(|_| unusable())?),
            hash: Some(phc::Output::new(output).map_err(|_| unusable())?),
        };
        Ok(PasswordHash {
            text: Secret::new(hash.to_string()),
            strength: self,
            salt: salt.to_vec(),
            output: output.to_vec(),
        })
    }
}

fn strongest(
    limit: Duration,
    mut measure: impl FnMut(Strength) -> Result<Duration, Error>,
) -> Result<Strength, Error> {
    let mut best = Strength::default();
    for (memory_kib, passes) in LADDER {
        let strength = Strength {
            memory_kib,
            passes,
            lanes: 1,
        };
        if measure(strength)? > limit {
            break;
        }
        best = strength;
    }
    Ok(best)
}

/// What is stored of a password: argon2id in the PHC string format, `$argon2id$v=19$m=19456,t=2,p=1$…$…`.
#[derive(Clone)]
pub struct PasswordHash {
    text: Secret,
    pub(in crate::access) strength: Strength,
    pub(in crate::access) salt: Vec<u8>,
    pub(in crate::access) output: Vec<u8>,
}

impl PasswordHash {
    /// Reads a stored hash, also one of another program: argon2id, version 19, with at most 1 GiB, 16 passes and 8
    /// lanes. One below the floor is read too, so that it can be verified once and made anew.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](super::super::ErrorKind::Corrupt) when it is anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = || Error::corrupt("a stored password hash is not argon2id in the PHC string format");
        let hash = phc::PasswordHash::new(text).map_err(|_| wrong())?;
        let version: u32 = Version::V0x13.into();
        if hash.algorithm != Algorithm::Argon2id.ident() || hash.version != Some(version) {
            return Err(wrong());
        }
        let params = Params::try_from(&hash).map_err(|_| wrong())?;
        let strength = Strength {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        };
        let (Some(salt), Some(output)) = (hash.salt, hash.hash) else {
            return Err(wrong());
        };
        // A keyed or labelled hash would verify as something else; the rest is what a thief of the table could set.
        if !params.keyid().is_empty() || !params.data().is_empty() || !strength.is_bearable() {
            return Err(wrong());
        }
        Ok(Self {
            text: Secret::new(text),
            strength,
            salt: salt.to_vec(),
            output: output.as_bytes().to_vec(),
        })
    }

    /// The text to store.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// The work that it took.
    #[must_use]
    pub const fn strength(&self) -> Strength {
        self.strength
    }

    /// Whether it should be made anew, at a login with the right password, because `policy` asks for more.
    #[must_use]
    pub fn is_below(&self, policy: Strength) -> bool {
        self.strength.falls_short_of(policy) || self.salt.len() < SALT || self.output.len() < OUTPUT
    }

    /// Does the work for `password`, whatever the answer.
    pub(super) fn derive_same(&self, password: &[u8]) -> Result<Vec<u8>, Error> {
        let mut output = vec![0; self.output.len()];
        self.strength.fill(password, &self.salt, &mut output)?;
        Ok(output)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordHash")
            .field("strength", &self.strength)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_floor_is_refused_and_each_set_of_the_floor_is_not() {
        for (memory, passes) in [(18, 2), (19, 1), (45, 1), (11, 3), (12, 2), (0, 0)] {
            assert!(Strength::new(memory, passes, 1).is_err(), "{memory}/{passes}");
        }
        for (memory, passes) in [(19, 2), (46, 1), (12, 3), (64, 3)] {
            assert!(Strength::new(memory, passes, 1).is_ok(), "{memory}/{passes}");
        }
        for (memory, passes, lanes) in [(1_025, 1, 1), (19, 17, 1), (19, 2, 0), (19, 2, 9)] {
            assert!(Strength::new(memory, passes, lanes).is_err());
        }
    }

    #[test]
    fn the_ladder_begins_at_the_default_and_only_climbs() {
        let work: Vec<u64> = LADDER
            .iter()
            .map(|(memory, passes)| u64::from(*memory) * u64::from(*passes))
            .collect();
        assert!(work.is_sorted_by(|a, b| a < b));
        assert_eq!(LADDER[0], (19 * MIB, 2));
        for (memory, passes) in LADDER {
            assert!(Strength::new(memory / MIB, passes, 1).is_ok());
        }
    }

    #[test]
    fn calibration_takes_the_strongest_within_the_limit_and_never_less_than_the_default() {
        let per_mib = |micros: u64| {
            move |strength: Strength| {
                let work = u64::from(strength.memory_mib()) * u64::from(strength.passes());
                Ok(Duration::from_micros(micros * work))
            }
        };
        let limit = Duration::from_millis(100);
        assert_eq!(
            strongest(limit, per_mib(780)).unwrap(),
            Strength::new(64, 2, 1).unwrap()
        );
        assert_eq!(strongest(limit, per_mib(50_000)).unwrap(), Strength::default());
        assert_eq!(
            strongest(limit, per_mib(1)).unwrap(),
            Strength::new(256, 4, 1).unwrap()
        );
    }

    #[test]
    fn a_hash_of_another_making_is_refused_as_corrupt() {
        let b64 = "c29tZXNhbHRzb21lc2FsdA";
        for bad in [
            String::new(),
            "plain".to_owned(),
            format!("$argon2i$v=19$m=19456,t=2,p=1${b64}${b64}"),
            format!("$argon2id$v=16$m=19456,t=2,p=1${b64}${b64}"),
            format!("$argon2id$v=19$m=4194304,t=2,p=1${b64}${b64}"),
            format!("$argon2id$v=19$m=19456,t=200,p=1${b64}${b64}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1,data=AAAA${b64}${b64}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${b64}"),
            "$2b$12$C6UzMDM.H6dfI/f/IKxGhuKmzvPDf2Yq1i1v1c7T0y5r8o8v0v0v0".to_owned(),
        ] {
            let error = PasswordHash::parse(&bad).unwrap_err();
            assert_eq!(error.kind(), crate::access::ErrorKind::Corrupt, "{bad}");
        }
    }
}
