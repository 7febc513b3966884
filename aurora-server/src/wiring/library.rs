//! What a house keeps: files and their links, knowledge, webhooks, what the LGPD asks for, backups.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::config::Settings;
use aurora_core::http::Egress;
use aurora_core::store::backup::{Backups, BackupsBuilder, Keep, Schedule};
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::files::{FileLimits, FileLinks, Files, ObjectBlobs, S3};
use aurora_crm::knowledge::{Knowledge, LlmEmbedder};
use aurora_crm::privacy::Privacy;
use aurora_crm::webhooks::Webhooks;
use aurora_llm::{LlmClient, setup};

use super::storage::HISTORIES;
use crate::error::{Error, ErrorKind};
use crate::http::{Doors, Keys};

/// Models that turn texts into vectors, and how long those are: taken where the settings name no other.
const EMBEDDERS: [(&str, &str, u16); 3] = [
    ("openai", "text-embedding-3-small", 1_536),
    ("cohere", "embed-v4.0", 1_536),
    ("gemini", "gemini-embedding-001", 3_072),
];
const NO_EMBEDDER: &str = "none";
/// At most how much later than due a backup begins.
const BACKUP_JITTER: Duration = Duration::from_secs(60);

/// The parts of the library; a cheap handle.
#[derive(Clone)]
pub(crate) struct Library {
    pub(crate) files: Files,
    pub(crate) links: FileLinks,
    pub(crate) knowledge: Knowledge,
    /// What turns passages into vectors; `None` where words alone are compared.
    pub(crate) embedding: Option<Embedding>,
    pub(crate) webhooks: Webhooks,
    pub(crate) privacy: Privacy,
    pub(crate) backups: Backups,
    /// When backups are made by themselves.
    pub(crate) schedule: Option<Schedule>,
}

/// A model that turns texts into vectors.
#[derive(Debug, Clone)]
pub(crate) struct Embedding {
    pub(crate) embedder: LlmEmbedder,
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) dimensions: u16,
}

impl Library {
    /// The library of an app. Without files of its own the app keeps them in memory.
    ///
    /// # Errors
    /// `Settings` when a setting is out of its range.
    pub(crate) fn new(
        crm: &Crm,
        (doors, keys): (&Doors, &Keys),
        settings: &Settings,
        clock: &Arc<dyn Clock>,
        (files, embedding): (Option<Files>, Option<Embedding>),
    ) -> Result<Self, Error> {
        let wrong = |what: &'static str| {
            move |source: aurora_crm::Error| Error::new(ErrorKind::Settings, what).caused_by(source)
        };
        let files = files.unwrap_or_else(|| crm.files(ObjectBlobs::memory()).limits(limits(settings)));
        let mut knowledge = crm.knowledge();
        if let Some(embedding) = &embedding {
            knowledge = knowledge.embedder(embedding.embedder.clone());
        }
        let mut webhooks = crm.webhooks(keys.sealer.clone());
        if settings.webhooks.private_addresses {
            webhooks = webhooks.egress(Egress::Any).allow_http();
        }
        Ok(Self {
            privacy: crm
                .privacy()
                .files(files.clone())
                .accounts(doors.accounts().clone()),
            files,
            links: keys.files.clone(),
            knowledge: knowledge.build().map_err(wrong("knowledge cannot be set up"))?,
            embedding,
            webhooks: webhooks.build().map_err(wrong("webhooks cannot be set up"))?,
            backups: backups(settings, None)
                .clock(Arc::clone(clock))
                .build()
                .map_err(|source| {
                    Error::new(ErrorKind::Settings, "backups cannot be set up").caused_by(source)
                })?,
            schedule: schedule(settings),
        })
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("files", &self.files)
            .field("backups", &self.backups)
            .finish_non_exhaustive()
    }
}

