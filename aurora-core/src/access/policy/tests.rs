use std::time::Duration;

use super::*;
use crate::time::Timestamp;

crate::permissions! {
    enum Clinic {
        ClientRead => "client:read",
        ClientWrite => "client:write",
        HealthRead => "client:read:health",
        AuditExport => "audit:export",
    }
}

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const POLICY: &str = r#"{
    "version": 4,
    "roles": {
        "reception": ["client:read", "client:write"],
        "owner": ["client:read", "audit:export"],
        "nobody": []
    },
    "step_up": { "audit:export": { "acr": "aal2", "max_age": 600 } }
}"#;

fn policy() -> Policy<Clinic> {
    Policy::from_json(POLICY).unwrap()
}

fn user(roles: &[&str]) -> Principal {
    Principal::user("usr_1", "wsp_1").roles(roles.iter().copied())
}

fn decide(principal: &Principal, permission: Clinic) -> Decision {
    policy().decide(principal, permission, "wsp_1", NOW)
}

/// Every role and every permission: what is not written is denied.
#[test]
fn nothing_is_allowed_that_is_not_written() {
    let written = [
        ("reception", Clinic::ClientRead),
        ("reception", Clinic::ClientWrite),
        ("owner", Clinic::ClientRead),
    ];
    for role in ["reception", "owner", "nobody", "unknown", "", "Owner"] {
        for permission in [Clinic::ClientRead, Clinic::ClientWrite, Clinic::HealthRead] {
            let expected = match written.contains(&(role, permission)) {
                true => Decision::Allow,
                false => Decision::Deny(Denial::NotGranted),
            };
            assert_eq!(
                decide(&user(&[role]), permission),
                expected,
                "{role} {permission:?}"
            );
        }
    }
    assert_eq!(
        decide(&user(&[]), Clinic::ClientRead),
        Decision::Deny(Denial::NotGranted)
    );
    assert_eq!(
        decide(&user(&["nobody", "reception"]), Clinic::ClientWrite),
        Decision::Allow
    );
}

#[test]
fn another_tenant_is_denied_before_anything_else() {
    let ana = user(&["reception"]);
    for tenant in ["wsp_2", "", "wsp_1 ", "WSP_1"] {
        assert_eq!(
            policy().decide(&ana, Clinic::ClientRead, tenant, NOW),
            Decision::Deny(Denial::OtherTenant)
        );
    }
    assert_eq!(ana.select(None), Ok("wsp_1"));
    assert_eq!(ana.select(Some("wsp_1")), Ok("wsp_1"));
    assert_eq!(ana.select(Some("wsp_2")), Err(Denial::OtherTenant));
}

#[test]
fn a_strong_and_fresh_login_is_asked_for_where_the_policy_says_so() {
    let asked = Challenge {
        assurance: Assurance::Aal2,
        max_age: Duration::from_secs(600),
    };
    let at = |assurance, seconds: i64| {
        user(&["owner"]).authenticated(assurance, Timestamp::from_secs(1_800_000_000 + seconds))
    };
    for (principal, expected) in [
        (at(Assurance::Aal2, 0), Decision::Allow),
        (at(Assurance::Aal3, -600), Decision::Allow),
        (at(Assurance::Aal2, -601), Decision::StepUp(asked)),
        (at(Assurance::Aal1, 0), Decision::StepUp(asked)),
        (at(Assurance::Aal2, 601), Decision::StepUp(asked)),
        (user(&["owner"]), Decision::StepUp(asked)),
    ] {
        assert_eq!(decide(&principal, Clinic::AuditExport), expected, "{principal:?}");
    }
    let without_role = user(&["reception"]).authenticated(Assurance::Aal1, NOW);
    assert_eq!(
        decide(&without_role, Clinic::AuditExport),
        Decision::Deny(Denial::NotGranted),
        "no login helps who may not"
    );
    assert_eq!(
        asked.www_authenticate(),
        "Bearer error=\"insufficient_user_authentication\", \
         error_description=\"a stronger or more recent login is required\", acr_values=\"aal2\", max_age=\"600\""
    );
}

