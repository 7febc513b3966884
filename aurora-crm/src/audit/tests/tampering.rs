//! The promise: whatever is done to a chain is found, and nothing else is.

use std::time::Duration;

use aurora_core::access::jwt::{KeyRing, SigningKey};
use aurora_core::store::{Database, execute};
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use sqlx::types::Uuid;

use super::super::{
    AuditEntry, AuditFormat, AuditHash, AuditOutcome, AuditRange, Checkpoint, Checkpointed, Checkpoints,
    Evidence, FaultKind, verify_lines,
};
use super::checkpoints::Memory;
use super::{crm, exported, house};
use crate::context::Context;
use crate::testing::each_database;
use crate::workspaces::WorkspaceId;

const ENTRIES: usize = 20;

/// Numbers that look random and are the same each time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit as u64).unwrap()
    }
}

fn chain() -> Vec<AuditEntry> {
    let workspace = WorkspaceId::from_uuid(Uuid::from_u128(7));
    let mut entries: Vec<AuditEntry> = (1..)
        .take(ENTRIES)
        .map(|seq| AuditEntry {
            workspace,
            seq,
            at: Timestamp::from_micros(1_800_000_000_123_456 + seq),
            action: ["client.created", "client.updated"][usize::try_from(seq % 2).unwrap()].to_owned(),
            outcome: AuditOutcome::Success,
            principal: format!("usr_{}", seq % 3),
            subject_kind: "client".to_owned(),
            subject: Uuid::from_u128(u128::from(seq.unsigned_abs()) << 40),
            origin: (seq % 2 == 0).then(|| "192.0.2.7".to_owned()),
            request_id: (seq % 5 != 0).then(|| format!("req-{seq}")),
            detail: format!(r#"{{"version":{seq}}}"#),
            previous_hash: AuditHash::GENESIS,
            hash: AuditHash::GENESIS,
        })
        .collect();
    relink(&mut entries);
    entries
}

/// What somebody does who knows how hashes are made and does not have the key.
fn relink(entries: &mut [AuditEntry]) {
    let mut previous = AuditHash::GENESIS;
    for (entry, seq) in entries.iter_mut().zip(1..) {
        entry.seq = seq;
        entry.previous_hash = previous;
        entry.hash = entry.expected_hash();
        previous = entry.hash;
    }
}

/// Changes one field to something else.
fn edit(entry: &mut AuditEntry, field: usize) {
    let text = |text: &mut String| text.push('x');
    let absent = |text: &mut Option<String>| {
        *text = match text.take() {
            Some(_) => None,
            None => Some(String::new()),
        };
    };
    let flip = |hash: &mut AuditHash| hash.0[field] ^= 1;
    match field {
        0 => entry.workspace = WorkspaceId::from_uuid(Uuid::from_u128(8)),
        1 => entry.seq += 1,
        2 => entry.at = entry.at + Duration::from_micros(1),
        3 => text(&mut entry.action),
        4 => entry.outcome = AuditOutcome::Failure,
        5 => text(&mut entry.principal),
        6 => text(&mut entry.subject_kind),
        7 => entry.subject = Uuid::from_u128(entry.subject.as_u128() ^ 1),
        8 => absent(&mut entry.origin),
        9 => absent(&mut entry.request_id),
        10 => text(&mut entry.detail),
        11 => flip(&mut entry.previous_hash),
        _ => flip(&mut entry.hash),
    }
}

fn lines(entries: &[AuditEntry]) -> Vec<String> {
    entries
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap())
        .collect()
}

