//! Clients from a spreadsheet: what its columns are taken for, what is wrong with its rows, the import, and an export.
//!
//! ```sh
//! cargo run --example csv_import                                   # a file with mistakes, made for the purpose
//! cargo run --example csv_import -- --rows 100000
//! cargo run --example csv_import -- --file clientes.csv --database sqlite:crm.db
//! ```
//!
//! It needs no key, no network and no database server.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aurora::core::time::{Clock as _, SystemClock};
use aurora::crm::clients::ClientFilter;
use aurora::crm::clients::csv::{
    CustomKind, ExportOptions, ImportOptions, ImportReport, ImportWatch, Progress, Target,
};
use aurora::crm::companies::Cnpj;
use aurora::crm::workspaces::{NewWorkspace, WorkspaceKind};
use aurora::crm::{Context, Crm};
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("csv_import: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let (mut file, mut database, mut rows) = (
        None,
        format!("sqlite:{}", folder.path().join("crm.db").display()),
        2_000,
    );
    let mut arguments = std::env::args().skip(1).collect::<Vec<_>>().into_iter();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--file" => file = Some(PathBuf::from(value)),
            "--database" => database = value,
            "--rows" => rows = value.parse()?,
            _ => return Err(format!("{name} is not known; try --file, --database, --rows").into()),
        }
    }
    let file = match file {
        Some(file) => file,
        None => {
            let made = folder.path().join("clientes.csv");
            generate(&made, rows).await?;
            made
        }
    };
    let crm = Crm::open(database).await?;
    let new = NewWorkspace::new(WorkspaceKind::Company, "Vendas");
    let context = Context::new(crm.workspaces().create(new).await?.id, "example");
    let imports = crm.clients().imports();
    let options = ImportOptions::new()
        .total_bytes(std::fs::metadata(&file)?.len())
        .column(
            "Limite de crédito",
            Target::Custom {
                key: "credit_limit".to_owned(),
                kind: CustomKind::Number,
            },
        );

    let plan = imports.plan(File::open(&file).await?, &options).await?;
    println!(
        "plan       {:?}, {:?}",
        plan.dialect.encoding, plan.dialect.separator
    );
    for column in &plan.columns {
        println!("  {:>2} {:<24} {:?}", column.index, column.header, column.target);
    }

    let tried = imports
        .dry_run(&context, File::open(&file).await?, &options, ImportWatch::new())
        .await?;
    show("dry run", &tried);
    for error in tried.errors.iter().take(8) {
        let column = error.header.as_deref().unwrap_or("(the row)");
        println!(
            "  line {:<6} {column:<20} {:<14} {}",
            error.line, error.code, error.message
        );
    }
    for note in tried.notes.iter().take(2) {
        println!("  line {:<6} {:<20} {}", note.line, note.code, note.message);
    }

    let import = tried
        .file
        .ok_or("the dry run did not reach the end of the file")?
        .import_id();
    let began = SystemClock.elapsed();
    let mut last = 0;
    let mut progress = |progress: Progress| {
        let percent = progress.bytes * 100 / progress.total_bytes.unwrap_or(progress.bytes).max(1);
        if percent >= last + 20 {
            last = percent;
            println!("  {percent:>3} %  {} rows", progress.rows);
        }
        ControlFlow::Continue(())
    };
    let refused_path = folder.path().join("recusadas.csv");
    let mut refused = BufWriter::new(File::create(&refused_path).await?);
    let watch = ImportWatch::new().refused(&mut refused).progress(&mut progress);
    let done = imports
        .run(&context, import, File::open(&file).await?, &options, watch)
        .await?;
    show("import", &done);
    println!(
        "  took {:.1} s",
        SystemClock.elapsed().saturating_sub(began).as_secs_f64()
    );
    let text = std::fs::read_to_string(&refused_path)?;
    println!(
        "refused    {} rows with their reasons, such as",
        text.lines().count().saturating_sub(1)
    );
    for line in text.lines().take(2) {
        println!("  {line}");
    }

    let again = imports
        .run(
            &context,
            import,
            File::open(&file).await?,
            &options,
            ImportWatch::new(),
        )
        .await?;
    println!(
        "again      {} rows were settled already, nothing is done",
        again.resumed_after
    );

    let mut sink = BufWriter::new(File::create(folder.path().join("export.csv")).await?);
    let export = crm
        .clients()
        .export(&context, &ClientFilter::all(), ExportOptions::new());
    println!("export     {} clients", export.write_to(&mut sink).await?);
    Ok(())
}

fn show(what: &str, report: &ImportReport) {
    let counts = report.counts;
    println!(
        "{what:<10} {} rows: {} created, {} skipped, {} refused",
        counts.rows(),
        counts.created,
        counts.skipped,
        counts.refused
    );
}

/// A file as Excel writes it, of which every hundredth row has a mistake.
async fn generate(path: &Path, rows: u32) -> Result<(), Failure> {
    let mut file = BufWriter::new(File::create(path).await?);
    let header = "\u{feff}Razão Social;CNPJ;E-mail;Telefone;Cidade;UF;Limite de crédito;Observação\r\n";
    file.write_all(header.as_bytes()).await?;
    for n in 1..=rows {
        let cnpj = Cnpj::from_base(&format!("{n:08}0001"))?;
        // what a spreadsheet makes of a number
        let plain = cnpj.plain().trim_start_matches('0');
        let (email, phone, uf) = match n % 100 {
            7 => ("sem arroba".to_owned(), "(11) 98765-4321", "SP"),
            42 => (format!("c{n}@example.com.br"), "98765-4321", "XX"),
            _ => (format!("c{n}@example.com.br"), "(11) 98765-4321", "SP"),
        };
        let row = format!("Cliente {n} Ltda;{plain};{email};{phone};São Paulo;{uf};1.000,50;\r\n");
        file.write_all(row.as_bytes()).await?;
        if n % 500 == 0 {
            file.write_all(row.as_bytes()).await?;
        }
    }
    file.flush().await?;
    Ok(())
}
