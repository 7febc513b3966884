//! Walking along a chain: pure, one entry at a time, in constant memory.

#[cfg(feature = "access")]
use aurora_core::access::jwt::KeyRing;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::{AuditEntry, AuditHash};
#[cfg(feature = "access")]
use super::statement::SignedCheckpoint;
use crate::workspaces::WorkspaceId;

/// Where a chain ended at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Whose chain.
    pub workspace: WorkspaceId,
    /// The number of its last entry.
    pub seq: i64,
    /// The hash of its last entry.
    pub hash: AuditHash,
    /// When that was so.
    pub at: Timestamp,
}

/// What is known about chains besides what is to be verified: checkpoints that were kept elsewhere, and where to begin.
///
/// Checkpoints of other workspaces are passed over, so that those of the whole installation can be given.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    start: Option<Checkpoint>,
    checkpoints: Vec<Checkpoint>,
    is_forged: bool,
}

impl Evidence {
    /// Nothing: the chain alone is verified, from its first entry.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Begins at the entry of this checkpoint instead of the first; what lies before is taken as it is.
    #[must_use]
    pub fn starting_at(mut self, checkpoint: Checkpoint) -> Self {
        self.checkpoints.push(checkpoint.clone());
        self.start = Some(checkpoint);
        self
    }

    /// Also holds the chain against these, in any order.
    #[must_use]
    pub fn checkpoints(mut self, checkpoints: impl IntoIterator<Item = Checkpoint>) -> Self {
        self.checkpoints.extend(checkpoints);
        self
    }

    /// Also holds the chain against these, in any order, as far as a key of `ring` has signed them; one that none has
    /// signed is [`FaultKind::BadCheckpoint`]. The ring has every key that ever signed checkpoints.
    #[cfg(feature = "access")]
    #[must_use]
    pub fn signed<'a>(
        mut self,
        statements: impl IntoIterator<Item = &'a SignedCheckpoint>,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Self {
        for statement in statements {
            match statement.open(ring, now) {
                Ok(checkpoint) => self.checkpoints.push(checkpoint),
                Err(_) => self.is_forged = true,
            }
        }
        self
    }

    pub(super) fn start_of(&self, workspace: WorkspaceId) -> Option<&Checkpoint> {
        self.start.as_ref().filter(|start| start.workspace == workspace)
    }
}

/// What became of a verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// How many entries are as they were written.
    pub entries: u64,
    /// The number of the last of them; 0 when there is none.
    pub last_seq: i64,
    /// The hash of the last of them.
    pub head: AuditHash,
    /// The first thing that is wrong; `None` when the chain is whole.
    pub fault: Option<Fault>,
}

impl Verification {
    /// Whether the chain is whole.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.fault.is_none()
    }
}

/// The first thing that is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The number of the entry that is wrong or missing; 0 when it is none of the chain's entries.
    pub seq: i64,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What can be wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FaultKind {
    /// The entry does not have the form of one.
    Unreadable,
    /// The entry is of another chain.
    OtherWorkspace,
    /// The entry is not there, and later ones are.
    Gap,
    /// The entry stands where one with a higher number belongs: it is there twice, or was moved.
    OutOfOrder,
    /// The entry follows another one than that before it.
    WrongPrevious,
    /// A field of the entry is not as it was written.
    HashMismatch,
    /// The entry is not the one that was signed: it and all after it were written anew.
    Rewritten,
    /// The chain has entries, and its end is not recorded.
    MissingHead,
    /// The chain ends with another entry than its recorded end says.
    WrongHead,
    /// The chain ends before an entry that was there: entries were removed from its end, or the database was set back.
    Truncated,
    /// A checkpoint has a signature that no known key has made.
    BadCheckpoint,
}

impl FaultKind {
    /// A word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::OtherWorkspace => "other_workspace",
            Self::Gap => "gap",
            Self::OutOfOrder => "out_of_order",
            Self::WrongPrevious => "wrong_previous",
            Self::HashMismatch => "hash_mismatch",
            Self::Rewritten => "rewritten",
            Self::MissingHead => "missing_head",
            Self::WrongHead => "wrong_head",
            Self::Truncated => "truncated",
            Self::BadCheckpoint => "bad_checkpoint",
        }
    }
}

