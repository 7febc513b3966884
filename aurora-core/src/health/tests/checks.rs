//! The checks of this crate.

use super::*;

#[tokio::test]
async fn a_fallback_is_as_healthy_as_its_targets() {
    use crate::fallback::{ByClass, Fallback, Target};
    use crate::resilience::Deadline;

    #[derive(Debug, thiserror::Error)]
    #[error("refused")]
    struct Refused;
    impl Failure for Refused {
        fn class(&self) -> crate::failure::FailureClass {
            crate::failure::FailureClass::Transient
        }
    }

    let clock = ManualClock::default();
    let targets = ["a", "b"].map(|name| Target::new(name, ()));
    let fallback = targets
        .into_iter()
        .fold(Fallback::builder(), crate::fallback::FallbackBuilder::target)
        .clock(clock.clone())
        .build()
        .unwrap();
    let check = FallbackCheck::new("providers", fallback.clone());
    contract::check(&check).await;
    assert_eq!(check.check().await, Ok(()));
    let mut seen = Vec::new();
    // Calls fail until the circuits open, first of `a` alone, then of both.
    for failing in [&["a"][..], &["a", "b"]] {
        for _ in 0..200 {
            let call = fallback.run(&ByClass, Deadline::NONE, |attempt| {
                let fails = failing.contains(&attempt.name());
                async move { if fails { Err(Refused) } else { Ok(()) } }
            });
            let work = async { drop(call.await) };
            let time = async {
                loop {
                    clock.advance(Duration::from_millis(1));
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! { () = work => {}, () = time => {} }
        }
        seen.push(check.check().await.unwrap_err().status());
    }
    assert_eq!(seen, [Status::Degraded, Status::Down]);
    let nobody = FallbackCheck::new("nobody", Fallback::<()>::builder().build().unwrap());
    assert_eq!(nobody.check().await.unwrap_err().status(), Status::Down);
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn the_checks_of_this_crate_keep_the_contract() {
    contract::check(&CacheCheck::new(crate::cache::MemoryCache::new())).await;
    contract::check(&FnCheck::new("nothing", || async { Ok(()) })).await;
    contract::check(&Fixed("broken", Behaviour::Fails)).await;
    #[cfg(feature = "sqlite")]
    {
        let url = crate::secret::Secret::new("sqlite::memory:");
        let database = crate::store::Database::open(&url).await.unwrap();
        let check = DatabaseCheck::new(database.clone());
        contract::check(&check).await;
        assert_eq!(check.check().await, Ok(()));
        database.close().await;
        assert_eq!(check.check().await.unwrap_err().status(), Status::Down);
    }
}
