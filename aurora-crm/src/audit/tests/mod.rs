mod access;
#[cfg(feature = "access")]
mod checkpoints;
#[cfg(feature = "access")]
mod tampering;

use std::pin::pin;

use aurora_core::time::ManualClock;
use futures::StreamExt as _;

use super::{AuditFormat, AuditRange};
use crate::clients::NewClient;
use crate::context::Context;
use crate::crm::Crm;
use crate::testing::TestDatabase;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

async fn crm(db: &TestDatabase, clock: &ManualClock) -> Crm {
    Crm::builder(db.database.clone())
        .clock(clock.clone())
        .build()
        .await
        .unwrap()
}

/// A workspace whose chain has this many entries.
async fn house(crm: &Crm, entries: usize) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "House");
    let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "usr_1")
        .request_id("req-1")
        .origin("192.0.2.7".parse().unwrap());
    add(crm, &context, entries - 1).await;
    context
}

async fn add(crm: &Crm, context: &Context, entries: usize) {
    for n in 0..entries {
        let new = NewClient::person(format!("P {n}"));
        crm.clients().create(context, new).await.unwrap();
    }
}

async fn exported(crm: &Crm, context: &Context, range: AuditRange, format: AuditFormat) -> String {
    let stream = crm.audit().export(context, range, format).await.unwrap();
    let mut stream = pin!(stream);
    let mut text = String::new();
    while let Some(chunk) = stream.next().await {
        text.push_str(&chunk.unwrap());
    }
    text
}
