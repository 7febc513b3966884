//! A process that is killed in the middle of its work loses no client that it has acknowledged.
//!
//! The test runs itself as a child, which prints the id of each client once `create` has returned, and kills it with
//! SIGKILL at random points. The tests are long because every acknowledged insert is flushed to the disk.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use aurora_core::page::PageRequest;
use aurora_core::rng::Random;
use aurora_crm::clients::{ClientFilter, ClientId, NewClient};
use aurora_crm::companies::Cnpj;
use aurora_crm::testing::each_database;
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};

const ACKNOWLEDGED: usize = 1_000;
const URL: &str = "AURORA_KILL_TEST_URL";
const WORKSPACE: &str = "AURORA_KILL_TEST_WORKSPACE";
const FIRST: &str = "AURORA_KILL_TEST_FIRST";
/// How many inserts the child has under way at once.
const AT_ONCE: u32 = 4;

#[tokio::test]
async fn sigkill_loses_no_acknowledged_client() {
    each_database(|db| async move {
        let crm = Crm::builder(db.database.clone()).build().await.unwrap();
        let workspace = crm
            .workspaces()
            .create(NewWorkspace::new(WorkspaceKind::Company, "Kill"))
            .await
            .unwrap();
        let context = Context::new(workspace.id, "test");
        // Nobody else may hold the file, or SQLite would not have to recover its log after a kill.
        crm.database().close().await;
        let random = Random::seeded(20_261_120);
        let (mut acknowledged, mut kills) = (BTreeSet::new(), 0_u32);
        while acknowledged.len() < ACKNOWLEDGED {
            let mut child = spawn(db.url.expose(), &workspace.id.to_string(), kills * 100_000);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let wanted = acknowledged.len() + usize::try_from(20 + random.below(150)).unwrap();
            for id in lines
                .map_while(|line| line.ok())
                .filter_map(|line| line.strip_prefix("ack ").map(str::to_owned))
            {
                acknowledged.insert(id.parse::<ClientId>().unwrap());
                if acknowledged.len() == wanted {
                    // SIGKILL; what the child had printed until then is still read and still counts
                    child.kill().unwrap();
                }
            }
            let status = child.wait().unwrap();
            assert!(!status.success(), "the child must end by the signal");
            assert!(
                acknowledged.len() >= wanted,
                "the child ended by itself: {status}"
            );
            kills += 1;
            let stored = stored(&Crm::open(db.url.clone()).await.unwrap(), &context).await;
            let lost: Vec<&ClientId> = acknowledged.difference(&stored).collect();
            assert!(
                lost.is_empty(),
                "after kill {kills}, {} of {} are lost",
                lost.len(),
                acknowledged.len()
            );
            // at most the inserts under way at each kill may be stored without having been acknowledged
            let unanswered = stored.len() - acknowledged.len();
            assert!(
                unanswered <= usize::try_from(kills * AT_ONCE).unwrap(),
                "{unanswered} after {kills} kills"
            );
        }
        assert!(kills >= 5, "{kills}");
        eprintln!("{} acknowledged, {kills} kills, none lost", acknowledged.len());
    })
    .await;
}

fn spawn(url: &str, workspace: &str, first: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "child_makes_clients_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(URL, url)
        .env(WORKSPACE, workspace)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn stored(crm: &Crm, context: &Context) -> BTreeSet<ClientId> {
    let (mut ids, mut request) = (BTreeSet::new(), PageRequest::first(200));
    loop {
        let page = crm
            .clients()
            .list(context, &ClientFilter::all(), &request)
            .await
            .unwrap();
        ids.extend(page.items.iter().map(|client| client.id));
        let Some(next) = page.next else { break };
        request = PageRequest::first(200).after(next);
    }
    crm.database().close().await;
    ids
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells the child what to do"
)]
fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Not a test of its own: the child process of the test above.
#[tokio::test]
#[ignore = "started by sigkill_loses_no_acknowledged_client"]
async fn child_makes_clients_until_it_is_killed() {
    let crm = Crm::open(told(URL)).await.unwrap();
    let context = Context::new(told(WORKSPACE).parse().unwrap(), "child");
    let first: u32 = told(FIRST).parse().unwrap();
    // The test harness has begun a line of its own.
    println!();
    futures::future::join_all((0..AT_ONCE).map(|lane| {
        let (crm, context) = (&crm, &context);
        async move {
            for number in (first + lane..).step_by(usize::try_from(AT_ONCE).unwrap()) {
                let cnpj = Cnpj::from_base(&format!("{number:08}0001")).unwrap();
                let new = NewClient::company(format!("Company {number}")).cnpj(cnpj.plain());
                let client = crm.clients().create(context, new).await.unwrap();
                let mut out = std::io::stdout().lock();
                writeln!(out, "ack {}", client.id).unwrap();
                out.flush().unwrap();
            }
        }
    }))
    .await;
}
