//! Every setting tells where it is from, and a backup is made that can be restored.

use aurora_browser_tests::{Journey, View};

const VIEW: View = View {
    language: "pt-BR",
    theme: "light",
    width: 390,
};

#[tokio::test]
async fn settings_tell_where_they_are_from_and_a_backup_is_made() {
    let Some(journey) = Journey::signed_in("settings", VIEW).await else {
        return;
    };
    let browser = &journey.browser;
    journey.second_factor().await;
    journey.go("settings").await;
    browser.push("Configuração").await;
    browser.fill("Buscar configurações", "server.port").await;
    browser.sees("linha de comando").await;
    journey.keep("origin").await;
    let config = browser.get("/api/v1/admin/config").await;
    let settings = config["settings"].as_array().expect("settings");
    let listen = settings.iter().find(|one| one["key"] == "server.port");
    assert_eq!(listen.expect("it")["origin"]["kind"], "command_line");

    browser.push("Backups").await;
    browser.push("Fazer backup").await;
    browser.sees("Backup gravado.").await;
    browser.sees("restaurado como teste").await;
    let backups = browser.get("/api/v1/admin/backups").await;
    let backup = &backups["items"][0];
    assert!(backup["verified_at"].is_string(), "{backups}");
    let name = backup["name"].as_str().expect("a name");
    browser.sees(name).await;

    browser.push("Auditoria").await;
    browser.fill("Código da ação começa com", "authn_factor").await;
    browser.misses("Sessão iniciada").await;
    browser.sees("Segundo fator cadastrado").await;
    let log = browser.get("/api/v1/admin/audit?action=authn_factor").await;
    assert_eq!(log["items"][0]["action"], "authn_factor_enrolled", "{log}");
    browser.push("Verificar a cadeia").await;
    browser.sees("nenhum alterado, removido ou incluído").await;
    browser
        .until("return document.activeElement.matches('button') && document.activeElement.textContent.includes('Verificar a cadeia')")
        .await;
    journey.finish().await;
}