/// Files where the settings want them: in a bucket, or in a folder.
pub(super) fn files(settings: &Settings, crm: &Crm) -> Result<Files, Error> {
    let own = &settings.files;
    let refused = |what: &'static str| {
        move |source: aurora_crm::files::BlobError| Error::new(ErrorKind::Storage, what).caused_by(source)
    };
    let blobs = match (&own.s3_bucket, &own.s3_access_key, &own.s3_secret_key) {
        (Some(bucket), Some(name), Some(key)) => {
            let mut s3 = S3::new(bucket, &own.s3_region, name, key.clone()).allow_http(own.s3_allow_http);
            if let Some(endpoint) = &own.s3_endpoint {
                s3 = s3.endpoint(endpoint);
            }
            s3.open()
                .map_err(refused("the bucket of the files cannot be used"))?
        }
        _ => ObjectBlobs::disk(files_folder(settings))
            .map_err(refused("the folder of the files cannot be used"))?,
    };
    Ok(crm.files(blobs).limits(limits(settings)))
}

/// Where files lie that are in no bucket.
pub(crate) fn files_folder(settings: &Settings) -> PathBuf {
    let own = settings.files.folder.clone();
    own.unwrap_or_else(|| settings.server.data_dir.join("files"))
}

fn limits(settings: &Settings) -> FileLimits {
    FileLimits::default()
        .max_size(settings.files.max_bytes)
        .quota(settings.files.quota_bytes)
        .upload_time(settings.files.upload_time)
}