/// 2,000 each of edit, delete, swap, insert and truncate, at any place, as they are and with all hashes made anew.
#[test]
fn ten_thousand_tamperings_are_found_and_their_place_is_named() {
    let whole = chain();
    let workspace = whole[0].workspace;
    let checkpoint = |seq: usize| Checkpoint {
        workspace,
        seq: whole[seq - 1].seq,
        hash: whole[seq - 1].hash,
        at: whole[seq - 1].at,
    };
    let every_five: Vec<Checkpoint> = (5..=ENTRIES).step_by(5).map(checkpoint).collect();
    let ring = KeyRing::new(SigningKey::generate().unwrap());
    let signed: Vec<_> = every_five
        .iter()
        .map(|it| super::super::SignedCheckpoint::sign(it, &ring).unwrap())
        .collect();
    let kept = Evidence::none().signed(&signed, &ring, Timestamp::UNIX_EPOCH);
    let nothing = Evidence::none();
    for evidence in [&nothing, &kept] {
        let verified = verify_lines(workspace, evidence, lines(&whole));
        assert_eq!((verified.entries, verified.fault), (20, None));
        assert_eq!(verified.head, whole[ENTRIES - 1].hash);
    }
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for trial in 0..10_000 {
        let kind = trial % 5;
        let mut entries = whole.clone();
        let at = dice.below(ENTRIES);
        let (mut first, mut is_certain) = (at, true);
        let field = dice.below(13);
        match kind {
            0 => edit(&mut entries[at], field),
            1 => drop(entries.remove(at)),
            2 => {
                let other = (at + 1 + dice.below(ENTRIES - 1)) % ENTRIES;
                entries.swap(at, other);
                first = at.min(other);
            }
            3 => {
                // Another one than that of the place: the same once more, at the end, is what nobody has signed yet.
                let mut more = whole[(at + 1 + dice.below(ENTRIES - 1)) % ENTRIES].clone();
                if dice.below(2) == 0 {
                    more.seq = whole[at].seq;
                    more.previous_hash = whole[at].previous_hash;
                    more.action.push('x');
                    more.hash = more.expected_hash();
                }
                entries.insert(at, more);
                is_certain = false; // it may stand where it belongs, and what follows is wrong
            }
            _ => entries.truncate(at),
        }
        // Fields that are made anew anyway are no tampering then.
        let is_relinked = dice.below(2) == 0 && !(kind == 0 && matches!(field, 0 | 1 | 11 | 12));
        let place = format!("trial {trial}: kind {kind} at {at}, field {field}, relinked {is_relinked}");
        if is_relinked {
            relink(&mut entries);
        }
        let text = lines(&entries);
        if !is_relinked && kind != 4 && !(kind == 1 && at == ENTRIES - 1) {
            let fault = verify_lines(workspace, &nothing, &text)
                .fault
                .unwrap_or_else(|| panic!("{place}"));
            let expected = whole[first].seq;
            assert!(!is_certain || fault.seq == expected, "{place}: {fault:?}");
        }
        let fault = verify_lines(workspace, &kept, &text)
            .fault
            .unwrap_or_else(|| panic!("{place}"));
        if is_relinked && matches!(kind, 0 | 2) {
            let signed = i64::try_from(first / 5 * 5 + 5).unwrap();
            assert_eq!((fault.seq, fault.kind), (signed, FaultKind::Rewritten), "{place}");
        }
        if kind == 4 {
            let next = whole[at].seq;
            assert_eq!((fault.seq, fault.kind), (next, FaultKind::Truncated), "{place}");
        }
    }
}

async fn run(owner: &Database, sql: &str) {
    execute!(owner, sqlx::query(sqlx::AssertSqlSafe(sql))).unwrap();
}

