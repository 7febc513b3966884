//! What problems say, in Brazilian Portuguese.

use std::borrow::Cow;

use crate::http::problem::ProblemKind;

/// Title and general detail of a kind of problem.
pub(crate) const fn problem(kind: ProblemKind) -> (&'static str, &'static str) {
    use ProblemKind as K;
    match kind {
        K::BadRequest => ("Requisição inválida", "a requisição não pôde ser entendida"),
        K::InvalidJson => ("JSON inválido", "o corpo não é um JSON válido"),
        K::InvalidParameter => ("Parâmetro inválido", "um parâmetro não é permitido"),
        K::Unauthenticated => ("Não autenticado", "isto exige credenciais válidas"),
        K::StepUp => (
            "Autenticação mais forte exigida",
            "isto exige um segundo fator apresentado há pouco",
        ),
        K::Forbidden => ("Proibido", "isto não é permitido"),
        K::ForeignOrigin => (
            "Origem estranha",
            "páginas de outra origem não podem alterar nada aqui",
        ),
        K::NotFound => ("Não encontrado", "nada existe neste endereço"),
        K::MethodNotAllowed => (
            "Método não permitido",
            "este endereço não conhece este método; o cabeçalho allow lista os que conhece",
        ),
        K::NotAcceptable => ("Não aceitável", "não há resposta em uma forma aceita"),
        K::BodyTimeout => ("Corpo lento demais", "o corpo não chegou a tempo"),
        K::Conflict => ("Conflito", "o que já existe impede isto"),
        K::Duplicate => ("Duplicado", "já existe um igual"),
        K::IdempotencyUnderWay => (
            "Ainda em andamento",
            "uma chamada com esta idempotency-key está em andamento; peça a resposta de novo",
        ),
        K::IdempotencyReused => (
            "Chave usada em outra chamada",
            "esta idempotency-key foi usada com outro corpo",
        ),
        K::Stale => (
            "Versão desatualizada",
            "alguém alterou isto depois da leitura; leia de novo",
        ),
        K::BodyTooLarge => (
            "Corpo grande demais",
            "o corpo é maior do que este servidor aceita",
        ),
        K::AddressTooLong => (
            "Endereço longo demais",
            "o endereço é mais longo do que este servidor aceita",
        ),
        K::UnsupportedMediaType => (
            "Tipo de mídia não aceito",
            "este endereço aceita corpos do tipo application/json",
        ),
        K::WrongHost => (
            "Host errado",
            "este servidor responde apenas por localhost, 127.0.0.1 e [::1]",
        ),
        K::Invalid => (
            "Campos inválidos",
            "um ou mais campos não são permitidos; errors lista todos",
        ),
        K::IfMatchRequired => (
            "If-Match exigido",
            "envie no cabeçalho if-match a etag que foi lida",
        ),
        K::TooManyRequests => ("Requisições demais", "volte mais tarde"),
        K::HeadersTooLarge => (
            "Cabeçalhos grandes demais",
            "os cabeçalhos são maiores do que este servidor aceita",
        ),
        K::ModelNotFound => ("Modelo não encontrado", "nenhum provedor oferece este modelo"),
        K::ContextOverflow => (
            "Contexto longo demais",
            "a conversa é mais longa do que o modelo aceita",
        ),
        K::ContentFiltered => ("Conteúdo filtrado", "o provedor reteve a resposta"),
        K::Unsupported => (
            "Não suportado",
            "nenhum provedor configurado faz o que a requisição pede",
        ),
        K::NoProvider => ("Sem provedor", "nenhum provedor de modelos está configurado"),
        K::ProviderFailed => ("O provedor falhou", "nenhum provedor respondeu"),
        K::ProviderRefused => (
            "O provedor recusou",
            "nenhum provedor aceitou as credenciais configuradas",
        ),
        K::ProviderTimeout => ("Provedor lento demais", "nenhum provedor respondeu a tempo"),
        K::ProviderBusy => ("Provedor ocupado", "nenhum provedor aceita chamadas no momento"),
        K::RangeNotSatisfiable => (
            "Intervalo inexistente",
            "o intervalo fica depois do fim; content-range diz o tamanho",
        ),
        K::RegistriesFailed => (
            "Os cadastros falharam",
            "nenhum cadastro de empresas respondeu; sources diz como cada um falhou",
        ),
        K::RegistriesTimeout => (
            "Cadastros lentos demais",
            "nenhum cadastro de empresas respondeu a tempo",
        ),
        K::ModelNotAllowed => ("Modelo não permitido", "a chave não pode usar este modelo"),
        K::BudgetExceeded => ("Orçamento esgotado", "o orçamento não cobre a chamada"),
        K::NoSettings => (
            "Sem configurações aqui",
            "as configurações pertencem ao programa em que este servidor está embutido",
        ),
        K::NotConfigured => (
            "Não configurado",
            "as configurações deste servidor não têm o que isto exige",
        ),
        K::Internal => (
            "Erro interno",
            "o servidor falhou; o id da requisição encontra o motivo no registro",
        ),
        K::Unavailable => ("Indisponível", "uma parte necessária não responde no momento"),
        K::RequestTimeout => (
            "Requisição lenta demais",
            "a requisição levou mais tempo do que este servidor permite",
        ),
        K::NotReady => ("Não está pronto", "o servidor não aceita requisições no momento"),
        K::NoMetrics => (
            "Sem métricas aqui",
            "este processo registra as métricas em outro lugar",
        ),
    }
}

