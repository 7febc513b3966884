use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::page::PageRequest;
use aurora_core::store::outbox::Failed;
use aurora_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};

use super::{
    DueReminder, NewTask, QUEUE, ReminderSink, Reminders, Task, TaskChange, TaskFilter, TaskId, TaskPriority,
    TaskStatus,
};
use crate::activities::Subject;
use crate::clients::NewClient;
use crate::context::Context;
use crate::error::ErrorKind;
use crate::leads::tests::{House, field, kind, wrong};
use crate::leads::{NewLead, OwnerId};
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn a_task_is_made_changed_done_reopened_and_deleted() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (tasks, context, now) = (house.crm.tasks(), &house.context, house.clock.now());
        let lead = house.lead("A").await;
        let owner = OwnerId::new(now);
        let new = NewTask::new(" Ligar ", now + HOUR * 2)
            .note("linha 1\nlinha 2")
            .assignee(owner)
            .subject(Subject::Lead(lead.id))
            .priority(TaskPriority::High)
            .remind_at(now + HOUR)
            .remind_at(now + HOUR / 2)
            .remind_at(now + HOUR);
        let made = tasks.create(context, new).await.unwrap();
        assert_eq!(tasks.get(context, made.id).await.unwrap(), made);
        let times: Vec<Timestamp> = made.reminders.iter().map(|reminder| reminder.at).collect();
        assert_eq!(times, [now + HOUR / 2, now + HOUR]);
        let change = TaskChange::new()
            .title("Visitar")
            .note(None)
            .assignee(None)
            .priority(TaskPriority::Urgent);
        let changed = tasks.update(context, made.id, 1, change).await.unwrap();
        assert_eq!(tasks.get(context, made.id).await.unwrap(), changed);
        assert_eq!((changed.version, &changed.reminders), (2, &made.reminders));
        let stale = tasks.complete(context, made.id, 1).await.unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let done = tasks.complete(context, made.id, 2).await.unwrap();
        assert_eq!((done.status, done.ended_at), (TaskStatus::Done, Some(now)));
        for outcome in [
            tasks.complete(context, made.id, 3).await,
            tasks.cancel(context, made.id, 3).await,
            tasks.update(context, made.id, 3, TaskChange::new()).await,
        ] {
            assert_eq!(wrong(outcome), [field("status", "not_allowed")]);
        }
        let open = tasks.reopen(context, made.id, 3).await.unwrap();
        assert_eq!((open.status, open.ended_at), (TaskStatus::Open, None));
        assert_eq!(
            wrong(tasks.reopen(context, made.id, 4).await),
            [field("status", "not_allowed")]
        );
        tasks.delete(context, made.id, 4).await.unwrap();
        assert_eq!(kind(tasks.get(context, made.id).await), Some(ErrorKind::NotFound));
        let bad = NewTask::new("", Timestamp::from_micros(i64::MAX))
            .remind_at(now)
            .remind_at(now + HOUR * 24 * 367);
        assert_eq!(
            wrong(tasks.create(context, bad).await),
            [
                field("title", "required"),
                field("due_at", "invalid"),
                field("remind_at[0]", "invalid"),
                field("remind_at[1]", "invalid"),
            ]
        );
        assert!(!format!("{made:?}").contains("Ligar"));
    })
    .await;
}

