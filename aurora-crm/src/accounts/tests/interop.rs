//! pyotp as the authenticator: it scans what is shown and types what it shows (`tests/python/access.py`).

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::*;
use crate::accounts::{Answer, Proof};

fn code_of_pyotp(uri: &str, now: Timestamp) -> Option<Secret> {
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/access.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let request = json!({"request": "codes", "uri": uri, "seconds": [now.as_secs()]});
    child
        .stdin
        .take()
        .unwrap()
        .write_all(request.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&answer["issuer"], &answer["name"]),
        (&json!("Clínica A&B"), &json!(EMAIL))
    );
    Some(Secret::new(answer["codes"][0].as_str().unwrap()))
}

#[tokio::test]
async fn pyotp_enrols_and_logs_in() {
    each_desk(|desk| async move {
        desk.ana().await;
        let accounts = desk.builder().product("Clínica A&B").build().unwrap();
        let session = desk.signed_in().await.session.id;
        let enrolment = accounts.enrol_factor(&desk.context, session).await.unwrap();
        let Some(code) = code_of_pyotp(enrolment.uri.expose(), desk.clock.now()) else {
            return;
        };
        accounts
            .activate_factor(&desk.context, session, &code)
            .await
            .unwrap();
        desk.clock.advance(Duration::from_secs(300));
        let challenge = desk.challenged().await;
        let answer = async |proof: Proof| {
            let answer = Answer::new(challenge.clone(), proof);
            accounts.answer(&desk.context, &answer).await
        };
        assert!(is_refused(answer(Proof::Code(code)).await), "of ten steps ago");
        let code = code_of_pyotp(enrolment.uri.expose(), desk.clock.now()).unwrap();
        answer(Proof::Code(code)).await.unwrap();
    })
    .await;
}
