//! What letters say, in English and in Portuguese.

use aurora_core::secret::Secret;

use super::Page;

/// What a letter is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Matter<'a> {
    /// Somebody has forgotten their password.
    Reset,
    /// Somebody gets an account.
    Invite,
    /// Somebody is asked into the workspace of this name.
    Join(&'a str),
    /// Whether mail to an address arrives.
    Verify,
}

impl Matter<'_> {
    pub(super) const fn page(&self) -> Page {
        match self {
            Self::Reset => Page::Reset,
            Self::Invite => Page::Invite,
            Self::Join(_) => Page::Join,
            Self::Verify => Page::Verify,
        }
    }
}

/// Subject and text.
pub(super) fn of(matter: &Matter<'_>, language: &str, link: &Secret) -> (String, String) {
    let is_portuguese = language
        .split('-')
        .next()
        .is_some_and(|it| it.eq_ignore_ascii_case("pt"));
    let (subject, before, after) = if is_portuguese {
        portuguese(matter)
    } else {
        english(matter)
    };
    let text = format!("{before}\n\n{}\n\n{after}\n", link.expose());
    (subject, text)
}

fn english(matter: &Matter<'_>) -> (String, String, &'static str) {
    match matter {
        Matter::Reset => (
            "Choose a new password".to_owned(),
            "Somebody, probably you, asked for a new password for your account. Choose one within 30 minutes here:".to_owned(),
            "If it was not you, do nothing: your password stays as it is.",
        ),
        Matter::Invite => (
            "Your account".to_owned(),
            "An account was made for you. Choose your password within 7 days here:".to_owned(),
            "If you did not expect this, do nothing.",
        ),
        Matter::Join(name) => (
            format!("Invitation to {name}"),
            format!("You are invited to {name}. Accept the invitation here:"),
            "If you did not expect this, do nothing.",
        ),
        Matter::Verify => (
            "Confirm your address".to_owned(),
            "Confirm within a day that this address is yours:".to_owned(),
            "If you did not ask for this, do nothing.",
        ),
    }
}

fn portuguese(matter: &Matter<'_>) -> (String, String, &'static str) {
    match matter {
        Matter::Reset => (
            "Escolha uma nova senha".to_owned(),
            "Alguém, provavelmente você, pediu uma nova senha para a sua conta. Escolha-a em até 30 minutos aqui:".to_owned(),
            "Se não foi você, não faça nada: sua senha continua a mesma.",
        ),
        Matter::Invite => (
            "Sua conta".to_owned(),
            "Uma conta foi criada para você. Escolha sua senha em até 7 dias aqui:".to_owned(),
            "Se você não esperava por isso, não faça nada.",
        ),
        Matter::Join(name) => (
            format!("Convite para {name}"),
            format!("Você foi convidado(a) para {name}. Aceite o convite aqui:"),
            "Se você não esperava por isso, não faça nada.",
        ),
        Matter::Verify => (
            "Confirme seu e-mail".to_owned(),
            "Confirme em até um dia que este endereço é seu:".to_owned(),
            "Se você não pediu isso, não faça nada.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_speak_the_language_of_who_reads_them() {
        let link: Secret = "https://aurora.example/join?token=t".into();
        let matter = Matter::Join("Clínica Boa Vista");
        for (language, subject) in [
            ("pt-BR", "Convite para Clínica Boa Vista"),
            ("PT", "Convite para Clínica Boa Vista"),
            ("en-GB", "Invitation to Clínica Boa Vista"),
            ("de", "Invitation to Clínica Boa Vista"),
        ] {
            let (shown, text) = of(&matter, language, &link);
            assert_eq!(shown, subject, "{language}");
            assert!(
                text.contains("\n\nhttps://aurora.example/join?token=t\n\n"),
                "{text}"
            );
        }
        assert_eq!(of(&Matter::Reset, "pt", &link).0, "Escolha uma nova senha");
    }
}
