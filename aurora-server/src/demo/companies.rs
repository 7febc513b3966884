//! Invented clients, so that the CRM has something to show.

use aurora_crm::clients::NewClient;
use aurora_crm::companies::Cnpj;

use crate::error::{Error, ErrorKind};
use crate::state::AppState;

/// Registered name, trade name, CNPJ without its check digits. All invented; the fourth number has letters, as new
/// ones may have since July 2026.
const COMPANIES: [(&str, &str, &str); 6] = [
    ("Padaria Flor de Trigo Ltda", "Flor de Trigo", "114447770001"),
    ("Clínica Sorriso do Vale S/S", "Sorriso do Vale", "275319840001"),
    ("Oficina Duas Rodas Ltda", "Duas Rodas", "386420950002"),
    ("Aurora Boreal Viagens Ltda", "Boreal", "12ABC34501DE"),
    ("Mercado Bom Preço da Esquina Ltda", "Bom Preço", "497531060001"),
    ("Estúdio Jabuticaba Design ME", "Jabuticaba", "508642170001"),
];

pub(super) async fn insert(state: &AppState) -> Result<(), Error> {
    let context = aurora_crm::Context::new(state.workspace, "demo");
    for (name, trade_name, base) in COMPANIES {
        let cnpj = Cnpj::from_base(base).map_err(|error| {
            Error::new(ErrorKind::Internal, "a number of the demo is wrong").caused_by(error)
        })?;
        let client = NewClient::company(name)
            .trade_name(trade_name)
            .cnpj(cnpj.plain())
            .tag("demo");
        state
            .crm
            .clients()
            .create(&context, client)
            .await
            .map_err(|error| {
                Error::new(ErrorKind::Storage, "the demo's clients cannot be stored").caused_by(error)
            })?;
    }
    Ok(())
}
