//! Readers that come, wait, read and leave in every order. Nobody is polled who was not woken, as an executor has it: a
//! wake that gets lost leaves somebody waiting at the end.

use std::pin::Pin;
use std::sync::atomic::AtomicBool;
use std::task::Wake;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Somebody comes, for a stream or for the whole.
    Come(bool),
    /// This one is polled, if he was woken.
    Poll(usize),
    /// This one leaves.
    Leave(usize),
    /// The provider may say so many more.
    Release(usize),
}

#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// One who reads: his future, whether he was woken, and what he got.
struct Caller {
    work: Option<Pin<Box<dyn Future<Output = String>>>>,
    flag: Arc<Flag>,
    got: Option<String>,
}

impl Caller {
    fn new(client: &LlmClient, is_stream: bool) -> Self {
        let client = client.clone();
        let flag = Arc::new(Flag::default());
        flag.0.store(true, Ordering::SeqCst);
        let work: Pin<Box<dyn Future<Output = String>>> = if is_stream {
            Box::pin(async move {
                let stream = client.stream_with(question(), &of("t")).await.unwrap();
                let events = read(stream).await.unwrap();
                assert_eq!(events.first(), script(&[]).first(), "from the first event on");
                entry::collected(&events).unwrap().text()
            })
        } else {
            Box::pin(async move { client.chat_with(question(), &of("t")).await.unwrap().text() })
        };
        Self {
            work: Some(work),
            flag,
            got: None,
        }
    }

    /// Whether there was anything to do.
    fn poll(&mut self) -> bool {
        let Some(work) = &mut self.work else { return false };
        if !self.flag.0.swap(false, Ordering::SeqCst) {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.flag));
        if let Poll::Ready(got) = work.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.got = Some(got);
            self.work = None;
        }
        true
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<bool>().prop_map(Step::Come),
        6 => (0_usize..8).prop_map(Step::Poll),
        2 => (0_usize..8).prop_map(Step::Leave),
        3 => (1_usize..3).prop_map(Step::Release),
    ]
}

/// Does these steps, lets the provider finish, and gives what those got who stayed, and how often it was asked.
fn run(steps: &[Step]) -> (Vec<Option<String>>, usize) {
    let faucet = Faucet::says(&["a", "b", "c", "d"]).closed();
    let setting = setting(&faucet);
    let mut callers: Vec<Caller> = Vec::new();
    // How often everybody had left while an answer was on its way.
    let mut abandoned = 0;
    for step in steps {
        match *step {
            Step::Come(is_stream) => callers.push(Caller::new(&setting.client, is_stream)),
            Step::Poll(n) => {
                if let Some(caller) = callers.get_mut(n) {
                    caller.poll();
                }
            }
            Step::Leave(n) => {
                if n < callers.len() {
                    let before = faucet.open();
                    drop(callers.remove(n));
                    abandoned += before - faucet.open();
                }
            }
            Step::Release(events) => faucet.release(events),
        }
        assert!(faucet.open() <= 1, "two calls at once");
    }
    faucet.release_all();
    while callers
        .iter_mut()
        .map(Caller::poll)
        .filter(|polled| *polled)
        .count()
        > 0
    {}
    assert_eq!((faucet.open(), setting.under_way()), (0, 0), "{steps:?}");
    let got: Vec<_> = callers.into_iter().map(|caller| caller.got).collect();
    assert!(
        faucet.calls() <= abandoned + 1,
        "asked {} times, given up {abandoned} times: {steps:?}",
        faucet.calls()
    );
    (got, faucet.calls())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn whoever_stays_gets_the_whole_answer(steps in prop::collection::vec(step(), 0..60)) {
        let (got, calls) = run(&steps);
        prop_assert_eq!(calls == 0, got.is_empty() && calls == 0);
        for answer in got {
            prop_assert_eq!(answer.as_deref(), Some("abcd"));
        }
    }
}

/// The leader is dropped after every number of polls, and so is one who follows him.
#[test]
fn at_every_poll_somebody_may_leave() {
    for leads_as_stream in [true, false] {
        for follows_as_stream in [true, false] {
            for polls in 0..8 {
                for leaves in 0..2 {
                    let mut steps = vec![Step::Come(leads_as_stream), Step::Come(follows_as_stream)];
                    steps.extend((0..polls).flat_map(|_| [Step::Poll(0), Step::Poll(1), Step::Release(1)]));
                    steps.extend([Step::Come(true), Step::Poll(2), Step::Leave(leaves)]);
                    let (got, calls) = run(&steps);
                    assert_eq!(got.len(), 2);
                    assert!(got.iter().all(|got| got.as_deref() == Some("abcd")), "{steps:?}");
                    assert_eq!(calls, 1, "{steps:?}");
                }
            }
        }
    }
}

/// Many threads, many who leave at any moment: all who stay are answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_many_threads_too() {
    for round in 0..20_u64 {
        let faucet = Faucet::says(&["ab"; 50]).closed();
        let setting = setting(&faucet);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..64_u64 {
            let client = setting.client.clone();
            tasks.spawn(async move {
                let mut stream = client.stream_with(question(), &of("t")).await.unwrap();
                let random = Random::seeded(round * 1_000 + n);
                let leaves_after = if n % 2 == 0 { random.below(50) } else { u64::MAX };
                let mut heard = 0_u64;
                while let Some(event) = stream.next().await {
                    event.unwrap();
                    heard += 1;
                    if heard > leaves_after {
                        return None;
                    }
                }
                Some(heard)
            });
        }
        let pump = tokio::spawn(async move {
            for _ in 0..60 {
                faucet.release(1);
                tokio::task::yield_now().await;
            }
        });
        let all = async {
            let mut stayed = 0;
            while let Some(heard) = tasks.join_next().await {
                if let Some(heard) = heard.unwrap() {
                    assert_eq!(heard, 52);
                    stayed += 1;
                }
            }
            stayed
        };
        let stayed = tokio::time::timeout(Duration::from_secs(60), all)
            .await
            .expect("somebody waits in vain");
        assert!(stayed >= 32);
        pump.await.unwrap();
        assert_eq!((setting.under_way(), setting.faucet.open()), (0, 0));
    }
}