/// Beginnings and ends of messages, the more particular first; what stands between them is kept.
const PATTERNS: &[(&str, &str, &str, &str)] = &[
    ("is required", "", "é obrigatório", ""),
    ("is not known here", "", "não é conhecido aqui", ""),
    ("is not allowed", "", "não é permitido", ""),
    ("is not accepted", "", "não foi aceito", ""),
    ("must stand once", "", "deve aparecer uma única vez", ""),
    ("must not be empty", "", "não pode ficar vazio", ""),
    (
        "must be one line without control characters",
        "",
        "deve ser uma única linha, sem caracteres de controle",
        "",
    ),
    (
        "must have at most ",
        " characters",
        "deve ter no máximo ",
        " caracteres",
    ),
    ("must have at most ", " entries", "deve ter no máximo ", " itens"),
    ("must have at most ", " bytes", "deve ter no máximo ", " bytes"),
    ("must have at most ", " words", "deve ter no máximo ", " palavras"),
    ("must have at most ", " keys", "deve ter no máximo ", " chaves"),
    ("must have at most ", " levels", "deve ter no máximo ", " níveis"),
    (
        "must have at least one entry",
        "",
        "deve ter ao menos um item",
        "",
    ),
    (
        "must have at least ",
        " characters",
        "deve ter ao menos ",
        " caracteres",
    ),
    ("must lie in the future", "", "deve estar no futuro", ""),
    ("must be in the future", "", "deve estar no futuro", ""),
    ("must not lie in the future", "", "não pode estar no futuro", ""),
    (
        "must end after it begins",
        "",
        "deve terminar depois de começar",
        "",
    ),
    ("must name a role", "", "deve nomear um papel", ""),
    ("must be an https URL", "", "deve ser um URL https", ""),
    (
        "must begin with https:// or http://",
        "",
        "deve começar com https:// ou http://",
        "",
    ),
    (
        "must not hold the character U+0000",
        "",
        "não pode conter o caractere U+0000",
        "",
    ),
    (
        "must be a whole number from ",
        " to ",
        "deve ser um número inteiro de ",
        " a ",
    ),
    (
        "must be a whole number, 0 or more",
        "",
        "deve ser um número inteiro, 0 ou mais",
        "",
    ),
    ("must be a number", "", "deve ser um número", ""),
    ("must be a text", "", "deve ser um texto", ""),
    ("must be an array", "", "deve ser uma lista", ""),
    ("must be an object", "", "deve ser um objeto", ""),
    ("must be true or false", "", "deve ser true ou false", ""),
    (
        "must be within the years ",
        " to ",
        "deve estar entre os anos ",
        " e ",
    ),
    ("must be within ", " to ", "deve estar entre ", " e "),
    ("must be within ", " and ", "deve estar entre ", " e "),
    ("must be one of ", "", "deve ser um de ", ""),
    ("must be ", " or ", "deve ser ", " ou "),
    ("must be ", "", "deve ser ", ""),
    ("must have ", "", "deve ter ", ""),
    ("must not ", "", "não pode ", ""),
];

/// What a field's message says in Portuguese; by its code where the words are not known.
pub(crate) fn message(code: &str, english: &str) -> Cow<'static, str> {
    let general = match code {
        "required" => Some("é obrigatório"),
        "unknown" => Some("não é conhecido aqui"),
        "repeated" => Some("deve aparecer uma única vez"),
        "check_digit" | "checksum" => Some("tem dígitos verificadores errados"),
        "too_long" => None,
        _ => None,
    };
    if let Some(text) = general {
        return Cow::Borrowed(text);
    }
    for (begin, within, own_begin, own_within) in PATTERNS {
        let Some(rest) = english.strip_prefix(begin) else {
            continue;
        };
        if within.is_empty() {
            return Cow::Owned(format!("{own_begin}{rest}"));
        }
        if let Some((before, after)) = rest.split_once(within) {
            return Cow::Owned(format!("{own_begin}{before}{own_within}{after}"));
        }
    }
    Cow::Owned(format!("não é permitido ({english})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_keep_their_numbers() {
        assert_eq!(
            message("too_long", "must have at most 200 characters"),
            "deve ter no máximo 200 caracteres"
        );
        assert_eq!(
            message("invalid", "must be a whole number from 1 to 200"),
            "deve ser um número inteiro de 1 a 200"
        );
        assert_eq!(
            message("invalid", "must be company or person"),
            "deve ser company ou person"
        );
        assert_eq!(message("required", "is required"), "é obrigatório");
        assert_eq!(message("x", "has a hat"), "não é permitido (has a hat)");
    }
}
