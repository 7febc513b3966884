use std::sync::atomic::AtomicBool;

use super::*;

/// A ledger that takes a turn of the runtime for everything.
#[derive(Debug, Clone)]
pub(super) struct Slow(pub(super) MemoryLedger);

/// A ledger that can be switched off.
#[derive(Debug, Clone)]
struct Fragile {
    ledger: MemoryLedger,
    is_down: Arc<AtomicBool>,
    hangs: Arc<AtomicBool>,
}

impl Fragile {
    async fn check(&self) -> Result<(), ledger::Error> {
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.is_down.load(Ordering::SeqCst) {
            return Err(ledger::Error::new(ledger::ErrorKind::Unavailable, "it is down"));
        }
        Ok(())
    }
}

macro_rules! forward {
    ($name:ty, |$self:ident| $inner:expr) => {
        #[async_trait]
        impl Ledger for $name {
            async fn reserve(&$self, reservation: &Reservation) -> Result<Decision, ledger::Error> {
                $inner.reserve(reservation).await
            }
            async fn settle(
                &$self,
                entry: &Entry,
                accounts: &[Account],
            ) -> Result<Vec<Standing>, ledger::Error> {
                $inner.settle(entry, accounts).await
            }
            async fn release(&$self, reservation: &Reservation) -> Result<(), ledger::Error> {
                $inner.release(reservation).await
            }
            async fn renew(&$self, reservation: &Reservation) -> Result<(), ledger::Error> {
                $inner.renew(reservation).await
            }
            async fn standings(&$self, accounts: &[Account]) -> Result<Vec<Standing>, ledger::Error> {
                $inner.standings(accounts).await
            }
            async fn usage(
                &$self,
                query: &UsageQuery,
                page: &PageRequest,
            ) -> Result<Page<UsageRow>, ledger::Error> {
                $inner.usage(query, page).await
            }
            async fn entries(
                &$self,
                query: &EntryQuery,
                page: &PageRequest,
            ) -> Result<Page<Entry>, ledger::Error> {
                $inner.entries(query, page).await
            }
            async fn sweep(&$self, keep: Duration) -> Result<Swept, ledger::Error> {
                $inner.sweep(keep).await
            }
        }
    };
}

forward!(Slow, |self| {
    tokio::task::yield_now().await;
    &self.0
});
forward!(Fragile, |self| {
    self.check().await?;
    &self.ledger
});

fn fragile(setting: &Setting) -> Fragile {
    Fragile {
        ledger: setting.ledger.clone(),
        is_down: Arc::default(),
        hangs: Arc::default(),
    }
}

#[tokio::test]
async fn without_its_ledger_a_hard_budget_refuses_and_a_soft_one_goes_on() {
    let setting = Setting::new();
    let ledger = fragile(&setting);
    ledger.is_down.store(true, Ordering::SeqCst);
    let a = Puppet::new("a");
    let hard = setting.client(&[&a], Budgets::new(ledger.clone()).budget(daily("1")));
    let error = hard.chat_with(short(), &of("t")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code(), error.retry_after()),
        (
            ErrorKind::BudgetExceeded,
            Some("ledger_unavailable"),
            Some(SECOND)
        )
    );
    assert!(a.asked().is_empty());

    let soft = setting.client(&[&a], Budgets::new(ledger.clone()).budget(daily("1").soft()));
    soft.chat_with(short(), &of("t")).await.unwrap();
    assert_eq!(setting.entries("t").await, []);
    // What it used is booked as soon as the ledger is back.
    ledger.is_down.store(false, Ordering::SeqCst);
    let left = async {
        while soft.flush(Duration::ZERO).await > 0 {
            setting.clock.advance(SECOND);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), left).await.unwrap();
    assert_eq!(setting.stands(&daily("1"), "t").await.0, usd("0.0105"));
}

#[tokio::test]
async fn a_ledger_that_hangs_is_waited_for_no_longer_than_told() {
    let setting = Setting::new();
    let ledger = fragile(&setting);
    ledger.hangs.store(true, Ordering::SeqCst);
    let budgets = Budgets::new(ledger).budget(daily("1")).patience(SECOND);
    let client = setting.client(&[&Puppet::new("a")], budgets);
    let options = of("t");
    let call = client.chat_with(short(), &options);
    let error = after(&setting.clock, SECOND, call).await.unwrap_err();
    assert_eq!(error.code(), Some("ledger_unavailable"));
}

#[tokio::test]
async fn what_cannot_be_booked_is_told_in_the_end() {
    let setting = Setting::new();
    let ledger = fragile(&setting);
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let budgets = Budgets::new(ledger.clone()).budget(daily("1").soft());
    let client = setting.client(&[&Puppet::new("a")], budgets);
    let _recording = metrics::set_default_local_recorder(&recorder);
    client.chat_with(short(), &of("t")).await.unwrap();
    ledger.is_down.store(true, Ordering::SeqCst);
    client.chat_with(short(), &of("t")).await.unwrap();
    let given_up = async {
        while client.flush(Duration::ZERO).await > 0 {
            setting.clock.advance(Duration::from_secs(20));
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), given_up)
        .await
        .unwrap();
    let lost: Vec<_> = recorder
        .snapshotter()
        .snapshot()
        .into_vec()
        .into_iter()
        .filter(|(key, ..)| key.key().name() == crate::telemetry::LEDGER_LOST)
        .map(|(.., value)| value)
        .collect();
    assert_eq!(lost, [metrics_util::debugging::DebugValue::Counter(1)]);
    assert_eq!(setting.entries("t").await.len(), 1);
}
