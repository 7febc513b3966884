//! The public registries, one file each.

mod cnpja;
mod endpoint;
mod minha_receita;
mod publica_cnpj_ws;
mod reading;
mod receita_ws;
#[cfg(test)]
pub(super) mod tests;

pub use self::cnpja::{CnpjAuth, CnpjaOpen, CnpjaPaid, Strategy};
pub use self::minha_receita::MinhaReceita;
pub use self::publica_cnpj_ws::PublicaCnpjWs;
pub use self::receita_ws::ReceitaWs;

pub(super) use self::cnpja::PaidOptions;
