//! What is said around the questions.

use super::files::Draft;
use super::questions::Text;
use crate::demo::Words;

/// What would be written.
pub(super) fn shown(words: Words, draft: &Draft) -> String {
    let mut text = format!("\n{}\n", Text("This is written:", "Isto será gravado:").of(words));
    for change in draft.changes() {
        text.push_str(&format!("  {:<12} {}\n", change.file, change.shown));
    }
    text
}

pub(super) fn agreement(words: Words, draft: &Draft) -> &'static str {
    let new = Text("Write it? [y/N] ", "Gravar? [s/N] ");
    let over = Text(
        "The files are there already; what is not listed stays. Change them? [y/N] ",
        "Os arquivos já existem; o que não está na lista permanece. Alterar? [s/N] ",
    );
    if draft.replaces() { over } else { new }.of(words)
}

pub(super) const fn declined(words: Words) -> &'static str {
    Text("nothing was written", "nada foi gravado").of(words)
}

pub(super) const fn nothing(words: Words) -> &'static str {
    Text(
        "Every setting is as it is by default.",
        "Todas as configurações são as padrão.",
    )
    .of(words)
}

pub(super) const fn farewell(words: Words) -> &'static str {
    Text(
        "Next: aurora check, then aurora serve.",
        "A seguir: aurora check, depois aurora serve.",
    )
    .of(words)
}