#[tokio::test]
async fn overdue_and_my_day_in_the_order_in_which_they_are_due() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (tasks, context, now) = (house.crm.tasks(), &house.context, house.clock.now());
        let (me, you) = (OwnerId::new(now), OwnerId::new(now));
        let client = house
            .crm
            .clients()
            .create(context, NewClient::person("Ana"))
            .await
            .unwrap();
        let mut made = Vec::new();
        for n in 0_u32..40 {
            let mut new = NewTask::new(n.to_string(), now + HOUR * (n / 2));
            if n % 3 > 0 {
                new = new.assignee(if n % 3 == 1 { me } else { you });
            }
            if n % 5 == 0 {
                new = new.subject(Subject::Client(client.id));
            }
            let task = tasks.create(context, new).await.unwrap();
            if n % 8 == 7 {
                tasks.complete(context, task.id, 1).await.unwrap();
            } else {
                made.push(task);
            }
        }
        house.clock.advance(HOUR * 10);
        let now = house.clock.now();
        let all = TaskFilter::open();
        type Wanted = fn(&Task, Timestamp, OwnerId) -> bool;
        let cases: [(TaskFilter, Wanted); 6] = [
            (all.clone(), |_, _, _| true),
            (all.clone().due_before(now), |task, now, _| task.due_at < now),
            (all.clone().due_before(now).assignee(me), |task, now, me| {
                task.due_at < now && task.assignee_id == Some(me)
            }),
            (
                all.clone().assignee(me).due(now..now + HOUR * 5),
                |task, now, me| {
                    task.assignee_id == Some(me) && task.due_at >= now && task.due_at < now + HOUR * 5
                },
            ),
            (all.clone().subject(Subject::Client(client.id)), |task, _, _| {
                task.subject.is_some()
            }),
            (
                all.clone().subject(Subject::Client(client.id)).assignee(me),
                |task, _, me| task.subject.is_some() && task.assignee_id == Some(me),
            ),
        ];
        for (filter, is_wanted) in cases {
            let wanted = made
                .iter()
                .filter(|task| is_wanted(task, now, me))
                .map(|task| task.id);
            let wanted: BTreeSet<TaskId> = wanted.collect();
            assert!(!wanted.is_empty());
            for limit in [1, 7, 200] {
                let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
                loop {
                    let page = tasks.list(context, &filter, &request).await.unwrap();
                    seen.extend(page.items);
                    let Some(next) = page.next else { break };
                    request = PageRequest::first(limit).after(next);
                }
                let ids: BTreeSet<TaskId> = seen.iter().map(|task| task.id).collect();
                assert_eq!(
                    (seen.len(), &ids),
                    (wanted.len(), &wanted),
                    "{filter:?} by {limit}"
                );
                assert!(seen.is_sorted_by_key(|task| (task.due_at, task.id)));
            }
        }
        let done = TaskFilter::status(TaskStatus::Done);
        assert_eq!(
            tasks
                .list(context, &done, &PageRequest::default())
                .await
                .unwrap()
                .items
                .len(),
            5
        );
    })
    .await;
}

/// Notes what it is told, and fails as often as it is told to.
#[derive(Debug, Clone, Default)]
struct Sink {
    seen: Arc<Mutex<Vec<(String, String)>>>,
    failures: Arc<Mutex<u32>>,
}

#[async_trait]
impl ReminderSink for Sink {
    async fn remind(&self, context: &Context, due: &DueReminder) -> Result<(), Failed> {
        {
            let mut failures = self.failures.lock().unwrap();
            if *failures > 0 {
                *failures -= 1;
                return Err(Failed::again(FailureClass::Transient, "503"));
            }
        }
        assert_eq!(context.principal, "reminders");
        let told = (due.task.title.clone(), due.idempotency_key.clone());
        self.seen.lock().unwrap().push(told);
        Ok(())
    }
}

impl Sink {
    fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = self
            .seen
            .lock()
            .unwrap()
            .iter()
            .map(|(title, _)| title.clone())
            .collect();
        titles.sort_unstable();
        titles
    }
}

impl House {
    /// Messages that wait, are late or under way.
    async fn waiting(&self) -> u64 {
        let counts = self.crm.store().outbox().counts().await.unwrap();
        let open = |state| !matches!(state, aurora_core::store::outbox::State::Done);
        counts
            .iter()
            .filter(|count| count.queue == QUEUE && open(count.state))
            .map(|count| count.messages)
            .sum()
    }

    /// Moves time on, a minute at a time, with a worker at work until nothing waits or `long` has passed.
    async fn pass(&self, reminders: &Reminders, long: Duration) {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let worker = reminders.worker().build().unwrap();
        let work = worker.run(async move { drop(stopped.await) });
        let time = async {
            let mut left = long;
            while !left.is_zero() {
                let step = left.min(Duration::from_secs(60));
                self.clock.advance(step);
                left -= step;
                settle(&self.clock, self).await;
            }
            stop.send(()).unwrap();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = work => {}
            () = time => {}
        }
    }
}

