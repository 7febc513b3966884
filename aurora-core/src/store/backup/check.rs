//! Whether backups are made.

use std::time::Duration;

use async_trait::async_trait;

use super::Backups;
use crate::health::{HealthCheck, HealthError};

/// Whether there is a verified backup that is young enough, under the name `backup`. Never worse than degraded: the
/// application works without.
///
/// It reads the manifests in the folder and asks no database.
#[derive(Debug)]
pub struct BackupCheck {
    backups: Backups,
    oldest: Duration,
}

impl BackupCheck {
    /// A check that the last verified backup was begun at most `oldest` ago; a little more than the period.
    #[must_use]
    pub const fn new(backups: Backups, oldest: Duration) -> Self {
        Self { backups, oldest }
    }
}

#[async_trait]
impl HealthCheck for BackupCheck {
    fn name(&self) -> &str {
        "backup"
    }

    async fn check(&self) -> Result<(), HealthError> {
        let listing = self.backups.list().await;
        let listing = listing.map_err(|_| HealthError::degraded("the backups cannot be read"))?;
        let verified = listing.backups.iter().find(|backup| backup.is_verified());
        let Some(newest) = verified else {
            return Err(HealthError::degraded("there is no verified backup"));
        };
        if self.backups.inner.clock.now().since(newest.started_at) > self.oldest {
            return Err(HealthError::degraded("the last verified backup is too old"));
        }
        Ok(())
    }
}
