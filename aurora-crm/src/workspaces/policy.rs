//! Who may do what in a workspace.

use std::collections::BTreeMap;

use aurora_core::access::policy::{Permission as _, Policy, PolicyError, PolicySource, StepUp};

use super::members::{Role, Roles};

aurora_core::permissions! {
    /// What can be allowed in a workspace.
    pub enum CrmPermission {
        /// See clients.
        ClientRead => "client:read",
        /// Make and change clients.
        ClientWrite => "client:write",
        /// Delete and merge clients.
        ClientDelete => "client:delete",
        /// Import clients from files.
        ClientImport => "client:import",
        /// Take all clients out of the house.
        ClientExport => "client:export",
        /// See leads and pipelines.
        LeadRead => "lead:read",
        /// Make, change and convert leads.
        LeadWrite => "lead:write",
        /// Delete leads.
        LeadDelete => "lead:delete",
        /// Change pipelines and their stages.
        PipelineWrite => "pipeline:write",
        /// See tasks and activities.
        TaskRead => "task:read",
        /// Make and change tasks and activities.
        TaskWrite => "task:write",
        /// See conversations and what was said in them, and the steps of the assistant.
        ConversationRead => "conversation:read",
        /// Write to contacts, assign, tag, close and hand over conversations.
        ConversationWrite => "conversation:write",
        /// Connect WhatsApp numbers and web chats: who speaks in the house's name.
        ChannelWrite => "channel:write",
        /// Change the assistant: persona, hours, tools.
        AssistantWrite => "assistant:write",
        /// See the agenda, free times and the waiting list.
        AppointmentRead => "appointment:read",
        /// Book, move, cancel and carry out appointments.
        AppointmentWrite => "appointment:write",
        /// Change services, professionals, rooms, hours, holidays, reminders and rules of booking.
        ScheduleWrite => "schedule:write",
        /// Link calendars of professionals.
        CalendarWrite => "calendar:write",
        /// See and search documents.
        KnowledgeRead => "knowledge:read",
        /// Take in, change and remove documents, and rate what was found.
        KnowledgeWrite => "knowledge:write",
        /// See the workspace's figures.
        AnalyticsRead => "analytics:read",
        /// Ask public registries about companies, which can cost money.
        CompanyLookup => "company:lookup",
        /// See and download files.
        FileRead => "file:read",
        /// Upload files.
        FileWrite => "file:write",
        /// Delete files.
        FileDelete => "file:delete",
        /// See webhooks and their deliveries.
        WebhookRead => "webhook:read",
        /// Make and change webhooks: where events go.
        WebhookWrite => "webhook:write",
        /// See the audit log.
        AuditRead => "audit:read",
        /// Take the audit log out of the house.
        AuditExport => "audit:export",
        /// See members.
        MemberRead => "member:read",
        /// Change roles, suspend and remove members.
        MemberWrite => "member:write",
        /// Invite, and see and revoke invitations.
        MemberInvite => "member:invite",
        /// See requests of data subjects (LGPD, art. 18) and consents.
        PrivacyRead => "privacy:read",
        /// Record consents and requests.
        PrivacyWrite => "privacy:write",
        /// Take all data of a person out of the house.
        PrivacyExport => "privacy:export",
        /// Anonymise and erase a person.
        PrivacyErase => "privacy:erase",
        /// See which API keys and provider keys there are.
        KeyRead => "key:read",
        /// Make, change and revoke API keys and provider keys.
        KeyWrite => "key:write",
        /// See the workspace's settings.
        WorkspaceRead => "workspace:read",
        /// Change the workspace's name and settings.
        WorkspaceWrite => "workspace:write",
        /// Close the workspace.
        WorkspaceClose => "workspace:close",
    }
}

/// What needs two factors that were shown in the last 15 minutes.
const STEP_UP: [CrmPermission; 6] = [
    CrmPermission::ClientExport,
    CrmPermission::AuditExport,
    CrmPermission::PrivacyExport,
    CrmPermission::PrivacyErase,
    CrmPermission::KeyWrite,
    CrmPermission::WorkspaceClose,
];

/// What every role of [`Role`] may do in companies and clinics, as far as an application does not say otherwise with a
/// policy of its own. Exports, keys, erasure and closing need a login with two factors of the last 15 minutes.
///
/// Roles are these six; roles that a workspace defines itself do not exist yet.
///
/// # Errors
/// Never for this source; the policy is checked like any other.
pub fn default_policy() -> Result<Policy<CrmPermission>, PolicyError> {
    let names = |permissions: &[CrmPermission]| permissions.iter().map(|it| it.as_str().to_owned()).collect();
    let roles: BTreeMap<String, Vec<String>> = Role::ALL
        .into_iter()
        .map(|role| (role.as_str().to_owned(), names(&granted(role))))
        .collect();
    let fresh = || StepUp {
        acr: "aal2".to_owned(),
        max_age: 15 * 60,
    };
    Policy::check(PolicySource {
        version: 1,
        roles,
        step_up: STEP_UP
            .iter()
            .map(|it| (it.as_str().to_owned(), fresh()))
            .collect(),
    })
}

/// Whether somebody with the roles `own` may give or take the roles `changed` ([`Roles::changed`]): only what one may do
/// oneself can one give and take, so that nobody rises by their own hand and only an owner makes an owner.
#[must_use]
pub fn may_assign(policy: &Policy<CrmPermission>, own: &Roles, changed: &Roles) -> bool {
    let has = |roles: &Roles, permission| roles.iter().any(|role| policy.grants(role.as_str(), permission));
    has(own, CrmPermission::MemberWrite)
        && (own.contains(Role::Owner) || !changed.contains(Role::Owner))
        && CrmPermission::ALL
            .iter()
            .all(|it| has(own, *it) || !has(changed, *it))
}

