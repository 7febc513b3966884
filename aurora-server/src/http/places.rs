//! Places of those who stay for a while, as listeners do: so many in all, for one workspace or network, and for one caller.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::access::policy::Kind;

use super::access::Caller;
use super::problem::{Problem, ProblemKind};

/// Most places of one workspace, and of one caller.
const OF_WORKSPACE: usize = 64;
const OF_CALLER: usize = 8;
/// When somebody who found no place may look again.
const PAUSE: Duration = Duration::from_secs(10);

/// Places; clones are the same ones.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    most: Most,
    taken: Mutex<Taken>,
}

#[derive(Debug, Clone, Copy)]
struct Most {
    all: usize,
    group: usize,
    one: usize,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    groups: HashMap<String, usize>,
    ones: HashMap<String, usize>,
}

/// What there is no place left of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    All,
    Group,
    One,
}

impl Places {
    /// So many in all, of one group and of one of it.
    pub(crate) fn new(all: usize, group: usize, one: usize) -> Self {
        let inner = Inner {
            most: Most { all, group, one },
            taken: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Places of callers, of which no workspace and no caller takes all.
    pub(crate) fn of_callers(all: usize) -> Self {
        Self::new(all, OF_WORKSPACE, OF_CALLER)
    }

    /// A place until what is returned is dropped. Whoever is not named is counted among all alone.
    pub(crate) fn take(&self, group: Option<&str>, one: Option<&str>) -> Result<Place, Full> {
        let most = self.inner.most;
        let mut taken = self.lock();
        if taken.all >= most.all {
            return Err(Full::All);
        }
        if group.is_some_and(|name| count(&taken.groups, name) >= most.group) {
            return Err(Full::Group);
        }
        if one.is_some_and(|name| count(&taken.ones, name) >= most.one) {
            return Err(Full::One);
        }
        taken.all += 1;
        if let Some(name) = group {
            *taken.groups.entry(name.to_owned()).or_default() += 1;
        }
        if let Some(name) = one {
            *taken.ones.entry(name.to_owned()).or_default() += 1;
        }
        drop(taken);
        Ok(Place {
            places: self.clone(),
            group: group.map(str::to_owned),
            one: one.map(str::to_owned),
        })
    }

    /// A place for a caller. Those who come through open doors are all the same one, so they are counted among all alone.
    ///
    /// # Errors
    /// `Unavailable` when all are taken, `TooManyRequests` when those of the workspace or of the caller are.
    pub(crate) fn take_for(&self, caller: &Caller) -> Result<Place, Problem> {
        if caller.principal().kind() == Kind::Service {
            return Ok(self.take(None, None)?);
        }
        let workspace = caller.workspace().to_string();
        Ok(self.take(Some(&workspace), Some(caller.principal().id()))?)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.inner.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(of: &HashMap<String, usize>, name: &str) -> usize {
    of.get(name).copied().unwrap_or_default()
}

fn give_back(to: &mut HashMap<String, usize>, name: &str) {
    if let Some(count) = to.get_mut(name) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            to.remove(name);
        }
    }
}

/// A place that is taken.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    group: Option<String>,
    one: Option<String>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all = taken.all.saturating_sub(1);
        if let Some(name) = &self.group {
            give_back(&mut taken.groups, name);
        }
        if let Some(name) = &self.one {
            give_back(&mut taken.ones, name);
        }
    }
}

impl From<Full> for Problem {
    fn from(full: Full) -> Self {
        let problem = match full {
            Full::All => Self::new(ProblemKind::Unavailable),
            Full::Group | Full::One => Self::new(ProblemKind::TooManyRequests)
                .detail("as many as may last at a time are open already"),
        };
        problem.retry_after(PAUSE)
    }
}

/// The name under which an address is counted. A single client has a whole /64 of IPv6, so that is counted as one.
pub(crate) fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_places_of_others() {
        let places = Places::new(5, 3, 2);
        let ana = || places.take(Some("a"), Some("ana"));
        let (first, _second) = (ana().unwrap(), ana().unwrap());
        assert_eq!(ana().unwrap_err(), Full::One);
        let _bia = places.take(Some("a"), Some("bia")).unwrap();
        assert_eq!(places.take(Some("a"), Some("caio")).unwrap_err(), Full::Group);
        let _other = places.take(Some("b"), Some("dora")).unwrap();
        let _unnamed = places.take(None, None).unwrap();
        assert_eq!(places.take(Some("c"), Some("eva")).unwrap_err(), Full::All);
        drop(first);
        let _again = ana().unwrap();
    }

    #[test]
    fn what_is_given_back_leaves_nothing_behind() {
        let places = Places::new(5, 3, 2);
        drop(places.take(Some("a"), Some("ana")).unwrap());
        let taken = places.lock();
        assert!(taken.all == 0 && taken.groups.is_empty() && taken.ones.is_empty());
    }

    #[test]
    fn addresses_of_one_client_are_one() {
        let name = |text: &str| network_of(text.parse().unwrap());
        assert_eq!(name("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), name("2001:db8:1:2::1"));
        assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
    }
}
