//! What is wrong with the definition of a rule. The findings have their own grammar: where, what, what was found instead,
//! what was meant.

use super::messages::PATTERNS;
use super::{Pattern, told};

/// Findings that begin with no key, the more particular first; what stands between beginning and end is kept.
const WHOLE: &[Pattern] = &[
    ("unknown key ", "", "chave desconhecida ", ""),
    (
        "the condition is missing: metric, operator and threshold, or one of ",
        "",
        "falta a condição: metric, operator e threshold, ou um de ",
        "",
    ),
    ("condition is missing", "", "falta a condição", ""),
    (
        "windows are missing, or a preset: page or ticket",
        "",
        "faltam as janelas, ou um preset: page ou ticket",
        "",
    ),
    (
        "metric of the errors is missing",
        "",
        "falta a métrica dos erros",
        "",
    ),
    (
        "metric of the total is missing",
        "",
        "falta a métrica do total",
        "",
    ),
    (
        "the name of the label is missing",
        "",
        "falta o nome do rótulo",
        "",
    ),
    (
        "recovery threshold ",
        " must be at or below the threshold of ",
        "o limite de recuperação ",
        " deve ser menor ou igual ao limite de ",
    ),
    (
        "recovery threshold ",
        " must be at or above the threshold of ",
        "o limite de recuperação ",
        " deve ser maior ou igual ao limite de ",
    ),
    (
        "names of labels must not be empty",
        "",
        "os nomes dos rótulos não podem ficar vazios",
        "",
    ),
    (
        "conditions must not be nested deeper than ",
        "",
        "as condições não podem ter níveis além de ",
        "",
    ),
    (
        "a condition takes the place of metric, window and threshold",
        "",
        "uma condição ocupa o lugar de metric, window e threshold",
        "",
    ),
    (
        "no-data fire needs a stale-after or a window",
        "",
        "no_data fire precisa de stale_after ou de uma janela",
        "",
    ),
    (
        "flapping needs a window, an interval for its digest, and a stop not above its start",
        "",
        "flapping precisa de uma janela, de um intervalo para o resumo e de um stop que não passe do start",
        "",
    ),
    (
        "the aggregate needs a window, such as ",
        "",
        "a agregação precisa de uma janela, como ",
        "",
    ),
    (
        "the window needs an aggregate, such as ",
        "",
        "a janela precisa de uma agregação, como ",
        "",
    ),
    (
        "expected one of the operators >, >=, <, <=, == and !=",
        "",
        "os operadores são >, >=, <, <=, == e !=",
        "",
    ),
    (
        "expected one of the severities info, warning and critical",
        "",
        "as severidades são info, warning e critical",
        "",
    ),
    (
        "the pattern has more than ",
        " bytes",
        "o padrão tem mais de ",
        " bytes",
    ),
    (
        "",
        " is not closed by a quotation mark",
        "",
        " não é fechado por aspas",
    ),
    (
        "",
        " is not closed by a brace",
        "",
        " não é fechado por uma chave",
    ),
    (
        "another rule has the same name",
        "",
        "outra regra tem o mesmo nome",
        "",
    ),
    (
        "the name is given twice, first on line ",
        "",
        "o nome aparece duas vezes, primeiro na linha ",
        "",
    ),
    (
        "there is no receiver or channel ",
        "",
        "não há destinatário nem canal ",
        "",
    ),
    (
        "no time interval is named ",
        "",
        "não há intervalo de tempo chamado ",
        "",
    ),
];