#[test]
fn an_api_key_does_what_both_its_roles_and_its_scopes_say() {
    let key = |scopes: &[&str]| {
        Principal::api_key("key_1", "wsp_1", scopes.iter().copied()).roles(["reception", "owner"])
    };
    assert_eq!(
        decide(&key(&["client:read"]), Clinic::ClientRead),
        Decision::Allow
    );
    for (scopes, permission, denial) in [
        (&["client:read"][..], Clinic::ClientWrite, Denial::OutOfScope),
        (&[], Clinic::ClientRead, Denial::OutOfScope),
        (&["client:*", "*"], Clinic::ClientRead, Denial::OutOfScope),
        (&["client:read:health"], Clinic::HealthRead, Denial::NotGranted),
        (&["audit:export"], Clinic::AuditExport, Denial::NeedsPerson),
    ] {
        assert_eq!(
            decide(&key(scopes), permission),
            Decision::Deny(denial),
            "{scopes:?}"
        );
    }
    let job = Principal::service("job", "wsp_1").roles(["owner"]);
    assert_eq!(decide(&job, Clinic::ClientRead), Decision::Allow);
    assert_eq!(
        decide(&job, Clinic::AuditExport),
        Decision::Deny(Denial::NeedsPerson)
    );
}

#[test]
fn a_token_of_older_roles_is_stale() {
    let with = |version| Principal {
        rbac_version: Some(version),
        ..user(&["reception"])
    };
    assert_eq!(
        decide(&with(3), Clinic::ClientRead),
        Decision::Deny(Denial::Stale)
    );
    assert_eq!(decide(&with(4), Clinic::ClientRead), Decision::Allow);
    assert_eq!(decide(&with(5), Clinic::ClientRead), Decision::Allow);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let error = Policy::<Clinic>::from_json(
        r#"{"version": 1,
            "roles": {"a b": ["client:raed"], "x": ["client:read", "client:read", "nothing:like-it"]},
            "step_up": {"audit:exprt": {"acr": "aal9", "max_age": 0}}}"#,
    )
    .unwrap_err();
    assert_eq!(
        error.problems(),
        [
            "roles.\"a b\": a role is named with 1 to 64 of a-z, A-Z, 0-9, -, _ and .",
            "roles.a b: \"client:raed\" is no permission, did you mean \"client:read\"?",
            "roles.x: \"client:read\" stands twice",
            "roles.x: \"nothing:like-it\" is no permission",
            "step_up: \"audit:exprt\" is no permission, did you mean \"audit:export\"?",
            "step_up.audit:exprt.acr: must be aal1, aal2 or aal3",
            "step_up.audit:exprt.max_age: must be 1 to 2592000 seconds",
        ]
    );
}

#[test]
fn a_text_that_is_no_policy_is_refused() {
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"version": -1}"#,
        r#"{"version": 1, "rules": {}}"#,
        r#"{"version": 1, "roles": {"a": [], "a": ["client:read"]}}"#,
        r#"{"version": 1, "roles": {"a": "client:read"}}"#,
    ] {
        assert!(Policy::<Clinic>::from_json(bad).is_err(), "{bad}");
    }
}

#[cfg(feature = "config")]
#[test]
fn toml_says_the_same() {
    let source: PolicySource = toml_edit::de::from_str(
        "version = 4\n[roles]\nreception = [\"client:read\", \"client:write\"]\n\
         owner = [\"client:read\", \"audit:export\"]\nnobody = []\n\
         [step_up]\n\"audit:export\" = { acr = \"aal2\", max_age = 600 }\n",
    )
    .unwrap();
    assert_eq!(Policy::<Clinic>::check(source).unwrap(), policy());
}

#[test]
fn names_of_permissions_have_their_form() {
    assert!(all_are_names(&["a:b", "a:b:c", "client-record:read_all"]));
    for bad in ["", "a", "a:", ":b", "a::b", "a:b:c:d", "A:b", "a b:c", "a.b"] {
        assert!(!all_are_names(&["x:y", bad]), "{bad}");
    }
    assert!(!all_are_names(&["a:b", "c:d", "a:b"]), "twice");
}
