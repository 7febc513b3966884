//! The bookkeeping under every interleaving that a model checker finds.

use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

use crate::cache::loader::flights::{Flights, Joined, Purpose};

type Slot = Arc<(Mutex<Option<usize>>, Condvar)>;

const KEY: &str = "a";

#[derive(Clone)]
struct Model {
    flights: Arc<Mutex<Flights<&'static str, Slot>>>,
    under_way: Arc<AtomicUsize>,
    loads: Arc<AtomicUsize>,
    abandoned: Arc<AtomicUsize>,
}

impl Model {
    fn new() -> Self {
        Self {
            flights: Arc::new(Mutex::new(Flights::new(2))),
            under_way: Arc::default(),
            loads: Arc::default(),
            abandoned: Arc::default(),
        }
    }

    /// A load: at the end it finishes, or is given up when nobody waits for it.
    fn load(&self, id: u64, slot: &Slot, panics: bool) {
        assert_eq!(
            self.under_way.fetch_add(1, Ordering::SeqCst),
            0,
            "two loads of one key"
        );
        let number = self.loads.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
        // As in the cache: whatever ends the load, it is out of the table before its outcome can be seen.
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if !panics && self.flights.lock().unwrap().abandon(&KEY, id) {
            self.abandoned.fetch_add(1, Ordering::SeqCst);
        } else {
            self.flights.lock().unwrap().finish(&KEY, id);
        }
        *slot.0.lock().unwrap() = Some(number);
        slot.1.notify_all();
    }

    fn call(&self, stays: bool, panics: bool) -> Option<thread::JoinHandle<()>> {
        let slot = || Arc::new((Mutex::new(None), Condvar::new()));
        let joined = self.flights.lock().unwrap().join(&KEY, Purpose::Wait, slot);
        let (id, slot, task) = match joined {
            Joined::Begun { id, slot } => {
                let (model, of_load) = (self.clone(), Arc::clone(&slot));
                let task = thread::spawn(move || model.load(id, &of_load, panics));
                (id, slot, Some(task))
            }
            Joined::Under { id, slot } => (id, slot, None),
            Joined::Full => panic!("one key is one flight"),
        };
        if stays {
            let mut outcome = slot.0.lock().unwrap();
            while outcome.is_none() {
                outcome = slot.1.wait(outcome).unwrap();
            }
        }
        drop(self.flights.lock().unwrap().leave(&KEY, id));
        task
    }
}

fn callers_join_leave_finish_and_panic() {
    let model = Model::new();
    let callers: Vec<_> = [(true, false), (false, false), (true, true), (true, false)]
        .map(|(stays, panics)| {
            let model = model.clone();
            thread::spawn(move || model.call(stays, panics))
        })
        .into_iter()
        .collect();
    for caller in callers {
        // Whoever stays gets an outcome: else this never ends, which the checker reports.
        if let Some(load) = caller.join().unwrap() {
            load.join().unwrap();
        }
    }
    assert_eq!(model.flights.lock().unwrap().len(), 0, "a flight was left behind");
    let (loads, abandoned) = (
        model.loads.load(Ordering::SeqCst),
        model.abandoned.load(Ordering::SeqCst),
    );
    assert!(
        (1..=4).contains(&loads) && abandoned < loads,
        "{loads} loads, {abandoned} given up"
    );
}

#[test]
fn no_interleaving_loads_twice_at_once_or_forgets_a_waiter() {
    shuttle::check_random(callers_join_leave_finish_and_panic, 5_000);
    shuttle::check_pct(callers_join_leave_finish_and_panic, 5_000, 3);
}

#[test]
fn a_refresh_goes_on_when_those_who_joined_it_leave() {
    let mut flights: Flights<&str, ()> = Flights::new(1);
    let Joined::Begun { id, .. } = flights.join(&KEY, Purpose::Refresh, || ()) else {
        panic!()
    };
    assert!(matches!(
        flights.join(&KEY, Purpose::Wait, || ()),
        Joined::Under { .. }
    ));
    assert!(flights.leave(&KEY, id).is_none());
    assert!(!flights.abandon(&KEY, id));
    assert!(matches!(flights.join(&"b", Purpose::Wait, || ()), Joined::Full));
    // What ended long ago ends nothing else.
    flights.finish(&KEY, id + 1);
    assert_eq!(flights.len(), 1);
    flights.finish(&KEY, id);
    assert!(flights.leave(&KEY, id).is_none());
    assert_eq!(flights.len(), 0);
}
