//! How much memory a CSV file takes that is read. The allocator of this test program counts, per thread.
#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

use std::io;
use std::pin::Pin;
use std::task::{Context as Waker, Poll};

use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::clients::csv::{ImportId, ImportOptions, ImportReport, ImportWatch};
use aurora_crm::companies::Cnpj;
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora_crm::{Context, Crm};
use tokio::io::{AsyncRead, ReadBuf};

/// A file that is made while it is read, and never held.
struct Generated {
    rows: u32,
    next: u32,
    padding: usize,
    with_cnpj: bool,
    line: Vec<u8>,
    at: usize,
}

impl Generated {
    fn new(rows: u32, padding: usize, with_cnpj: bool) -> Self {
        let line = "Razão social;CNPJ;Telefone;Observação\n".into();
        Self {
            rows,
            next: 0,
            padding,
            with_cnpj,
            line,
            at: 0,
        }
    }
}

impl AsyncRead for Generated {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Waker<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.at == self.line.len() && self.next < self.rows {
            self.next += 1;
            let n = self.next;
            let cnpj = if self.with_cnpj {
                Cnpj::from_base(&format!("{n:08}0001")).unwrap().to_string()
            } else {
                String::new()
            };
            self.line = format!(
                "Cliente {n} Ltda;{cnpj};(11) 98765-4321;{}\n",
                "x".repeat(self.padding)
            )
            .into();
            self.at = 0;
        }
        let rest = &self.line[self.at..];
        let count = rest.len().min(buffer.remaining());
        buffer.put_slice(&rest[..count]);
        self.at += count;
        Poll::Ready(Ok(()))
    }
}

async fn house(url: &str) -> (Crm, Context) {
    let crm = Crm::open(url).await.unwrap();
    let new = NewWorkspace::new(WorkspaceKind::Company, "House");
    let context = Context::new(crm.workspaces().create(new).await.unwrap().id, "test");
    (crm, context)
}

/// The most bytes that were live on the thread while a dry run read `rows` rows of a kilobyte.
fn most_bytes(rows: u32) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (crm, context) = runtime.block_on(house("sqlite::memory:"));
    let options = ImportOptions::new().batch_rows(100);
    let mut report: Option<ImportReport> = None;
    let used = allocation_counter::measure(|| {
        let imports = crm.clients().imports();
        // Without identities nothing goes to the database's thread, and the counter sees both ends of each allocation.
        let file = Generated::new(rows, 1_000, false);
        report = runtime
            .block_on(imports.dry_run(&context, file, &options, ImportWatch::new()))
            .ok();
    });
    let counts = report.unwrap().counts;
    assert_eq!((counts.created, counts.refused), (u64::from(rows), 0));
    used.bytes_max
}

#[test]
fn a_file_takes_the_same_memory_however_long_it_is() {
    let (five, ten) = (most_bytes(5_000), most_bytes(10_000));
    assert!(five < 1_500_000, "{five} bytes for a file of 5 MB");
    assert!(
        ten < five + 128_000,
        "{ten} bytes for a file of 10 MB, {five} for one of 5 MB"
    );
}

/// Prints what it took. Twice the same file: the second time everything is known already.
#[test]
#[ignore = "takes minutes in a debug build; run it with --release"]
fn a_hundred_thousand_rows_are_imported() {
    let rows: u32 = 100_000;
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (crm, context) = house(&format!("sqlite:{}", folder.path().join("crm.db").display())).await;
        let (imports, options) = (crm.clients().imports(), ImportOptions::new());
        for expected in [(rows, 0), (0, rows)] {
            let id = ImportId::new(SystemClock.now());
            let (began, before) = (SystemClock.elapsed(), resident());
            let file = Generated::new(rows, 100, true);
            let report = imports
                .run(&context, id, file, &options, ImportWatch::new())
                .await
                .unwrap();
            let counts = report.counts;
            assert_eq!(
                (counts.created, counts.skipped),
                (u64::from(expected.0), u64::from(expected.1))
            );
            let seconds = SystemClock.elapsed().saturating_sub(began).as_secs_f64();
            println!(
                "{rows} rows in {seconds:.1} s, resident {before} to {} KiB",
                resident()
            );
            // the database's own cache of pages is part of it
            assert!(resident() < before + 128 * 1024);
        }
    });
}

/// KiB of memory that the process holds; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
