//! A login with a second factor, a decision that asks for more, an API key, a sealed secret, and keys that change.
//!
//! Everything stays in this process: no key, no network. `cargo run --example access --features access`

use std::time::Duration;

use aurora::core::access::api_key::{ApiKey, StoredKey};
use aurora::core::access::jwt::{Grant, Issuer, KeyRing, SigningKey, Verifier};
use aurora::core::access::password::{Passwords, Rules};
use aurora::core::access::policy::{Assurance, Policy, Principal};
use aurora::core::access::seal::{LocalKeys, Place, Sealer};
use aurora::core::access::totp::{LastStep, Totp, TotpSecret};
use aurora::core::secret::Secret;
use aurora::core::time::{Clock, SystemClock};

aurora::core::permissions! {
    /// What can be done in the clinic.
    enum Clinic { AuditExport => "audit:export" }
}

const POLICY: &str = r#"{"version": 1, "roles": {"owner": ["audit:export"]},
    "step_up": {"audit:export": {"acr": "aal2", "max_age": 600}}}"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemClock.now();
    for text in ["Corinthians10", "Clinica@2026", "três pratos de trigo"] {
        let answer = Rules::default().check(&Secret::new(text), &["Clínica Aurora"]);
        println!("{text}: {answer:?}");
    }
    let (passwords, password) = (Passwords::builder().build()?, Secret::new("três pratos de trigo"));
    let stored = passwords.hash(&password).await?;
    let verdict = passwords.verify(&password, Some(&stored)).await?;
    println!("the password, typed again: {verdict:?}");

    let ring = KeyRing::new(SigningKey::generate()?);
    let issuer = Issuer::builder(ring.clone(), "https://clinic.example", "api").build()?;
    let verifier = Verifier::builder(ring.clone(), "https://clinic.example", "api").build()?;
    let policy = Policy::<Clinic>::from_json(POLICY)?;
    let mut grant = Grant {
        subject: "usr_1".into(),
        session: "ses_1".into(),
        tenant: "wsp_1".into(),
        assurance: Assurance::Aal1,
        methods: vec!["pwd".into()],
        authenticated_at: now,
        rbac_version: 1,
    };
    let weak = issuer.issue(&grant)?.token;
    let caller = Principal::of_token(&verifier.verify(weak.expose())?).roles(["owner"]);
    let decision = policy.decide(&caller, Clinic::AuditExport, "wsp_1", now);
    println!("to export with a password alone: {decision:?}");

    let (totp, secret, last) = (Totp::default(), TotpSecret::generate()?, LastStep::default());
    let code = totp.code(&secret, now);
    let step = totp
        .matching_step(&secret, code.expose(), now)
        .unwrap_or_default();
    let (once, twice) = (last.advance(step), last.advance(step));
    println!("a code: {once}, and once more: {twice}");
    (grant.assurance, grant.methods) = (Assurance::Aal2, vec!["pwd".into(), "otp".into()]);
    let caller = Principal::of_token(&issuer.issue(&grant)?.claims).roles(["owner"]);
    let decision = policy.decide(&caller, Clinic::AuditExport, "wsp_1", now);
    println!("to export with the code as well: {decision:?}");

    ring.rotate(SigningKey::generate()?, now, Duration::from_secs(16 * 60))?;
    let still = verifier.verify(weak.expose()).is_ok();
    let forged = verifier.verify("eyJhbGciOiJub25lIn0.e30.");
    println!("after a change of keys: {still}, without a signature: {forged:?}");

    let key = ApiKey::generate("test")?;
    let row = StoredKey::of(&key, ["audit:export".to_owned()]);
    println!("the API key {}…: {:?}", row.prefix, row.check(&key, now));

    let sealer = Sealer::new(LocalKeys::generate("2026a")?);
    let [own, other] = ["usr_1", "usr_2"].map(|row| Place::new("second_factor", "wsp_1", row, "secret"));
    let sealed = sealer.seal(&own, secret.expose()).await?;
    let here = sealer.open(&own, &sealed).await.is_ok();
    let there = sealer.open(&other, &sealed).await.is_ok();
    println!("a sealed secret opens in its row: {here}, in another: {there}");
    Ok(())
}
