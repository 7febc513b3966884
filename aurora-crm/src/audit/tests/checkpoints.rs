//! What is signed, when, and what that shows.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::access::jwt::{KeyRing, SigningKey};
use aurora_core::store::execute;
use aurora_core::time::{Clock as _, ManualClock, Timestamp};

use super::super::{
    AuditSink, Checkpoint, CheckpointError, Checkpointed, Checkpoints, Evidence, Fault, FaultKind, FileSink,
    SignedCheckpoint,
};
use super::{add, crm, house};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::Error;
use crate::journal::Record;
use crate::store::writing;
use crate::testing::each_database;
use crate::workspaces::WorkspaceId;

#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    pub(super) kept: Arc<Mutex<Vec<SignedCheckpoint>>>,
    alarms: Arc<Mutex<Vec<(WorkspaceId, Fault)>>>,
    is_down: bool,
}

#[async_trait]
impl AuditSink for Memory {
    async fn append(&self, checkpoint: &SignedCheckpoint) -> std::io::Result<()> {
        if self.is_down {
            return Err(std::io::Error::other("down"));
        }
        self.kept.lock().unwrap().push(checkpoint.clone());
        Ok(())
    }

    async fn alarm(&self, chain: WorkspaceId, fault: Fault) {
        self.alarms.lock().unwrap().push((chain, fault));
    }
}

/// What somebody does who may do everything in the database: its rows of a chain after `seq` go, as if it were set back.
pub(super) async fn set_back(db: &crate::testing::TestDatabase, context: &Context, seq: i64) {
    let postgres = db.owner.engine_name() == "postgres";
    for table in ["audit_entries", "audit_checkpoints"] {
        let open: Vec<String> = if postgres {
            vec![format!("alter table {table} disable trigger all")]
        } else {
            ["unchanged", "kept"]
                .map(|name| format!("drop trigger if exists {table}_{name}"))
                .to_vec()
        };
        for sql in open {
            execute!(db.owner, sqlx::query(sqlx::AssertSqlSafe(sql.as_str()))).unwrap();
        }
        let sql = format!("delete from {table} where workspace_id = $1 and seq > $2");
        execute!(
            db.owner,
            sqlx::query(sqlx::AssertSqlSafe(sql.as_str()))
                .bind(context.workspace)
                .bind(seq)
        )
        .unwrap();
    }
    let sql = "update audit_heads set seq = $2, hash = (select hash from audit_entries
        where workspace_id = $1 and seq = $2) where workspace_id = $1";
    execute!(db.owner, sqlx::query(sql).bind(context.workspace).bind(seq)).unwrap();
}

fn ring() -> KeyRing {
    KeyRing::new(SigningKey::generate().unwrap())
}

fn signed(done: Checkpointed) -> SignedCheckpoint {
    match done {
        Checkpointed::Signed(signed) => signed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_database_that_was_set_back_as_a_whole_is_found_by_what_is_kept_outside() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let (context, other) = (house(&crm, 6).await, house(&crm, 3).await);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("checkpoints");
        let ring = ring();
        let checkpoints = Checkpoints::builder(&crm, ring.clone(), FileSink::new(&path)).build();
        let first = signed(checkpoints.checkpoint(&context).await.unwrap());
        assert_eq!(first.open(&ring, clock.now()).unwrap().seq, 6);
        assert_eq!(
            checkpoints.checkpoint(&context).await.unwrap(),
            Checkpointed::UpToDate
        );
        add(&crm, &context, 4).await;
        signed(checkpoints.checkpoint(&context).await.unwrap());
        signed(checkpoints.checkpoint(&other).await.unwrap());
        let kept = FileSink::read(&path).unwrap();
        assert_eq!(kept.len(), 3);
        let evidence = Evidence::none().signed(&kept, &ring, clock.now());
        for (context, entries) in [(&context, 10), (&other, 3)] {
            let verified = crm.audit().verify_against(context, &evidence).await.unwrap();
            assert_eq!((verified.entries, verified.fault), (entries, None));
        }
        assert_eq!(checkpoints.stored(&context, 0).await.unwrap(), kept[..2]);
        assert_eq!(checkpoints.stored(&context, 6).await.unwrap(), kept[1..2]);

        set_back(&db, &context, 8).await;
        assert!(
            crm.audit().verify(&context).await.unwrap().is_ok(),
            "by itself it is whole"
        );
        let verified = crm.audit().verify_against(&context, &evidence).await.unwrap();
        let fault = verified.fault.unwrap();
        assert_eq!((fault.seq, fault.kind), (9, FaultKind::Truncated));
        // Also once it has grown again.
        add(&crm, &context, 5).await;
        let fault = crm
            .audit()
            .verify_against(&context, &evidence)
            .await
            .unwrap()
            .fault
            .unwrap();
        assert_eq!((fault.seq, fault.kind), (10, FaultKind::Rewritten));
        assert!(
            crm.audit()
                .verify_against(&other, &evidence)
                .await
                .unwrap()
                .is_ok()
        );
    })
    .await;
}

