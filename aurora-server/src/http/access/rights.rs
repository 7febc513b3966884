//! Rights that belong to the server and not to the CRM.

use std::collections::BTreeMap;

use aurora_core::access::policy::{Permission, Policy, PolicyError, PolicySource};
use aurora_crm::workspaces::Role;

aurora_core::permissions! {
    /// What can be allowed beside the permissions of the CRM.
    pub(crate) enum Right {
        /// Ask models, which costs money.
        LlmUse => "llm:use",
        /// See usage and cost of the workspace.
        LlmRead => "llm:read",
        /// See usage and cost of every workspace.
        UsageRead => "usage:read",
        /// Set budgets, limits and models of keys.
        LlmWrite => "llm:write",
        /// See how the server is doing: traffic, targets, health.
        StatusRead => "status:read",
        /// See what happens in the workspace, as it happens.
        EventRead => "event:read",
        /// Clear measurements, reset circuits.
        OperationWrite => "operation:write",
        /// Read the metrics.
        MetricsRead => "metrics:read",
        /// See alerts, rules, silences, history and deliveries.
        AlertRead => "alert:read",
        /// Acknowledge, silence and post alerts, change rules.
        AlertWrite => "alert:write",
        /// Send notifications and tests.
        NotificationSend => "notification:send",
    }
}

impl Right {
    /// Whether a key of the first workspace has it over the whole installation: all but what is done within a workspace.
    pub(crate) const fn is_wide(self) -> bool {
        !matches!(self, Self::LlmUse | Self::LlmRead | Self::LlmWrite)
    }

    /// Whether only routes of the whole installation take it, so that roles of a workspace do not reach it.
    pub(crate) const fn is_of_installation(self) -> bool {
        self.is_wide() && !matches!(self, Self::EventRead)
    }
}

/// What each role of a workspace may do of it there.
pub(crate) fn policy() -> Result<Policy<Right>, PolicyError> {
    let names = |rights: &[Right]| rights.iter().map(|it| it.as_str().to_owned()).collect();
    let roles: BTreeMap<String, Vec<String>> = Role::ALL
        .into_iter()
        .map(|role| (role.as_str().to_owned(), names(granted(role))))
        .collect();
    Policy::check(PolicySource {
        version: 1,
        roles,
        step_up: BTreeMap::new(),
    })
}

const fn granted(role: Role) -> &'static [Right] {
    match role {
        Role::Owner | Role::Admin => Right::ALL,
        Role::Manager => &[Right::LlmUse, Right::LlmRead],
        Role::Agent | Role::Professional => &[Right::LlmUse],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::access::policy::Permission as _;

    use super::Right;
    use crate::http::access::Access;

    /// What is missing here lets owners of the first workspace hand out keys to the whole installation.
    #[test]
    fn whatever_opens_the_installation_is_wide() {
        let mut seen = 0;
        for access in crate::http::accesses() {
            if let Access::Installation(right) | Access::Nearby(right) = access {
                assert!(right.is_wide(), "{right:?}");
                seen += 1;
            }
        }
        assert!(seen > 10, "{seen}");
    }

    /// What is wrong here tells somebody of a right that every route refuses them.
    #[test]
    fn rights_are_of_the_installation_or_of_a_workspace() {
        let accesses: Vec<Access> = crate::http::accesses().collect();
        for right in Right::ALL {
            let is_within = accesses.contains(&Access::Server(*right));
            assert_eq!(right.is_of_installation(), !is_within, "{right:?}");
        }
    }
}
