//! What of an answer goes where.

use aurora_core::time::Timestamp;
use chrono::NaiveDate;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::{NUMERIC, Which, clock, fixtures, told};
use crate::companies::{
    Company, CompanySize, Establishment, PartnerKind, Reais, RegistrationStatus, TaxRegime,
};

async fn company(which: Which, body: &Value) -> Company {
    let answer = ResponseTemplate::new(200).set_body_json(body);
    let company = told(which, answer).await.unwrap();
    assert_eq!(&company.raw, body, "the answer is not kept as it was");
    assert_eq!(company.fetched_at, aurora_core::time::Clock::now(&clock()));
    company
}

fn date(text: &str) -> Option<NaiveDate> {
    Some(text.parse().unwrap())
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn regime(is_opted: bool, since: Option<NaiveDate>) -> Option<TaxRegime> {
    Some(TaxRegime { is_opted, since })
}

#[tokio::test]
async fn an_office_of_cnpja() {
    for which in [Which::Paid, Which::Open] {
        let company = company(which, &fixtures::cnpja(NUMERIC)).await;
        assert_eq!(company.legal_name, "CNPJA TECNOLOGIA LTDA");
        assert_eq!(company.trade_name.as_deref(), Some("CNPJA"));
        assert_eq!(company.establishment, Some(Establishment::HeadOffice));
        assert!(company.is_active());
        assert_eq!(company.founded, date("2020-06-05"));
        assert_eq!(company.address.ibge_code, Some(3_550_308));
        assert_eq!(company.address.zip.as_deref(), Some("01452922"));
        assert_eq!(
            company.address.street.as_deref(),
            Some("Avenida Brigadeiro Faria Lima")
        );
        assert_eq!(texts(&company.phones), ["+551138765432", "+5511987654321"]);
        assert_eq!(texts(&company.emails), ["contato@cnpja.com"]);
        assert_eq!(company.main_activity.as_ref().unwrap().code, "6311900");
        assert_eq!(
            company.side_activities[0].code, "0111301",
            "a leading zero is lost"
        );
        assert_eq!(
            company.legal_nature.as_ref().unwrap().code.as_deref(),
            Some("2062")
        );
        assert_eq!(company.size, Some(CompanySize::Micro));
        assert_eq!(company.capital, Some(Reais::from_centavos(100_050)));
        assert_eq!(company.simples, regime(true, date("2020-06-05")));
        assert_eq!(company.mei, regime(false, None));
        let kinds: Vec<_> = company.partners.iter().map(|partner| partner.kind).collect();
        assert_eq!(kinds, [Some(PartnerKind::Person), Some(PartnerKind::Company)]);
        assert_eq!(company.partners[0].document.as_deref(), Some("***112108**"));
        let registration = &company.state_registrations[0];
        assert_eq!(registration.number, "0962003180041");
        assert_eq!(
            (registration.state.as_deref(), registration.is_enabled),
            (Some("SP"), Some(true))
        );
        assert_eq!(
            company.updated_at,
            Some(Timestamp::parse("2026-11-20T12:34:56Z").unwrap())
        );
        let shown = format!(
            "{:?} {:?} {:?}",
            company.partners, company.address, company.state_registrations
        );
        assert!(
            !shown.contains("Maria") && !shown.contains("Faria") && !shown.contains("0962"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn an_answer_of_minha_receita() {
    for (which, source) in [
        (Which::MinhaReceita, "minha-receita"),
        (Which::BrasilApi, "brasil-api"),
    ] {
        let company = company(which, &fixtures::minha_receita(NUMERIC)).await;
        assert_eq!(company.source, source);
        assert_eq!(company.legal_name, "OPEN KNOWLEDGE BRASIL");
        assert_eq!(
            (company.status_since, company.status_reason),
            (date("2013-10-03"), None)
        );
        assert_eq!(company.address.street.as_deref(), Some("AVENIDA PAULISTA"));
        assert_eq!(
            company.address.ibge_code,
            Some(3_550_308),
            "taken from the SIAFI code"
        );
        assert_eq!(texts(&company.phones), ["+551123851939"]);
        assert_eq!(company.emails.len(), 0);
        assert_eq!(
            company.side_activities.len(),
            1,
            "an activity without a code is none"
        );
        assert_eq!(company.side_activities[0].code, "0111301");
        assert_eq!(company.capital, Some(Reais::from_centavos(0)));
        assert_eq!(company.size, Some(CompanySize::Larger));
        assert_eq!(company.simples, None, "null is not no");
        assert_eq!(company.mei, regime(false, None));
        assert_eq!(company.partners[0].role.as_deref(), Some("Presidente"));
        assert_eq!(company.updated_at, None);
    }
}

#[tokio::test]
async fn dates_of_year_one_and_numbers_for_texts_are_seen_through() {
    let mut body = fixtures::minha_receita(NUMERIC);
    body["data_situacao_cadastral"] = json!("0001-01-01T00:00:00Z");
    body["data_inicio_atividade"] = json!("2013-10-03T00:00:00Z");
    body["cep"] = json!(1_311_902);
    body["situacao_cadastral"] = json!(4);
    body["motivo_situacao_cadastral"] = json!(63);
    body["descricao_motivo_situacao_cadastral"] = json!("OMISSAO DE DECLARACOES");
    body["capital_social"] = json!(205_431_960_490.52);
    body["qsa"] = Value::Null;
    let company = company(Which::MinhaReceita, &body).await;
    assert_eq!(
        (company.status_since, company.founded),
        (None, date("2013-10-03"))
    );
    assert_eq!(company.address.zip.as_deref(), Some("01311902"));
    assert_eq!(company.status, RegistrationStatus::Unfit);
    assert_eq!(company.status_reason.as_deref(), Some("OMISSAO DE DECLARACOES"));
    assert_eq!(company.capital.unwrap().to_string(), "205431960490.52");
    assert_eq!(company.partners.len(), 0);
}

#[tokio::test]
async fn an_answer_of_cnpj_ws() {
    let company = company(Which::PublicaCnpjWs, &fixtures::publica_cnpj_ws(NUMERIC)).await;
    assert_eq!(company.establishment, Some(Establishment::Branch));
    assert_eq!(company.status, RegistrationStatus::Closed);
    assert!(company.status_reason.unwrap().starts_with("EXTINCAO"));
    assert_eq!(company.address.street.as_deref(), Some("RUA GOMES DE CARVALHO"));
    assert_eq!(
        (company.address.ibge_code, company.address.state.as_deref()),
        (Some(3_550_308), Some("SP"))
    );
    assert_eq!(texts(&company.phones), ["+551130304040"]);
    assert_eq!(company.main_activity.unwrap().code, "6204000");
    assert_eq!(company.capital, Some(Reais::from_centavos(2_500_000)));
    assert_eq!(company.size, Some(CompanySize::Small));
    assert_eq!(company.simples, regime(true, date("2018-01-01")));
    assert_eq!(company.mei, regime(false, None));
    assert_eq!(company.partners[0].role.as_deref(), Some("Sócio-Administrador"));
    assert_eq!(company.state_registrations[0].is_enabled, Some(false));
    assert_eq!(
        company.updated_at,
        Some(Timestamp::parse("2026-11-15T03:00:00Z").unwrap())
    );
}

#[tokio::test]
async fn an_answer_of_receita_ws() {
    let company = company(Which::ReceitaWs, &fixtures::receita_ws(NUMERIC)).await;
    assert_eq!(
        (company.founded, company.status_since),
        (date("2004-03-16"), date("2004-10-23"))
    );
    assert_eq!(company.address.zip.as_deref(), Some("74180050"));
    assert_eq!(texts(&company.phones), ["+556232416330", "+556232141598"]);
    assert_eq!(company.main_activity.unwrap().code, "6810201");
    assert_eq!(company.side_activities.len(), 0, "zeros are no activity");
    let nature = company.legal_nature.unwrap();
    assert_eq!(nature.code.as_deref(), Some("2062"));
    assert_eq!(nature.text.as_deref(), Some("Sociedade Empresária Limitada"));
    assert_eq!(company.capital, Some(Reais::from_centavos(19_000_000)));
    assert_eq!(company.partners[0].role.as_deref(), Some("Sócio-Administrador"));
    assert_eq!(company.simples, regime(false, None));
}