#[tokio::test]
async fn a_chain_that_is_not_whole_is_not_signed_and_the_sink_is_told() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm, 4).await;
        let sink = Memory::default();
        let ring = ring();
        let checkpoints = Checkpoints::builder(&crm, ring.clone(), sink.clone()).build();
        signed(checkpoints.checkpoint(&context).await.unwrap());
        add(&crm, &context, 3).await;
        set_back(&db, &context, 3).await; // without the checkpoint that it had
        let row = "insert into audit_checkpoints (workspace_id, seq, at, statement) values ($1, $2, $3, $4)";
        let text = sink.kept.lock().unwrap()[0].to_string();
        execute!(
            db.owner,
            sqlx::query(row)
                .bind(context.workspace)
                .bind(4_i64)
                .bind(clock.now())
                .bind(&text)
        )
        .unwrap();
        let Checkpointed::Broken(fault) = checkpoints.checkpoint(&context).await.unwrap() else {
            panic!("it was signed");
        };
        assert_eq!((fault.seq, fault.kind), (4, FaultKind::Truncated));
        assert_eq!(*sink.alarms.lock().unwrap(), [(context.workspace, fault)]);
        // A checkpoint with another key is none.
        let stranger = Checkpoints::builder(&crm, self::ring(), sink.clone()).build();
        let Checkpointed::Broken(fault) = stranger.checkpoint(&context).await.unwrap() else {
            panic!("it was signed");
        };
        assert_eq!(fault.kind, FaultKind::BadCheckpoint);
        let forged = Checkpoint {
            workspace: context.workspace,
            seq: 3,
            hash: super::super::AuditHash::GENESIS,
            at: Timestamp::UNIX_EPOCH,
        };
        let forged = [SignedCheckpoint::sign(&forged, &self::ring()).unwrap()];
        let evidence = Evidence::none().signed(&forged, &ring, clock.now());
        let fault = crm
            .audit()
            .verify_against(&context, &evidence)
            .await
            .unwrap()
            .fault
            .unwrap();
        assert_eq!((fault.seq, fault.kind), (0, FaultKind::BadCheckpoint));
    })
    .await;
}

#[tokio::test]
async fn what_the_sink_did_not_take_is_not_stored() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let context = house(&crm, 2).await;
        let sink = Memory {
            is_down: true,
            ..Memory::default()
        };
        let checkpoints = Checkpoints::builder(&crm, ring(), sink).build();
        let error = checkpoints.checkpoint(&context).await.unwrap_err();
        assert!(matches!(error, CheckpointError::Sink(_)));
        assert_eq!(checkpoints.stored(&context, 0).await.unwrap(), []);
        assert!(matches!(
            Checkpoints::builder(&crm, ring(), Memory::default())
                .build()
                .checkpoint(&context)
                .await,
            Ok(Checkpointed::Signed(_))
        ));
    })
    .await;
}

async fn record_in_installation(crm: &Crm) {
    let context = Context::installation("test");
    let now = crm.store().now();
    let record = Record::new("house.opened", "workspace", WorkspaceId::new(now), now).without_event();
    let store = crm.store();
    let done: Result<(), Error> = writing!(store, &context, |tx| {
        Ok(store
            .record(&mut (&mut *tx).into(), &context, now, &[record])
            .await?)
    });
    done.unwrap();
}

#[tokio::test]
async fn a_round_signs_what_is_due_in_every_chain() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = crm(&db, &clock).await;
        let mut houses = [house(&crm, 2).await, house(&crm, 2).await];
        houses.sort_by_key(|it| it.workspace);
        let [busy, calm] = houses;
        record_in_installation(&crm).await;
        let (sink, ring) = (Memory::default(), ring());
        let checkpoints = Checkpoints::builder(&crm, ring.clone(), sink.clone())
            .every(3)
            .build();
        let taken = || -> Vec<(WorkspaceId, i64)> {
            let kept = std::mem::take(&mut *sink.kept.lock().unwrap());
            let opened = kept.iter().map(|it| it.open(&ring, clock.now()).unwrap());
            opened.map(|it| (it.workspace, it.seq)).collect()
        };
        checkpoints.round().await.unwrap();
        let installation = Context::installation("x").workspace;
        assert_eq!(
            taken(),
            [(installation, 1), (busy.workspace, 2), (calm.workspace, 2)]
        );
        add(&crm, &busy, 3).await;
        add(&crm, &calm, 2).await;
        checkpoints.round().await.unwrap();
        assert_eq!(taken(), [(busy.workspace, 5)], "by number");
        clock.advance(Duration::from_secs(60));
        checkpoints.round().await.unwrap();
        assert_eq!(taken(), [(calm.workspace, 4)], "by age");
        clock.advance(Duration::from_secs(600));
        checkpoints.round().await.unwrap();
        assert_eq!(taken(), [], "nothing new");
        add(&crm, &calm, 1).await;
        let stop = async {
            while sink.kept.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        checkpoints.run(stop).await.unwrap();
        assert_eq!(taken(), [(calm.workspace, 5)]);
    })
    .await;
}

#[tokio::test]
async fn a_line_that_was_cut_off_neither_alarms_nor_spoils_the_next() {
    let ring = ring();
    let workspace = WorkspaceId::new(Timestamp::UNIX_EPOCH);
    let sign = |seq| {
        let checkpoint = Checkpoint {
            workspace,
            seq,
            hash: super::super::AuditHash::GENESIS,
            at: Timestamp::UNIX_EPOCH,
        };
        SignedCheckpoint::sign(&checkpoint, &ring).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoints");
    let sink = FileSink::new(&path);
    sink.append(&sign(1)).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for cut in [text.len() - 2, text.len() / 2, 3] {
        std::fs::write(&path, format!("{text}{}", text.get(..cut).unwrap())).unwrap();
        assert_eq!(FileSink::read(&path).unwrap(), [sign(1)]);
        sink.append(&sign(2)).await.unwrap();
        assert_eq!(FileSink::read(&path).unwrap(), [sign(1), sign(2)]);
    }
    std::fs::write(&path, "x".repeat(9_000)).unwrap();
    assert!(FileSink::read(&path).is_err());
}