/// What follows the key or the name of what is wrong, the more particular first. Behind it come the messages of fields.
const PREDICATES: &[Pattern] = &[
    ("must be text", "", "deve ser um texto", ""),
    (
        "must be true, false or a map",
        "",
        "deve ser true, false ou um objeto",
        "",
    ),
    ("must be a map", "", "deve ser um objeto", ""),
    (
        "must be a list of conditions",
        "",
        "deve ser uma lista de condições",
        "",
    ),
    ("must be a list", "", "deve ser uma lista", ""),
    (
        "must be a duration such as 30s, 5m, 1h30m or 1d",
        "",
        "deve ser uma duração como 30s, 5m, 1h30m ou 1d",
        "",
    ),
    (
        "must be a share such as 0.999 or 99.9%",
        "",
        "deve ser uma proporção como 0.999 ou 99.9%",
        "",
    ),
    (
        "must be a finite number above zero",
        "",
        "deve ser um número finito acima de zero",
        "",
    ),
    (
        "must be a finite number, zero or above",
        "",
        "deve ser um número finito, zero ou mais",
        "",
    ),
    ("must be a finite number", "", "deve ser um número finito", ""),
    ("must be longer than zero", "", "deve durar mais que zero", ""),
    (
        "must not be longer than one hour",
        "",
        "não pode durar mais de uma hora",
        "",
    ),
    (
        "must not be longer than three days",
        "",
        "não pode durar mais de três dias",
        "",
    ),
    (
        "must not be shorter than one minute",
        "",
        "não pode durar menos de um minuto",
        "",
    ),
    (
        "must not be shorter than its short one",
        "",
        "não pode durar menos que a janela curta",
        "",
    ),
    (
        "must be above 0 and below 1",
        "",
        "deve ficar acima de 0 e abaixo de 1",
        "",
    ),
    (
        "must be from zero to the score",
        "",
        "deve ficar entre zero e score",
        "",
    ),
    (
        "must be at least one sample",
        "",
        "deve ser de ao menos uma amostra",
        "",
    ),
    (
        "must have at least one condition",
        "",
        "deve ter ao menos uma condição",
        "",
    ),
    (
        "must have at least one step",
        "",
        "deve ter ao menos um passo",
        "",
    ),
    (
        "must have at least one pair of windows",
        "",
        "deve ter ao menos um par de janelas",
        "",
    ),
    (
        "must not be an empty list",
        "",
        "não pode ser uma lista vazia",
        "",
    ),
    ("must have a matcher", "", "deve ter um critério", ""),
    ("must be in quotation marks", "", "deve estar entre aspas", ""),
    (
        "must come after a comma",
        "",
        "deve vir depois de uma vírgula",
        "",
    ),
    (
        "must be one of last, ",
        " or percentile(n) with n from 0 to 100",
        "deve ser um de last, ",
        " ou percentile(n) com n de 0 a 100",
    ),
    (
        "is no aggregate; there are ",
        " or percentile(n) with n from 0 to 100",
        "não é uma agregação; há ",
        " ou percentile(n) com n de 0 a 100",
    ),
    (
        "is no name of a metric such as ",
        "",
        "não é o nome de uma métrica, como ",
        "",
    ),
    (
        "is not such as error_rate > 20 or ",
        "",
        "não é algo como error_rate > 20 ou ",
        "",
    ),
    ("is not a number", "", "não é um número", ""),
    ("is not a duration such as ", "", "não é uma duração, como ", ""),
    ("is no pattern: ", "", "não é uma expressão regular: ", ""),
    ("has no operator", "", "não tem operador", ""),
    ("follows the matcher", "", "vem depois do critério", ""),
    (
        "is given twice, first on line ",
        "",
        "aparece duas vezes, primeiro na linha ",
        "",
    ),
    (
        "has no place beside the threshold of the escalation",
        "",
        "não cabe junto com o threshold do escalonamento",
        "",
    ),
    ("has no place beside ", "", "não cabe junto com ", ""),
    (
        "has no meaning with the baseline ",
        "",
        "não faz sentido com a linha de base ",
        "",
    ),
    (
        "has no meaning with the operator ",
        "",
        "não faz sentido com o operador ",
        "",
    ),
    (
        "needs at least one condition",
        "",
        "precisa de ao menos uma condição",
        "",
    ),
    (
        "needs an aggregate, such as ",
        "",
        "precisa de uma agregação, como ",
        "",
    ),
    ("needs a window, such as ", "", "precisa de uma janela, como ", ""),
    ("needs a window", "", "precisa de uma janela", ""),
    (
        "needs an escalation with steps",
        "",
        "precisa de um escalonamento com passos",
        "",
    ),
];

