//! What problems say, in Brazilian Portuguese.

mod details;
mod messages;
mod rules;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::http::problem::ProblemKind;

use details::DETAILS;
use messages::PATTERNS;

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
        K::AssistantOff => (
            "Assistente desligada",
            "a assistente está desligada neste espaço de trabalho",
        ),
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
            "nenhum cadastro de empresas respondeu; attempts diz como cada um falhou",
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

/// A beginning and an end in English, and both in Portuguese.
type Pattern = (&'static str, &'static str, &'static str, &'static str);

/// What a problem's detail says in Portuguese, where its words are known.
pub(crate) fn detail(english: &str) -> Option<String> {
    told(DETAILS, english)
}

fn told(patterns: &[Pattern], english: &str) -> Option<String> {
    patterns
        .iter()
        .find_map(|(begin, within, own_begin, own_within)| {
            let rest = english.strip_prefix(begin)?;
            if within.is_empty() {
                return Some(format!("{own_begin}{rest}"));
            }
            let (before, after) = rest.split_once(within)?;
            Some(format!("{own_begin}{before}{own_within}{after}"))
        })
}

/// What a field's message says in Portuguese; by its code where the words are not known.
pub(crate) fn message(code: &str, english: &str) -> Cow<'static, str> {
    let general = match code {
        "required" => Some("é obrigatório"),
        "unknown" => Some("não é conhecido aqui"),
        "repeated" => Some("deve aparecer uma única vez"),
        "check_digit" | "checksum" => Some("tem dígitos verificadores errados"),
        _ => None,
    };
    if let Some(text) = general {
        return Cow::Borrowed(text);
    }
    let own = rules::finding(english).or_else(|| told(PATTERNS, english));
    Cow::Owned(own.unwrap_or_else(|| format!("não é permitido ({english})")))
}
