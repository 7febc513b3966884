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

/// A beginning and an end in English, and both in Portuguese.
type Pattern = (&'static str, &'static str, &'static str, &'static str);

/// Beginnings and ends of messages, the more particular first; what stands between them is kept.
const PATTERNS: &[Pattern] = &[
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
    (
        "must be a text of 1 to ",
        " bytes",
        "deve ser um texto de 1 a ",
        " bytes",
    ),
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
    ("must be a time such as ", "", "deve ser um horário como ", ""),
    (
        "must be an RFC 3339 time such as ",
        "",
        "deve ser um horário RFC 3339 como ",
        "",
    ),
    ("must be a date such as ", "", "deve ser uma data como ", ""),
    ("must be an amount such as ", "", "deve ser um valor como ", ""),
    (
        "must be matchers such as ",
        "",
        "deve ser uma lista de comparações como ",
        "",
    ),
    (
        "must be hidden or shown beside q",
        "",
        "deve ser hidden, ou shown junto com q",
        "",
    ),
    (
        "must be words of a title, ",
        " characters together at most",
        "devem ser palavras de um título, no máximo ",
        " caracteres ao todo",
    ),
    (
        "must be the text that the page before gave as next",
        "",
        "deve ser o texto que a página anterior deu em next",
        "",
    ),
    (
        "must be the name of a rule",
        "",
        "deve ser o nome de uma regra",
        "",
    ),
    (
        "must be the name of a channel",
        "",
        "deve ser o nome de um canal",
        "",
    ),
    (
        "must be the name of a model",
        "",
        "deve ser o nome de um modelo",
        "",
    ),
    (
        "must be the name of a target",
        "",
        "deve ser o nome de um destino",
        "",
    ),
    ("must be the id of a key", "", "deve ser o id de uma chave", ""),
    ("must be the id of a user", "", "deve ser o id de um usuário", ""),
    (
        "must be the id of a client",
        "",
        "deve ser o id de um cliente",
        "",
    ),
    (
        "must be the id of a professional",
        "",
        "deve ser o id de um profissional",
        "",
    ),
    ("must be the id of a room", "", "deve ser o id de uma sala", ""),
    (
        "must be the id of a service",
        "",
        "deve ser o id de um serviço",
        "",
    ),
    (
        "must be a state of an appointment",
        "",
        "deve ser um estado de um agendamento",
        "",
    ),
    (
        "must be the token of the link",
        "",
        "deve ser o token do link",
        "",
    ),
    (
        "must be ",
        " hexadecimal digits",
        "deve ter ",
        " dígitos hexadecimais",
    ),
    (
        "must be before `to`, by at most ",
        " days",
        "deve ficar antes de `to`, no máximo ",
        " dias",
    ),
    ("must be before to", "", "deve ficar antes de `to`", ""),
    ("must be later than ", "", "deve ser depois de ", ""),
    (
        "must be at most ten years",
        "",
        "deve ser de no máximo dez anos",
        "",
    ),
    (
        "must be given together with the other",
        "",
        "deve vir junto com o outro",
        "",
    ),
    ("must be a pattern", "", "deve ser um padrão", ""),
    ("must be from ", " to ", "deve ser de ", " a "),
    ("must be ", " or more", "deve ser ", " ou mais"),
    ("must have 1 to ", " entries", "deve ter de 1 a ", " itens"),
    (
        "must have 1 to ",
        " characters",
        "deve ter de 1 a ",
        " caracteres",
    ),
    ("must hold 1 to ", " texts", "deve ter de 1 a ", " textos"),
    ("there is no such channel", "", "não há tal canal", ""),
    (
        "a chat of this id is under way",
        "",
        "uma conversa com este id está em andamento",
        "",
    ),
    (
        "give either messages or prompt, not both",
        "",
        "envie messages ou prompt, não ambos",
        "",
    ),
    (
        "messages or prompt is required",
        "",
        "messages ou prompt é obrigatório",
        "",
    ),
    ("has no place beside ", "", "não cabe junto com ", ""),
    ("", " is missing", "falta ", ""),
    ("must be one of ", "", "deve ser um de ", ""),
    ("must be ", " or ", "deve ser ", " ou "),
    ("must be ", " to ", "deve ser de ", " a "),
    ("must be ", "", "deve ser ", ""),
    ("must have ", "", "deve ter ", ""),
    ("must not ", "", "não pode ", ""),
];