/// What a finding calls by another name than its key.
const NAMES: &[(&str, &str)] = &[
    ("a rule", "uma regra"),
    ("a condition", "uma condição"),
    ("a step", "um passo"),
    ("a window", "uma janela"),
    ("a key", "uma chave"),
    ("the file", "o arquivo"),
    ("recovery threshold", "o limite de recuperação"),
    ("recovery score", "a recuperação"),
    ("time of absence", "o tempo de ausência"),
    ("interval of the heartbeat", "o intervalo do sinal de vida"),
    ("window of the baseline", "a janela da linha de base"),
    ("short window of a burn rate", "a janela curta de burn_rate"),
    ("long window of a burn rate", "a janela longa de burn_rate"),
    ("factor of a burn rate", "o fator de burn_rate"),
    ("minimum of events", "o mínimo de eventos"),
    ("burn rate", "burn_rate"),
    ("combination", "a combinação"),
    ("half-life", "half_life"),
    ("stale-after", "stale_after"),
    ("warm-up", "warm_up"),
];

/// English words with which other messages begin, where a finding has its key.
const NO_KEYS: &[&str] = &["a", "an", "the", "it", "this", "that", "there", "they"];
const EXAMPLES: &str = "; expected such as severity=\"critical\" or team=~\"a|b\"";
const OWN_EXAMPLES: &str = "; o esperado é algo como severity=\"critical\" ou team=~\"a|b\"";

/// What a finding about a rule says in Portuguese; `None` where it is none, or its words are not known.
pub(super) fn finding(english: &str) -> Option<String> {
    let (said, meant) = match english.rsplit_once("; did you mean ") {
        Some((said, meant)) => (said, format!("; você quis dizer {meant}")),
        None => (english, String::new()),
    };
    let (said, examples) = match said.strip_suffix(EXAMPLES) {
        Some(said) => (said, OWN_EXAMPLES),
        None => (said, ""),
    };
    let (said, found) = match said.split_once(", found ") {
        Some((said, found)) => (said, format!(", mas veio {}", value(found))),
        None => (said, String::new()),
    };
    let own = sentence(said, PLACES)?;
    Some(format!("{own}{found}{examples}{meant}"))
}

fn value(found: &str) -> &str {
    match found {
        "nothing" => "nada",
        "a list" => "uma lista",
        "a map" => "um objeto",
        "a date or time without quotation marks" => "uma data ou hora sem aspas",
        other => other,
    }
}

/// How many places stand before a sentence: labels may hold what looks like more of them, as often as somebody likes.
const PLACES: u8 = 4;

fn sentence(said: &str, places: u8) -> Option<String> {
    if let Some(own) = told(WHOLE, said) {
        return Some(own);
    }
    let conditions = said.strip_suffix(" are two conditions; put several together with all or any");
    if let Some((one, two)) = conditions.and_then(|both| both.split_once(" and ")) {
        return Some(format!(
            "{one} e {two} são duas condições; várias se juntam com all ou any"
        ));
    }
    if places > 0
        && let Some((place, rest)) = said.split_once(": ")
        && let Some(place) = name(place)
    {
        return Some(format!("{place}: {}", sentence(rest, places - 1)?));
    }
    let (subject, predicate) = subject(said)?;
    let own = told(PREDICATES, predicate).or_else(|| {
        let is_known = predicate.starts_with("must ");
        is_known.then(|| told(PATTERNS, predicate)).flatten()
    })?;
    Some(format!("{subject} {own}"))
}

/// What something is called in Portuguese: a key stays as it is.
fn name(english: &str) -> Option<&str> {
    let known = NAMES.iter().find(|(name, _)| *name == english);
    let is_key = english
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    let is_key = is_key && !english.is_empty() && !NO_KEYS.contains(&english);
    known.map(|(_, own)| *own).or_else(|| is_key.then_some(english))
}

/// What is wrong, and how: a name, a key, or a text in quotation marks stands first.
fn subject(said: &str) -> Option<(&str, &str)> {
    let named = NAMES
        .iter()
        .find_map(|(name, own)| Some((*own, said.strip_prefix(name)?.strip_prefix(' ')?)));
    if named.is_some() {
        return named;
    }
    if said.starts_with('"') {
        // The text may hold what looks like its end, escaped.
        let mut is_escaped = false;
        let end = said.char_indices().skip(1).find(|(_, sign)| {
            let ends = *sign == '"' && !is_escaped;
            is_escaped = *sign == '\\' && !is_escaped;
            ends
        });
        let (subject, predicate) = said.split_at_checked(end?.0 + 1)?;
        return Some((subject, predicate.strip_prefix(' ')?));
    }
    let (key, predicate) = said.split_once(' ')?;
    Some((name(key)?, predicate))
}
