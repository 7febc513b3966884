use proptest::prelude::*;

use super::*;

fn weak(password: &str) -> Option<Weakness> {
    weakness(password, &["ana.souza@example.com", "Clínica Aurora"])
}

/// Written from what is generally known of leaked passwords.
const COMMON: &str = "password password1 password12 password123 passw0rd p@ssw0rd P@$$w0rd Passw0rd! Password1! 12345678 \
    123456789 1234567890 87654321 987654321 11111111 00000000 88888888 12341234 123123123 147258369 789456123 11223344 \
    qwertyuiop qwerty123 Qwerty123! qwer1234 1q2w3e4r 1q2w3e4r5t q1w2e3r4 1qaz2wsx zaq12wsx qazwsxedc asdfghjkl asdf1234 \
    asdfasdf zxcvbnm1 qweqweqwe abcd1234 Abcd@1234 abc12345 aa123456 a1234567 iloveyou iloveyou1 iloveyou2 Il0vey0u \
    lovelove sunshine sunshine1 princess princess1 football football1 baseball baseball1 basketball superman superman1 \
    spiderman batman123 welcome1 Welcome1! welcome123 letmein1 letmein123 letmein!! trustno1 starwars startrek whatever \
    jennifer jessica1 michelle michael1 samantha danielle victoria alexander elizabeth christian stephanie charlie1 \
    computer internet corvette mercedes maverick steelers midnight bigdaddy butthead chocolate butterfly liverpool \
    liverpool1 chelsea1 arsenal1 barcelona juventus rockstar babygirl jordan23 blink182 metallica slipknot hello123 \
    hellokitty facebook dragon123 dragonmonkey monkey123 shadow12 master12 test1234 testtest admin123 Admin@123 \
    administrator changeme secret123 superstar fuckyou1 bullshit asshole1 pussycat mustang1 ncc1701d jamesbond freedom1 \
    summer2024 Winter2023! Spring2025 cowboys1 yankees1 patriots redskins dolphins panthers airborne senha123 senha2026 \
    Senha@123 s3nh4123 minhasenha mudar123 Mudar@123 acesso123 bemvindo1 flamengo flamengo10 Corinthians10 palmeiras \
    SãoPaulo saopaulo1 brasil123 Brasil2026! brasileiro amordaminhavida meuamor123 princesa1 deusefiel deusfiel10 \
    jesusteama jesuscristo felicidade borboleta cachorro gabriel123 mateus123 janeiro2026 feliz2024 natal2025 \
    consultorio consultório computador administrador vidaloka10 31121999 1999-12-31 25/12/1990 drowssap";

#[test]
fn what_is_tried_first_is_refused() {
    let all: Vec<&str> = COMMON.split_ascii_whitespace().collect();
    assert!(all.len() >= 150, "{}", all.len());
    let passed: Vec<_> = all.iter().filter(|it| weak(it).is_none()).collect();
    assert!(passed.is_empty(), "{passed:?}");
}

#[test]
fn what_nobody_tries_first_may_be_chosen() {
    for good in [
        "três pratos de trigo",
        "o rato roeu a roupa",
        "café com leite e pão",
        "azulejo frio no quintal",
        "amanhã vou pescar tainha",
        "minha avó faz pão de queijo às 5",
        "sete bois e uma viola",
        "senha do cofre é tucunaré",
        "lanterna-girafa-pudim",
        "jacarandá roxo em outubro",
        "aurora borealis em julho",
        "correct horse battery staple",
        "sunshine on a rainy day",
        "the kettle sings before dawn",
        "four purple tractors dancing",
        "seven wet umbrellas",
        "my dog ate 3 blue shoes",
        "password is not a good password",
        "tr0ub4dor&3",
        "kX9#vQ2m",
        "kX9#vQ2!",
        "vxkqjzpw",
        "83719264",
        "密码学很有趣吗 ✓",
        "çãéíõüx9",
    ] {
        assert_eq!(weak(good), None, "{good}");
    }
}

#[test]
fn the_reason_is_what_most_of_the_password_is() {
    for (password, reason) in [
        ("sunshine!", Weakness::Common),
        ("Corinthians10", Weakness::Common),
        ("31121999", Weakness::Common),
        ("abcabcabc", Weakness::Repetitive),
        ("kqzkqzkqz", Weakness::Repetitive),
        ("bcdefghijk", Weakness::Sequential),
        ("sdfghjkl;'", Weakness::Sequential),
        ("aurora2026", Weakness::Contextual),
        ("4urora#1", Weakness::Contextual),
        ("Souza2026", Weakness::Contextual),
        ("anasouza", Weakness::Contextual),
        ("clinicaaurora", Weakness::Contextual),
        ("4ur0ra!!99", Weakness::Contextual),
        ("azuos.ana", Weakness::Contextual),
    ] {
        assert_eq!(weak(password), Some(reason), "{password}");
    }
    assert_eq!(weakness("zyntriqa99", &[]), None);
    assert_eq!(weakness("zyntriqa99", &["Zyntriqa"]), Some(Weakness::Contextual));
}

#[test]
fn a_long_password_is_weak_when_both_its_ends_are() {
    assert_eq!(weak(&"a".repeat(256)), Some(Weakness::Repetitive));
    assert_eq!(weak(&"password".repeat(32)), Some(Weakness::Repetitive));
    assert_eq!(weak(&format!("{}sete bois e uma viola", "1".repeat(30))), None);
    assert_eq!(weak(&format!("sete bois e uma viola{}", "1".repeat(30))), None);
}

/// What its numbers cannot hold, or what would keep it busy, is never given to the estimate: no panic, no long wait.
#[test]
fn the_longest_of_everything_comes_to_an_end() {
    let long = |pattern: &str| pattern.chars().cycle().take(256).collect::<String>();
    for pattern in [
        "as",
        "4@8({[<369!1|7$5+%0x2",
        "aab",
        "1.1.2011-12-12 31/12/1999 ",
        "İ",
        "ß",
        "a b c d e f ",
        "\u{0}",
        "1!aA",
    ] {
        weak(&long(pattern));
    }
    let context: Vec<String> = (0..1_000)
        .map(|number| format!("word{number}").repeat(50))
        .collect();
    let context: Vec<&str> = context.iter().map(String::as_str).collect();
    assert_eq!(weakness("kX9#vQ2m", &context), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_is_judged(text in "\\PC{0,60}", of_few in "[a1sİ!]{0,60}") {
        weak(&text);
        weak(&of_few);
    }
}