/// The same of details.
const DETAILS: &[Pattern] = &[
    (
        "there is no such provider; there are ",
        "",
        "não há tal provedor; há ",
        "",
    ),
    ("there is no such rule", "", "não há tal regra", ""),
    ("there is no such channel", "", "não há tal canal", ""),
    ("there is no such target", "", "não há tal destino", ""),
    ("there is no such silence", "", "não há tal silêncio", ""),
    (
        "there is no such workspace",
        "",
        "não há tal espaço de trabalho",
        "",
    ),
    (
        "there is a rule of this name already",
        "",
        "já há uma regra com este nome",
        "",
    ),
    (
        "the server begins with this rule; it can be disabled or changed, not deleted",
        "",
        "o servidor começa com esta regra; ela pode ser desativada ou alterada, não excluída",
        "",
    ),
    (
        "another preview is under way",
        "",
        "outra prévia está em andamento",
        "",
    ),
    ("it has ended; make a new one", "", "já terminou; crie outro", ""),
    (
        "the form cannot be read",
        "",
        "o formulário não pôde ser lido",
        "",
    ),
    (
        "the body must be an object of texts",
        "",
        "o corpo deve ser um objeto de textos",
        "",
    ),
    (
        "the link is not valid or has expired",
        "",
        "o link não é válido ou expirou",
        "",
    ),
    (
        "no channel is configured, or none was named",
        "",
        "nenhum canal está configurado, ou nenhum foi nomeado",
        "",
    ),
    (
        "this address takes WebSocket connections",
        "",
        "este endereço aceita conexões WebSocket",
        "",
    ),
    (
        "pages of another origin may not connect",
        "",
        "páginas de outra origem não podem se conectar",
        "",
    ),
    (
        "",
        " chats of one socket may be under way",
        "podem estar em andamento ",
        " conversas por conexão",
    ),
    (
        "the key carries more than llm:use; it is taken back at ",
        "",
        "a chave permite mais do que llm:use; ela é revogada em ",
        "",
    ),
    (
        "the query of the address cannot be read",
        "",
        "os parâmetros do endereço não puderam ser lidos",
        "",
    ),
    ("the key does not carry ", "", "a chave não permite ", ""),
    ("your roles do not grant ", "", "os seus papéis não permitem ", ""),
    (
        "",
        " takes a person with a second factor, and this is a program",
        "",
        " exige uma pessoa com segundo fator, e isto é um programa",
    ),
    (
        "the key may not use this model",
        "",
        "a chave não pode usar este modelo",
        "",
    ),
    (
        "the request must name a model",
        "",
        "a requisição deve nomear um modelo",
        "",
    ),
    (
        "the limit of requests or tokens in a minute is used up",
        "",
        "o limite de requisições ou de tokens por minuto está esgotado",
        "",
    ),
    (
        "the limits of the caller cannot be looked up at the moment",
        "",
        "os limites de quem chama não podem ser consultados no momento",
        "",
    ),
    (
        "the limits of the registries of companies are used up",
        "",
        "os limites dos cadastros de empresas estão esgotados",
        "",
    ),
];

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
        "too_long" => None,
        _ => None,
    };
    if let Some(text) = general {
        return Cow::Borrowed(text);
    }
    Cow::Owned(told(PATTERNS, english).unwrap_or_else(|| format!("não é permitido ({english})")))
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

    /// Looks for words that no Portuguese sentence has.
    fn assert_portuguese(english: &str, told: &str) {
        const ENGLISH: [&str; 20] = [
            "to", "the", "of", "or", "such", "is", "must", "with", "and", "be", "not", "are", "there", "has",
            "name", "beside", "time", "under", "way", "cannot",
        ];
        let words: Vec<&str> = told
            .split(|letter: char| letter.is_whitespace() || ";,()".contains(letter))
            .collect();
        let left: Vec<_> = words.iter().filter(|word| ENGLISH.contains(word)).collect();
        assert!(left.is_empty() && !told.contains('('), "{english}: {told}");
    }

    #[test]
    fn nothing_of_what_routes_tell_stays_english() {
        let allowed = [
            "a time such as 2026-07-01T12:00:00Z",
            "an RFC 3339 time such as 2026-07-01T12:00:00Z",
            "a date such as 2027-03-08",
            "matchers such as {team=\"ops\"}",
            "hidden or shown beside q",
            "words of a title, 200 characters together at most",
            "the text that the page before gave as next",
            "alert, delivery, acknowledged, unacknowledged, escalated, silence, channel or flapping",
            "16 hexadecimal digits",
            "the name of a rule",
            "the name of a channel",
            "the name of a model",
            "the name of a target",
            "the id of a key",
            "the id of a user",
            "the token of the link",
            "csv or json",
            "pending, active, waiting or expired",
            "info, warning or critical",
            "true or false",
            "before `to`, by at most 366 days",
            "before to",
            "given together with the other",
            "delivered, retrying, failed, superseded or redirected",
            "served, failed or given_up",
            "day, model, provider, key or user",
            "a whole number from 1 to 200",
            "an amount such as 5.00",
            "a text of 1 to 64 bytes",
            "chat or cancel",
            "1 to 65536",
            "1 or more",
            "from 1 to 60",
            "later than starts_at",
            "at most ten years",
            "a pattern",
        ];
        for english in allowed {
            let english = format!("must be {english}");
            assert_portuguese(&english, &message("invalid", &english));
        }
        let whole = [
            "operator is missing",
            "must have 1 to 100 entries",
            "must have 1 to 200 characters",
            "must have at most 10000 characters",
            "must hold 1 to 2048 texts",
            "must not be empty",
            "there is no such channel",
            "a chat of this id is under way",
            "give either messages or prompt, not both",
            "messages or prompt is required",
            "has no place beside lasts_seconds",
        ];
        for english in whole {
            assert_portuguese(english, &message("invalid", english));
        }
        let details = [
            "there is no such provider; there are sim-a, sim-b, sim-c",
            "there is no such rule",
            "there is no such channel",
            "there is no such target",
            "there is no such silence",
            "there is no such workspace",
            "there is a rule of this name already",
            "the server begins with this rule; it can be disabled or changed, not deleted",
            "another preview is under way",
            "it has ended; make a new one",
            "the form cannot be read",
            "the body must be an object of texts",
            "the link is not valid or has expired",
            "no channel is configured, or none was named",
            "this address takes WebSocket connections",
            "pages of another origin may not connect",
            "the key carries more than llm:use; it is taken back at ",
            "the query of the address cannot be read",
            "the key does not carry client:read",
            "your roles do not grant client:read",
            "the key may not use this model",
            "the request must name a model",
            "the limit of requests or tokens in a minute is used up",
            "the limits of the caller cannot be looked up at the moment",
            "the limits of the registries of companies are used up",
            "8 chats of one socket may be under way",
            "key:write takes a person with a second factor, and this is a program",
        ];
        for english in details {
            assert_portuguese(english, &detail(english).unwrap_or_else(|| english.to_owned()));
        }
        assert_eq!(
            detail("there is no such provider; there are sim-a, sim-b").as_deref(),
            Some("não há tal provedor; há sim-a, sim-b")
        );
        assert_eq!(message("invalid", "operator is missing"), "falta operator");
        assert_eq!(detail("the cow is missing"), None);
    }
}
