mod copies;
mod erasure;
#[cfg(feature = "files")]
mod files;
mod ledgers;
mod registry;
mod retention;

use std::time::Duration;

use aurora_core::store::{Database, execute, on_reader};
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use sqlx::types::Uuid;

use crate::activities::{ActivityKind, NewActivity, Subject};
use crate::analytics::{Bucket, Period};
use crate::clients::{Address, ClientChange, ClientId, NewClient, Reach};
use crate::context::Context;
use crate::crm::Crm;
use crate::journal::chain::{Entry, GENESIS};
use crate::leads::{LeadId, Locale, Money, NewLead, NewLoss, Pipeline, Place};
use crate::tasks::{NewTask, TaskId};
use crate::testing::TestDatabase;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// What must not be anywhere once its person is forgotten. Words are looked for without regard to case.
pub(super) const SECRETS: &[&str] = &[
    "zenaide",
    "quixaba",
    "zenaidina",
    "52998224725",
    "987654321",
    "segredo.example",
    "1987-06-05",
    "roxas",
    "acácias",
    "dipirona",
    "corrigida",
    "planosecreto99",
    "implante",
    "indicacaosecreta",
    "chorando",
    "retornar",
    "desistiu",
    "vip-secreto",
    "externo-7788",
];

/// A workspace in which much is known of one person, and something of others.
pub(super) struct World {
    pub(super) crm: Crm,
    pub(super) clock: ManualClock,
    pub(super) context: Context,
    pub(super) pipeline: Pipeline,
    pub(super) person: ClientId,
    /// A lead of the person.
    pub(super) lead: LeadId,
    /// A lost lead whose contact is the person, without a client.
    pub(super) lost: LeadId,
    pub(super) task: TaskId,
}

impl World {
    pub(super) async fn new(db: &TestDatabase) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database.clone())
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let house = crm
            .workspaces()
            .create(NewWorkspace::new(WorkspaceKind::Clinic, "Clínica"))
            .await
            .unwrap();
        let context = Context::new(house.id, "usr_dpo");
        let pipeline = crm
            .pipelines()
            .ensure_default(&context, Locale::English)
            .await
            .unwrap();
        for n in 0..60 {
            let other = NewClient::person(format!("Outra Pessoa {n}")).source("site");
            crm.clients().create(&context, other).await.unwrap();
        }
        let address = Address::new()
            .street("Rua das Acácias Roxas")
            .number("4711")
            .city("Campinas")
            .state("SP")
            .postal_code("13010-111");
        let new = NewClient::person("Zenaidina Quixaba")
            .cpf("529.982.247-25")
            .email("zenaide.q@segredo.example")
            .phone("(11) 98765-4321")
            .birth_date("1987-06-05")
            .address(address)
            .source("indicacao")
            .tag("vip-secreto")
            .custom("convenio", "PlanoSecreto99");
        let clients = crm.clients();
        let made = clients.create(&context, new).await.unwrap();
        // A name that was put right earlier must not be left in a corner of the file either.
        let change = ClientChange::new().legal_name("Zenaide Quixaba");
        clients.update(&context, made.id, 1, change).await.unwrap();
        let reach = Reach::WhatsAppId("5511987654321".to_owned());
        clients.link(&context, made.id, &reach).await.unwrap();
        let called = "insert into client_external_ids (workspace_id, system, external_id, client_id)
            values ($1, 'erp', 'externo-7788', $2)";
        execute!(
            db.owner,
            sqlx::query(called).bind(context.workspace).bind(made.id)
        )
        .unwrap();
        let note = clients
            .add_note(&context, made.id, "alergia a dipirona")
            .await
            .unwrap();
        clients
            .change_note(&context, note.id, 1, "alergia a dipirona, corrigida")
            .await
            .unwrap();

        let lead = NewLead::new("Implante da Zenaide")
            .client(made.id)
            .contact_name("Zenaide Quixaba")
            .value(Money::brl(500_000))
            .source_detail("IndicacaoSecreta")
            .tag("vip-secreto");
        let lead = crm.leads().create(&context, lead).await.unwrap();
        clock.advance(DAY);
        let call = NewActivity::new(ActivityKind::Call, Subject::Lead(lead.id), "Zenaide ligou")
            .text("ligou chorando");
        crm.activities().create(&context, call).await.unwrap();
        let stage = pipeline.stages.get(1).unwrap().id;
        let version = crm.leads().get(&context, lead.id).await.unwrap().version;
        crm.leads()
            .move_to(&context, lead.id, version, stage, Place::First)
            .await
            .unwrap();
        let task = NewTask::new("Ligar para Zenaide", clock.now() + DAY)
            .note("retornar o exame")
            .subject(Subject::Client(made.id));
        let task = crm.tasks().create(&context, task).await.unwrap();

        let lost = NewLead::new("Consulta de Quixaba")
            .contact_name("Zenaide Quixaba")
            .contact_email("z@segredo.example")
            .contact_phone("(11) 98765-4321");
        let lost = crm.leads().create(&context, lost).await.unwrap();
        crm.leads()
            .lose(&context, lost.id, 1, NewLoss::other("desistiu"), None)
            .await
            .unwrap();
        Self {
            crm,
            clock,
            context,
            pipeline,
            person: made.id,
            lead: lead.id,
            lost: lost.id,
            task: task.id,
        }
    }

    /// Every figure there is, as text.
    pub(super) async fn figures(&self) -> String {
        let period = Period::new(Timestamp::UNIX_EPOCH, Timestamp::from_secs(253_402_214_400)).unwrap();
        let analytics = self.crm.analytics();
        let context = &self.context;
        let month = Period::new(self.clock.now() - 20 * DAY, self.clock.now() + DAY).unwrap();
        format!(
            "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}",
            analytics.overview(context, period).await.unwrap(),
            analytics.series(context, month, Bucket::Day).await.unwrap(),
            analytics.funnel(context, self.pipeline.id, period).await.unwrap(),
            analytics.pipeline_value(context, self.pipeline.id).await.unwrap(),
            analytics.sources(context, period).await.unwrap(),
            analytics.owners(context, period).await.unwrap(),
            analytics.response_times(context, period).await.unwrap(),
        )
    }
}