/// The same in the databases, as the account that owns the tables, with the triggers out of the way.
#[tokio::test]
async fn what_the_owner_of_the_database_does_to_rows_is_found() {
    each_database(|db| async move {
        let is_postgres = db.owner.engine_name() == "postgres";
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm, 12).await;
        let ring = KeyRing::new(SigningKey::generate().unwrap());
        let checkpoints = Checkpoints::builder(&crm, ring.clone(), Memory::default()).build();
        let Checkpointed::Signed(signed) = checkpoints.checkpoint(&context).await.unwrap() else {
            panic!("it is due");
        };
        let kept = Evidence::none().signed([&signed], &ring, clock.now());
        if is_postgres {
            run(&db.owner, "alter table audit_entries disable trigger all").await;
        } else {
            run(&db.owner, "drop trigger audit_entries_unchanged").await;
            run(&db.owner, "drop trigger audit_entries_kept").await;
        }
        run(&db.owner, "create table saved_entries as select * from audit_entries").await;
        run(&db.owner, "create table saved_heads as select * from audit_heads").await;
        let later = if is_postgres { "at + interval '1 microsecond'" } else { "at + 1" };
        let other = if is_postgres {
            "'00000000-0000-0000-0000-000000000009'"
        } else {
            "x'00000000000000000000000000000009'"
        };
        let set = |what: &str| vec![format!("update audit_entries set {what} where seq = 5")];
        let text = |sql: &[&str]| sql.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let cut = ["delete from audit_entries where seq >= 10"];
        let set_head = "update audit_heads set seq = 9, hash = (select hash from audit_entries e
            where e.workspace_id = audit_heads.workspace_id and e.seq = 9)";
        use FaultKind::{Gap, HashMismatch, MissingHead, Truncated, Unreadable, WrongHead, WrongPrevious};
        let cases = vec![
            (set(&format!("at = {later}")), 5, HashMismatch, true),
            (set("action = 'client.updated'"), 5, HashMismatch, true),
            (set("outcome = 'failure'"), 5, HashMismatch, true),
            (set("outcome = 'perhaps'"), 5, Unreadable, true),
            (set("principal = 'usr_2'"), 5, HashMismatch, true),
            (set("subject_kind = 'lead'"), 5, HashMismatch, true),
            (set(&format!("subject_id = {other}")), 5, HashMismatch, true),
            (set("origin = null"), 5, HashMismatch, true),
            (set("request_id = ''"), 5, HashMismatch, true),
            (set("detail = '{}'"), 5, HashMismatch, true),
            (set("previous_hash = hash"), 5, WrongPrevious, true),
            (set("hash = previous_hash"), 5, HashMismatch, true),
            (text(&["delete from audit_entries where seq = 5"]), 5, Gap, true),
            (text(&["delete from audit_entries where seq = 1"]), 1, Gap, true),
            (
                text(&[
                    "update audit_entries set seq = 99 where seq = 5",
                    "update audit_entries set seq = 5 where seq = 6",
                    "update audit_entries set seq = 6 where seq = 99",
                ]),
                5,
                WrongPrevious,
                true,
            ),
            (
                text(&["insert into audit_entries select workspace_id, 13, at, action, outcome, principal,
                    subject_kind, subject_id, origin, request_id, detail, hash, hash from audit_entries where seq = 12"]),
                13,
                HashMismatch,
                true,
            ),
            (text(&cut), 10, Truncated, true),
            (text(&["delete from audit_heads"]), 12, MissingHead, true),
            (text(&["update audit_heads set seq = 11"]), 12, WrongHead, true),
            (text(&[cut[0], set_head]), 10, Truncated, false),
            (text(&["delete from audit_entries", "delete from audit_heads"]), 1, Truncated, false),
        ];
        for (statements, seq, kind, is_seen_alone) in cases {
            for sql in &statements {
                run(&db.owner, sql).await;
            }
            let alone = crm.audit().verify(&context).await.unwrap().fault;
            assert_eq!(alone.is_some(), is_seen_alone, "{statements:?}");
            let fault = crm.audit().verify_against(&context, &kept).await.unwrap().fault.unwrap();
            assert_eq!((fault.seq, fault.kind), (seq, kind), "{statements:?}");
            restore(&db.owner).await;
            assert!(crm.audit().verify_against(&context, &kept).await.unwrap().is_ok());
        }
        rewrite(&db.owner, &crm, &context).await;
        assert!(crm.audit().verify(&context).await.unwrap().is_ok());
        let fault = crm.audit().verify_against(&context, &kept).await.unwrap().fault.unwrap();
        assert_eq!((fault.seq, fault.kind), (12, FaultKind::Rewritten));
    })
    .await;
}

async fn restore(owner: &Database) {
    for table in ["entries", "heads"] {
        run(owner, &format!("delete from audit_{table}")).await;
        run(
            owner,
            &format!("insert into audit_{table} select * from saved_{table}"),
        )
        .await;
    }
}

/// Another principal in entry 5, and all hashes from there on made anew.
async fn rewrite(owner: &Database, crm: &crate::crm::Crm, context: &Context) {
    let text = exported(crm, context, AuditRange::all(), AuditFormat::JsonLines).await;
    let mut entries: Vec<AuditEntry> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    entries[4].principal = "usr_2".to_owned();
    relink(&mut entries);
    let update = "update audit_entries set principal = $3, previous_hash = $4, hash = $5
        where workspace_id = $1 and seq = $2";
    for entry in &entries {
        execute!(
            owner,
            sqlx::query(update)
                .bind(entry.workspace)
                .bind(entry.seq)
                .bind(&entry.principal)
                .bind(entry.previous_hash.as_bytes().as_slice())
                .bind(entry.hash.as_bytes().as_slice())
        )
        .unwrap();
    }
    let last = entries.last().unwrap();
    let head = "update audit_heads set hash = $2 where workspace_id = $1";
    execute!(
        owner,
        sqlx::query(head)
            .bind(last.workspace)
            .bind(last.hash.as_bytes().as_slice())
    )
    .unwrap();
}