/// The model that turns passages into vectors: the one that the settings name, or the first that is configured.
pub(super) fn embedding(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<Option<Embedding>, Error> {
    let own = &settings.knowledge;
    let wrong = |source: aurora_llm::Error| {
        Error::new(ErrorKind::Settings, "the model of knowledge cannot be set up").caused_by(source)
    };
    let named = own.embedding_provider.as_deref();
    if named == Some(NO_EMBEDDER) {
        return Ok(None);
    }
    let chosen = match (named, &own.embedding_model, own.embedding_dimensions) {
        (Some(provider), Some(model), Some(dimensions)) => vec![(provider, model.as_str(), dimensions)],
        _ => EMBEDDERS
            .into_iter()
            .filter(|(provider, ..)| named.is_none_or(|named| named == *provider))
            .collect(),
    };
    for (provider, model, dimensions) in chosen {
        if let Some(target) = setup::embeddings(&settings.llm, provider, model, clock).map_err(wrong)? {
            let client = LlmClient::builder().clock(Arc::clone(clock)).target(target);
            let client = client.build().map_err(wrong)?;
            return Ok(Some(Embedding {
                embedder: LlmEmbedder::new(client, model, dimensions),
                provider: provider.to_owned(),
                model: model.to_owned(),
                dimensions,
            }));
        }
    }
    match named {
        None => Ok(None),
        Some(name) => Err(Error::new(
            ErrorKind::Settings,
            format!(
                "knowledge.embedding_provider names {name}, which is not configured or has no model of its own"
            ),
        )),
    }
}

/// The backups of the settings, for the server and the command line alike; in `folder` where somebody names another.
pub(crate) fn backups(settings: &Settings, folder: Option<PathBuf>) -> BackupsBuilder {
    let own = &settings.backup;
    let folder = folder.or_else(|| own.folder.clone());
    let folder = folder.unwrap_or_else(|| settings.server.data_dir.join("backups"));
    let mut builder = Backups::builder(folder).migrations(HISTORIES);
    if let Some(url) = &own.postgres_url {
        builder = builder.postgres_url(url.clone());
    }
    if let Some(url) = &own.scratch_url {
        builder = builder.scratch_url(url.clone());
    }
    if let Some(folder) = &own.tools {
        builder = builder.tools(folder);
    }
    builder
}

fn schedule(settings: &Settings) -> Option<Schedule> {
    let own = &settings.backup;
    let every = own.every?;
    let keep = Keep::last(own.keep_last.into())
        .daily(own.keep_daily.into())
        .weekly(own.keep_weekly.into())
        .monthly(own.keep_monthly.into());
    Some(Schedule::every(every).jitter(BACKUP_JITTER.min(every)).keep(keep))
}

#[cfg(test)]
mod tests {
    use aurora_core::config::Loader;
    use aurora_core::time::SystemClock;
    use aurora_crm::Context;
    use aurora_crm::knowledge::{Content, DocumentStatus, NewDocument};

    use super::*;

    fn settings(set: &[(&'static str, &str)]) -> Settings {
        let set = set.iter().map(|(key, value)| (*key, (*value).to_owned()));
        Loader::new().overrides(set).load().unwrap().settings().clone()
    }

    fn model(set: &[(&'static str, &str)]) -> Result<Option<(String, String, u16)>, Error> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let found = embedding(&settings(set), &clock)?;
        Ok(found.map(|it| (it.provider, it.model, it.dimensions)))
    }

    #[test]
    fn the_first_provider_that_embeds_does_unless_the_settings_say_otherwise() {
        let openai = ("llm.openai_api_key", "sk-1");
        let own = ("llm.ollama_base_url", "http://127.0.0.1:11434");
        assert_eq!(
            model(&[]).unwrap(),
            None,
            "the simulated provider does not by itself"
        );
        assert_eq!(model(&[("llm.anthropic_api_key", "sk-2")]).unwrap(), None);
        let found = model(&[("llm.cohere_api_key", "c"), openai]).unwrap().unwrap();
        assert_eq!((found.0.as_str(), found.2), ("openai", 1_536));
        assert_eq!(
            model(&[openai, ("knowledge.embedding_provider", "none")]).unwrap(),
            None
        );
        let chosen = [
            openai,
            own,
            ("knowledge.embedding_provider", "ollama"),
            ("knowledge.embedding_model", "nomic-embed-text"),
            ("knowledge.embedding_dimensions", "768"),
        ];
        let found = model(&chosen).unwrap().unwrap();
        assert_eq!(found, ("ollama".to_owned(), "nomic-embed-text".to_owned(), 768));
        let missing = model(&[openai, ("knowledge.embedding_provider", "gemini")]).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Settings);
    }

    #[tokio::test]
    async fn documents_get_their_vectors_and_files_lie_in_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&[
            ("server.data_dir", folder.path().to_str().unwrap()),
            ("knowledge.embedding_provider", "simulated"),
            ("knowledge.embedding_model", "words"),
            ("knowledge.embedding_dimensions", "256"),
        ]);
        let app = crate::App::build(settings).await.unwrap();
        let state = app.state().clone();
        let context = Context::new(state.workspace, "test");
        let knowledge = state.library.knowledge.clone();
        let new = NewDocument::new("Preços", Content::Text("A limpeza custa R$ 250".into()));
        let id = knowledge.ingest(&context, new).await.unwrap().document().id;
        let bound = app.listen("127.0.0.1:0".parse().unwrap()).await;
        let ready = async {
            while knowledge.get(&context, id).await.unwrap().status != DocumentStatus::Ready {
                state.clock.sleep(Duration::from_millis(20)).await;
            }
        };
        let limited = tokio::time::timeout(Duration::from_secs(60), ready);
        let stop = async { limited.await.expect("it has no vectors") };
        bound.unwrap().run(stop).await.unwrap();
        assert!(folder.path().join("files").is_dir());
    }

    #[tokio::test]
    async fn a_bucket_takes_the_place_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&[
            ("server.data_dir", folder.path().to_str().unwrap()),
            ("files.s3_bucket", "casa"),
            ("files.s3_endpoint", "http://127.0.0.1:9"),
            ("files.s3_allow_http", "true"),
            ("files.s3_access_key", "name"),
            ("files.s3_secret_key", "secret"),
        ]);
        let crm = Crm::open("sqlite::memory:").await.unwrap();
        files(&settings, &crm).unwrap();
        assert!(!folder.path().join("files").exists());
    }
}