/// Which of the secrets are still there: in the bytes of SQLite's files, or in the rows of PostgreSQL's tables.
pub(super) async fn left(db: &TestDatabase) -> Vec<String> {
    let mut found = Vec::new();
    if db.owner.engine_name() == "sqlite" {
        let path = db.url.expose().trim_start_matches("sqlite://").to_owned();
        for file in [path.clone(), format!("{path}-wal")] {
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            let present = SECRETS.iter().filter(|secret| text.contains(**secret));
            found.extend(present.map(|secret| format!("{secret} in {}", file.rsplit('/').next().unwrap())));
        }
        return found;
    }
    let tables: Vec<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(
        "select tablename::text from pg_tables where schemaname = current_schema()"
    )
    .fetch_all(pool))
    .unwrap();
    for table in tables {
        let sql = format!("select t::text from {table} t");
        let rows: Vec<String> = on_reader!(db.owner, |pool| {
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql.as_str())).fetch_all(pool)
        })
        .unwrap();
        let text = rows.join("\n").to_lowercase();
        let present = SECRETS.iter().filter(|secret| text.contains(**secret));
        found.extend(present.map(|secret| format!("{secret} in {table}")));
    }
    found
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    seq: i64,
    at: Timestamp,
    action: String,
    outcome: String,
    principal: String,
    subject_kind: String,
    subject_id: Uuid,
    origin: Option<String>,
    request_id: Option<String>,
    detail: String,
    hash: Vec<u8>,
}

/// Follows the chain and gives actions with details.
pub(super) async fn verified_chain(owner: &Database, context: &Context) -> Vec<(String, String)> {
    let sql = "select seq, at, action, outcome, principal, subject_kind, subject_id, origin, request_id, detail, hash
        from audit_entries where workspace_id = $1 order by seq";
    let rows: Vec<Row> = on_reader!(owner, |pool| sqlx::query_as(sql)
        .bind(context.workspace)
        .fetch_all(pool))
    .unwrap();
    let mut previous = GENESIS;
    let mut entries = Vec::new();
    for row in rows {
        let entry = Entry {
            workspace: context.workspace,
            seq: row.seq,
            at: row.at,
            action: &row.action,
            outcome: &row.outcome,
            principal: &row.principal,
            subject_kind: &row.subject_kind,
            subject: row.subject_id,
            origin: row.origin.as_deref(),
            request_id: row.request_id.as_deref(),
            detail: &row.detail,
        };
        previous = entry.hash(&previous);
        assert_eq!(row.hash, previous, "entry {}", row.seq);
        entries.push((row.action, row.detail));
    }
    entries
}