/// Waits until what is due by now has been worked on.
async fn settle(clock: &ManualClock, house: &House) {
    use aurora_core::store::outbox::State;

    let request = PageRequest::first(200);
    let outbox = house.crm.store().outbox();
    for _ in 0..3_000 {
        let ready = outbox.page(QUEUE, State::Ready, None, &request).await.unwrap();
        let leased = outbox.page(QUEUE, State::Leased, None, &request).await.unwrap();
        let is_late = ready.items.iter().any(|message| message.due_at <= clock.now());
        if !is_late && leased.items.is_empty() {
            return;
        }
        // For the pauses of the worker, and for the lease of whoever has died; slowly, so that no lease runs out while
        // somebody is at work.
        let is_held = !leased.items.is_empty();
        let tick = if is_late && !is_held { 100 } else { 20 };
        clock.advance(Duration::from_millis(tick));
        if is_held {
            SystemClock.sleep(Duration::from_millis(4)).await;
        }
    }
    panic!("the worker does not work");
}

#[tokio::test]
async fn a_reminder_is_sent_once_and_not_after_its_task_has_changed_moved_or_ended() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (tasks, context, now) = (house.crm.tasks(), &house.context, house.clock.now());
        let sink = Sink::default();
        let reminders = house.crm.reminders(sink.clone());
        let new = |title: &str| NewTask::new(title, now + HOUR * 4).remind_at(now + HOUR);
        let made = async |title: &str| tasks.create(context, new(title)).await.unwrap();
        let plain = made("plain").await;
        let renamed = made("old title").await;
        tasks
            .update(context, renamed.id, 1, TaskChange::new().title("renamed"))
            .await
            .unwrap();
        let done = made("done").await;
        tasks.complete(context, done.id, 1).await.unwrap();
        let cancelled = made("cancelled").await;
        tasks.cancel(context, cancelled.id, 1).await.unwrap();
        let deleted = made("deleted").await;
        tasks.delete(context, deleted.id, 1).await.unwrap();
        for of_lead in [false, true] {
            let client = NewClient::person("Ana");
            let client = house.crm.clients().create(context, client).await.unwrap().id;
            let lead = house.make(NewLead::new("A").client(client)).await.id;
            let subject = if of_lead {
                Subject::Lead(lead)
            } else {
                Subject::Client(client)
            };
            tasks
                .create(context, new("blocked").subject(subject))
                .await
                .unwrap();
            let blocked = house.crm.clients().block(context, client, 1, "oposição");
            blocked.await.unwrap();
        }
        let reopened = made("reopened").await;
        tasks.complete(context, reopened.id, 1).await.unwrap();
        tasks.reopen(context, reopened.id, 2).await.unwrap();
        let without = made("without").await;
        tasks
            .update(context, without.id, 1, TaskChange::new().remind_at([]))
            .await
            .unwrap();
        let shifted = made("shifted").await;
        tasks
            .update(context, shifted.id, 1, TaskChange::new().due_at(now + HOUR * 6))
            .await
            .unwrap();
        let twice = made("twice").await;
        let more = TaskChange::new().remind_at([now + HOUR, now + HOUR * 5]);
        tasks.update(context, twice.id, 1, more).await.unwrap();
        house.pass(&reminders, HOUR / 2).await;
        assert_eq!(sink.titles(), [""; 0], "nothing before its time");
        house.pass(&reminders, HOUR).await;
        assert_eq!(sink.titles(), ["plain", "renamed", "reopened", "twice"]);
        // put off into the past: at once
        let late = tasks
            .create(context, new("late").remind_at(house.clock.now() + HOUR * 2))
            .await;
        assert_eq!(wrong(late), [field("remind_at[0]", "invalid")]);
        let early =
            NewTask::new("early", house.clock.now() + HOUR * 9).remind_at(house.clock.now() + HOUR * 8);
        let early = tasks.create(context, early).await.unwrap();
        let sooner = TaskChange::new().due_at(house.clock.now() + HOUR / 2);
        tasks.update(context, early.id, 1, sooner).await.unwrap();
        house.pass(&reminders, HOUR).await;
        assert!(sink.titles().contains(&"early".to_owned()));
        house.pass(&reminders, HOUR * 10).await;
        assert_eq!(
            sink.titles(),
            [
                "early", "plain", "renamed", "reopened", "shifted", "twice", "twice"
            ]
        );
        let keys: BTreeSet<String> = sink
            .seen
            .lock()
            .unwrap()
            .iter()
            .map(|(_, key)| key.clone())
            .collect();
        assert_eq!(keys.len(), 7, "each with a key of its own");
        let (mut told, mut after) = (Vec::new(), 0);
        loop {
            let sent = tasks.sent_reminders(context, after).await.unwrap();
            told.extend(sent.items.into_iter().map(|sent| sent.due.idempotency_key));
            if sent.after == after {
                break;
            }
            after = sent.after;
        }
        assert_eq!(
            (told.len(), told.into_iter().collect()),
            (7, keys),
            "all that were sent, each once"
        );
        assert_eq!(after, tasks.last_reminder(context).await.unwrap());
        assert_eq!(house.waiting().await, 0);
        let stored = tasks.get(context, plain.id).await.unwrap();
        assert!(stored.reminders[0].sent_at.is_some());
        assert_eq!(stored.version, 1);
        assert_eq!(
            tasks.get(context, done.id).await.unwrap().reminders[0].sent_at,
            None
        );
    })
    .await;
}