/// Verifies an export (see [`AuditFormat::JsonLines`](super::AuditFormat::JsonLines)) of one chain, without a database.
///
/// An export from the middle of a chain needs [`Evidence::starting_at`]. One that stops before the end of the chain is
/// told from a whole one only by a checkpoint that lies after it.
///
/// # Examples
/// ```
/// use aurora_crm::audit::{AuditHash, Evidence, FaultKind, verify_lines};
/// use aurora_crm::workspaces::WorkspaceId;
/// use aurora_core::time::Timestamp;
///
/// let chain = WorkspaceId::new(Timestamp::UNIX_EPOCH);
/// assert_eq!(verify_lines(chain, &Evidence::none(), [""; 0]).head, AuditHash::GENESIS);
/// let fault = verify_lines(chain, &Evidence::none(), ["{}"]).fault.map(|fault| (fault.seq, fault.kind));
/// assert_eq!(fault, Some((1, FaultKind::Unreadable)));
/// ```
pub fn verify_lines(
    chain: WorkspaceId,
    evidence: &Evidence,
    lines: impl IntoIterator<Item = impl AsRef<str>>,
) -> Verification {
    let mut walk = Walk::new(chain, evidence);
    for line in lines {
        let step = match serde_json::from_str::<AuditEntry>(line.as_ref()) {
            Ok(entry) => walk.entry(&entry),
            Err(_) => Err(walk.unreadable()),
        };
        if step.is_err() {
            break;
        }
    }
    walk.finish(None)
}

/// The walk has met something that is wrong and is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopped;

/// What the database says about the end of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordedEnd {
    pub(super) head: Option<(i64, AuditHash)>,
}

/// A walk along one chain.
#[derive(Debug)]
pub(super) struct Walk {
    workspace: WorkspaceId,
    /// In the order of their numbers, the next one last.
    checkpoints: Vec<Checkpoint>,
    is_forged: bool,
    next: i64,
    /// `None` before the first entry of a walk that begins in the middle.
    previous: Option<AuditHash>,
    so_far: Verification,
}

impl Walk {
    pub(super) fn new(workspace: WorkspaceId, evidence: &Evidence) -> Self {
        let start = evidence.start_of(workspace);
        let first = start.map_or(1, |start| start.seq);
        let mut checkpoints: Vec<Checkpoint> = evidence
            .checkpoints
            .iter()
            .filter(|it| it.workspace == workspace && it.seq >= first)
            .cloned()
            .collect();
        checkpoints.sort_by_key(|it| std::cmp::Reverse(it.seq));
        Self {
            workspace,
            checkpoints,
            is_forged: evidence.is_forged,
            next: first,
            previous: start.is_none().then_some(AuditHash::GENESIS),
            so_far: Verification {
                entries: 0,
                last_seq: first.saturating_sub(1),
                head: AuditHash::GENESIS,
                fault: None,
            },
        }
    }

    pub(super) fn entry(&mut self, entry: &AuditEntry) -> Result<(), Stopped> {
        if entry.workspace != self.workspace {
            return Err(self.stop(self.next, FaultKind::OtherWorkspace));
        }
        if entry.seq > self.next {
            return Err(self.stop(self.next, FaultKind::Gap));
        }
        if entry.seq < self.next {
            return Err(self.stop(entry.seq, FaultKind::OutOfOrder));
        }
        if self
            .previous
            .is_some_and(|previous| previous != entry.previous_hash)
        {
            return Err(self.stop(entry.seq, FaultKind::WrongPrevious));
        }
        if entry.expected_hash() != entry.hash {
            return Err(self.stop(entry.seq, FaultKind::HashMismatch));
        }
        while let Some(checkpoint) = self.checkpoints.pop_if(|it| it.seq <= entry.seq) {
            if checkpoint.hash != entry.hash {
                return Err(self.stop(entry.seq, FaultKind::Rewritten));
            }
        }
        self.previous = Some(entry.hash);
        self.next = entry.seq.saturating_add(1);
        self.so_far.entries += 1;
        self.so_far.last_seq = entry.seq;
        self.so_far.head = entry.hash;
        Ok(())
    }

    /// What stands where the next entry belongs cannot be read.
    pub(super) const fn unreadable(&mut self) -> Stopped {
        self.stop(self.next, FaultKind::Unreadable)
    }

    const fn stop(&mut self, seq: i64, kind: FaultKind) -> Stopped {
        self.so_far.fault = Some(Fault { seq, kind });
        Stopped
    }

    /// The result, once there are no more entries; `end` is what the database says about it.
    pub(super) fn finish(mut self, end: Option<RecordedEnd>) -> Verification {
        let last = self.so_far.last_seq;
        let mut found = self.so_far.fault.map(|fault| (fault.seq, fault.kind));
        if found.is_none() && !self.checkpoints.is_empty() {
            found = Some((self.next, FaultKind::Truncated));
        }
        if let (None, Some(end)) = (found, end) {
            found = match end.head {
                Some((seq, _)) if seq > last => Some((self.next, FaultKind::Truncated)),
                Some((seq, hash)) if seq < last || hash != self.so_far.head => {
                    Some((last, FaultKind::WrongHead))
                }
                None if self.so_far.entries > 0 => Some((last, FaultKind::MissingHead)),
                _ => None,
            };
        }
        if found.is_none() && self.is_forged {
            found = Some((0, FaultKind::BadCheckpoint));
        }
        self.so_far.fault = found.map(|(seq, kind)| Fault { seq, kind });
        self.so_far
    }
}
