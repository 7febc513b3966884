use std::time::Duration;

use aurora_core::secret::Secret;
use object_store::aws::AmazonS3Builder;
use object_store::{ClientOptions, RetryConfig};

use super::object::{ObjectBlobs, failure};
use super::{BlobError, BlobErrorKind};

/// The bytes of a part: S3 takes 10,000 of them, so up to 78 GiB.
const PART: usize = 8 * 1024 * 1024;
/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long to wait for the answer to a request, its part included, and between two pieces of an answer.
const READ: Duration = Duration::from_secs(60);
/// How often, and for how long, a request is tried again.
const RETRIES: usize = 3;
const RETRY_FOR: Duration = Duration::from_secs(90);

/// A bucket of Amazon S3, or of what speaks its protocol: MinIO, Cloudflare R2, Garage, Ceph.
///
/// The account needs `s3:GetObject`, `s3:PutObject`, `s3:DeleteObject` and `s3:AbortMultipartUpload` on the bucket,
/// which is to be private. A process that dies in the middle of a large upload leaves parts that only a rule of the
/// bucket removes: `AbortIncompleteMultipartUpload`, one day
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html>).
///
/// # Examples
/// ```
/// use aurora_crm::files::S3;
///
/// let blobs = S3::new("clinic-files", "sa-east-1", "AKIDEXAMPLE", "the secret of the key").open()?;
/// # Ok::<(), aurora_crm::files::BlobError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "call `open` to use the bucket"]
pub struct S3 {
    bucket: String,
    region: String,
    access_key: String,
    secret_key: Secret,
    endpoint: Option<String>,
    clear: bool,
}

impl S3 {
    /// A bucket in a region, with the key of an account that may use it.
    pub fn new(
        bucket: impl Into<String>,
        region: impl Into<String>,
        access_key: impl Into<String>,
        secret_key: impl Into<Secret>,
    ) -> Self {
        Self {
            bucket: bucket.into(),
            region: region.into(),
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            endpoint: None,
            clear: false,
        }
    }

    /// The address of a server other than Amazon's, such as `https://minio.example.com`; the bucket stands in the path.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = Some(url.into());
        self
    }

    /// Whether the endpoint may be `http`, which anybody on the way can read; no unless told. For a server on the same
    /// machine.
    pub const fn allow_http(mut self, allow: bool) -> Self {
        self.clear = allow;
        self
    }

    /// Checks the settings; nothing is asked of the server yet.
    ///
    /// # Errors
    /// When a setting is missing or cannot be used.
    pub fn open(self) -> Result<ObjectBlobs, BlobError> {
        let empty = [&self.bucket, &self.region, &self.access_key]
            .iter()
            .any(|text| text.trim().is_empty());
        // Without a key the library would look for one in the machine's surroundings.
        if empty || self.secret_key.expose().is_empty() {
            return Err(
                BlobError::new(BlobErrorKind::Denied).because("bucket, region and key must not be empty")
            );
        }
        let client = ClientOptions::new()
            .with_allow_http(self.clear)
            .with_connect_timeout(CONNECT)
            .with_read_timeout(READ)
            // One for a whole answer would cut the download of a large file.
            .with_timeout_disabled();
        let retry = RetryConfig {
            max_retries: RETRIES,
            retry_timeout: RETRY_FOR,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(self.bucket)
            .with_region(self.region)
            .with_access_key_id(self.access_key)
            .with_secret_access_key(self.secret_key.expose())
            // Not every server has the request that deletes several.
            .with_disable_bulk_delete(true)
            .with_client_options(client)
            .with_retry(retry);
        if let Some(endpoint) = self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        Ok(ObjectBlobs::bucket(builder.build().map_err(failure)?, PART))
    }
}