#[tokio::test]
async fn a_reminder_that_fails_is_sent_later_and_a_killed_worker_repeats_it_under_one_key() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (tasks, context, now) = (house.crm.tasks(), &house.context, house.clock.now());
        let sink = Sink::default();
        let reminders = house.crm.reminders(sink.clone());
        *sink.failures.lock().unwrap() = 2;
        let task = NewTask::new("x", now + HOUR).remind_at(now + HOUR / 2);
        let task = tasks.create(context, task).await.unwrap();
        house.pass(&reminders, HOUR).await;
        assert_eq!(sink.titles(), ["x"]);
        // dies between sending and writing down that it was sent: the lease runs out, another one sends it again
        let now = house.clock.now();
        let task = tasks
            .update(context, task.id, 1, TaskChange::new().remind_at([now + HOUR / 4]))
            .await
            .unwrap();
        house.clock.advance(HOUR / 4);
        let outbox = house.crm.store().outbox();
        let claimed = outbox.claim(QUEUE, 10, Duration::from_secs(5)).await.unwrap();
        assert_eq!(claimed.len(), 1);
        let waiting = task
            .reminders
            .iter()
            .find(|reminder| reminder.sent_at.is_none())
            .unwrap();
        let due = DueReminder {
            task: task.clone(),
            reminder: waiting.id,
            at: waiting.at,
            idempotency_key: claimed[0].idempotency_key.clone(),
        };
        sink.remind(&Context::new(context.workspace, "reminders"), &due)
            .await
            .unwrap();
        house.pass(&reminders, HOUR).await;
        let seen = sink.seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 3);
        assert_eq!(seen[1], seen[2], "the same key: whoever sends can tell");
        // the one that was taken for dead comes back late: it is refused, and nothing is written twice
        use aurora_core::store::outbox::Handler as _;
        reminders.handle(&claimed[0]).await.unwrap();
        assert_eq!(sink.seen.lock().unwrap().len(), 3);
        assert_eq!(house.waiting().await, 0);
    })
    .await;
}

#[tokio::test]
async fn many_workers_send_each_reminder_once() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let (tasks, context, now) = (house.crm.tasks(), &house.context, house.clock.now());
        let sink = Sink::default();
        for n in 0..20 {
            let new = NewTask::new(n.to_string(), now + HOUR).remind_at(now + HOUR / 2);
            tasks.create(context, new).await.unwrap();
        }
        let others: Vec<Reminders> = (0..3).map(|_| house.crm.reminders(sink.clone())).collect();
        let (one, two, three) = (&others[0], &others[1], &others[2]);
        let beside = Box::pin(async {
            let two = two.worker().build().unwrap();
            let three = three.worker().build().unwrap();
            futures::join!(two.run(std::future::pending()), three.run(std::future::pending()));
        });
        tokio::select! {
            () = Box::pin(house.pass(one, HOUR)) => {}
            () = beside => {}
        }
        assert_eq!(sink.titles().len(), 20);
        assert_eq!(sink.titles().iter().collect::<BTreeSet<_>>().len(), 20);
    })
    .await;
}