fn granted(role: Role) -> Vec<CrmPermission> {
    use CrmPermission as P;
    let all = || CrmPermission::ALL.iter().copied();
    match role {
        Role::Owner => all().collect(),
        Role::Admin => all().filter(|it| *it != P::WorkspaceClose).collect(),
        Role::Manager => vec![
            P::ClientRead,
            P::ClientWrite,
            P::ClientDelete,
            P::ClientImport,
            P::ClientExport,
            P::LeadRead,
            P::LeadWrite,
            P::LeadDelete,
            P::PipelineWrite,
            P::TaskRead,
            P::TaskWrite,
            P::ConversationRead,
            P::ConversationWrite,
            P::AssistantWrite,
            P::AppointmentRead,
            P::AppointmentWrite,
            P::ScheduleWrite,
            P::CalendarWrite,
            P::KnowledgeRead,
            P::KnowledgeWrite,
            P::AnalyticsRead,
            P::CompanyLookup,
            P::FileRead,
            P::FileWrite,
            P::FileDelete,
            P::WebhookRead,
            P::MemberRead,
            P::PrivacyRead,
            P::PrivacyWrite,
            P::WorkspaceRead,
        ],
        Role::Agent => vec![
            P::ClientRead,
            P::ClientWrite,
            P::LeadRead,
            P::LeadWrite,
            P::TaskRead,
            P::TaskWrite,
            P::ConversationRead,
            P::ConversationWrite,
            P::AppointmentRead,
            P::AppointmentWrite,
            P::KnowledgeRead,
            P::CompanyLookup,
            P::FileRead,
            P::FileWrite,
            P::MemberRead,
            P::PrivacyWrite,
            P::WorkspaceRead,
        ],
        Role::Professional => vec![
            P::ClientRead,
            P::ClientWrite,
            P::TaskRead,
            P::TaskWrite,
            P::ConversationRead,
            P::ConversationWrite,
            P::AppointmentRead,
            P::AppointmentWrite,
            P::KnowledgeRead,
            P::FileRead,
            P::FileWrite,
            P::MemberRead,
            P::PrivacyWrite,
            P::WorkspaceRead,
        ],
        Role::Viewer => vec![
            P::ClientRead,
            P::LeadRead,
            P::TaskRead,
            P::AppointmentRead,
            P::KnowledgeRead,
            P::AnalyticsRead,
            P::FileRead,
            P::MemberRead,
            P::WorkspaceRead,
        ],
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::access::policy::{Assurance, Decision, Denial, Principal};
    use aurora_core::time::Timestamp;

    use super::*;

    #[test]
    fn every_permission_is_granted_to_somebody_and_the_owner_has_all() {
        let policy = default_policy().unwrap();
        for permission in CrmPermission::ALL {
            assert!(policy.grants("owner", *permission), "{permission:?}");
        }
        for role in Role::ALL {
            assert!(
                policy.grants(role.as_str(), CrmPermission::WorkspaceRead),
                "{role}"
            );
            assert_eq!(
                policy.grants(role.as_str(), CrmPermission::WorkspaceClose),
                role == Role::Owner
            );
            let leads = matches!(role, Role::Owner | Role::Admin);
            for permission in [CrmPermission::MemberWrite, CrmPermission::ChannelWrite] {
                assert_eq!(policy.grants(role.as_str(), permission), leads, "{role}");
            }
            // What patients write is for those who answer them.
            let answers = policy.grants(role.as_str(), CrmPermission::ConversationRead);
            assert_eq!(answers, role != Role::Viewer, "{role}");
        }
        assert!(!policy.grants("nobody", CrmPermission::ClientRead));
    }

    #[test]
    fn exports_and_keys_need_two_fresh_factors() {
        let policy = default_policy().unwrap();
        let now = Timestamp::from_secs(1_800_000_000);
        let owner = || Principal::user("usr_1", "wsp_1").roles(["owner"]);
        let decide = |who: &Principal, what| policy.decide(who, what, "wsp_1", now);
        for permission in CrmPermission::ALL.iter().copied() {
            let weak = owner().authenticated(Assurance::Aal1, now);
            let strong = owner().authenticated(Assurance::Aal2, now);
            let asks = matches!(decide(&weak, permission), Decision::StepUp(_));
            assert_eq!(asks, STEP_UP.contains(&permission), "{permission:?}");
            let leaves = permission.as_str().ends_with(":export") || permission == CrmPermission::KeyWrite;
            assert!(asks || !leaves, "{permission:?}");
            assert!(decide(&strong, permission).is_allowed());
        }
        let viewer = Principal::user("usr_2", "wsp_1").roles(["viewer"]);
        assert_eq!(
            decide(&viewer, CrmPermission::ClientExport),
            Decision::Deny(Denial::NotGranted)
        );
    }

    #[test]
    fn nobody_gives_or_takes_what_they_do_not_have() {
        let policy = default_policy().unwrap();
        let may = |own: Role, changed: Role| may_assign(&policy, &Roles::of([own]), &Roles::of([changed]));
        for role in Role::ALL {
            assert!(may(Role::Owner, role));
            assert_eq!(may(Role::Admin, role), role != Role::Owner, "{role}");
            assert!(!may(Role::Manager, role) && !may(Role::Viewer, role));
        }
        assert!(!may_assign(
            &policy,
            &Roles::default(),
            &Roles::of([Role::Viewer])
        ));
    }
}
