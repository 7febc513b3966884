//! Companies and people as Receita Federal, Brazil's revenue service, numbers them.

mod cnpj;
mod cpf;

pub use self::cnpj::{Cnpj, ParseCnpjError};
pub use self::cpf::{Cpf, ParseCpfError};

/// The weighted sum of both numbers: weights grow from 2 at the right and, for a CNPJ, start again after 9.
fn check_digit(characters: &[u8], heaviest: u32) -> u8 {
    let mut weight = 2;
    let mut sum = 0;
    for &character in characters.iter().rev() {
        sum += u32::from(character.wrapping_sub(b'0')) * weight;
        weight = if weight == heaviest { 2 } else { weight + 1 };
    }
    match sum % 11 {
        0 | 1 => b'0',
        rest => b'0' + u8::try_from(11 - rest).unwrap_or(0),
    }
}
