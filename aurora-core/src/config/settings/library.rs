//! What a house keeps: files, knowledge, webhooks, backups.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::narrowing::{
    API_KEY, BACKUP_EVERY, DIMENSIONS, FILE_BYTES, HTTP_URL, KEEP, POSTGRES_URL, QUOTA_BYTES,
};
use crate::config::setting::section;
use crate::secret::Secret;

section! {
    /// Where uploaded files lie, and how large they may be.
    Files at "files." {
        /// Folder of the files; when neither it nor a bucket is set, `files` in `server.data_dir`. Several servers need the
        /// same one, or a bucket.
        folder: Option<PathBuf>;
        /// Largest file in bytes.
        max_bytes: u64 = "26214400", only FILE_BYTES;
        /// Most bytes that a workspace may store; equal contents count once.
        quota_bytes: u64 = "5368709120", only QUOTA_BYTES;
        /// Longest time that sending a file may take.
        upload_time: Duration = "1h";
        /// Bucket of Amazon S3, or of what speaks its protocol, in place of the folder.
        s3_bucket: Option<String>;
        /// Region of the bucket.
        s3_region: String = "us-east-1";
        /// Address of a server other than Amazon's, such as MinIO; the bucket stands in the path.
        s3_endpoint: Option<String>, only HTTP_URL;
        /// Name of the key that may use the bucket.
        s3_access_key: Option<String>;
        /// That key.
        s3_secret_key: Option<Secret>, only API_KEY;
        /// Whether the endpoint may be `http`, which anybody on the way can read.
        s3_allow_http: bool = "false";
    }
}

section! {
    /// How documents are searched.
    Knowledge at "knowledge." {
        /// Provider whose model turns passages into vectors, which is sent every one of them: `openai`, `cohere`, `gemini`, or
        /// another configured one together with `knowledge.embedding_model`; `none` searches by words alone. When it is not
        /// set, the first of these three that is configured.
        embedding_provider: Option<String>;
        /// Its model; another one has everything embedded anew.
        embedding_model: Option<String>;
        /// How many numbers a vector of the model has; has to be set with a model of your own choice.
        embedding_dimensions: Option<u16>, only DIMENSIONS;
    }
}

section! {
    /// Events that workspaces have sent to addresses of their choice.
    Webhooks at "webhooks." {
        /// Whether they may go to addresses of the own network and over `http`: whoever may make a webhook then reaches
        /// every server that this one reaches.
        private_addresses: bool = "false";
    }
}

section! {
    /// Copies of the database, each restored as a test.
    Backup at "backup." {
        /// Folder of the backups, best on another disk; when it is not set, `backups` in `server.data_dir`.
        folder: Option<PathBuf>;
        /// How often a backup is made by itself; never when it is not set.
        every: Option<Duration>, only BACKUP_EVERY;
        /// How many of the last backups are kept.
        keep_last: u16 = "3", only KEEP;
        /// For how many days the last backup of each is kept.
        keep_daily: u16 = "7";
        /// For how many weeks the last backup of each is kept.
        keep_weekly: u16 = "5";
        /// For how many months the last backup of each is kept.
        keep_monthly: u16 = "12";
        /// The PostgreSQL of `database.url` as the role that makes backups: it reads every row (`bypassrls`,
        /// `pg_read_all_data`), and with `createdb` it also restores them as a test. PostgreSQL has no backups without it.
        postgres_url: Option<Secret>, from ["DATABASE_BACKUP_URL"], only POSTGRES_URL;
        /// PostgreSQL server on which backups are restored as a test; that of `backup.postgres_url` when it is not set.
        scratch_url: Option<Secret>, only POSTGRES_URL;
        /// Folder of `pg_dump` and `pg_restore`; when it is not set, they are looked for in `PATH`.
        tools: Option<PathBuf>;
    }
}
