//! What details of problems say.

use super::Pattern;

/// Beginnings and ends of details, the more particular first; what stands between them is kept.
pub(super) const DETAILS: &[Pattern] = &[
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
    ("there is no such alert", "", "não há tal alerta", ""),
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
        "the registry knows no company with this number",
        "",
        "o cadastro não conhece nenhuma empresa com este número",
        "",
    ),
    (
        "the limits of the registries of companies are used up",
        "",
        "os limites dos cadastros de empresas estão esgotados",
        "",
    ),
];
