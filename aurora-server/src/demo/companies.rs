//! Invented companies, clients and leads among them, so that the CRM has something to show.

use aurora_crm::Context;
use aurora_crm::clients::{Address, Client, NewClient};
use aurora_crm::companies::Cnpj;
use aurora_crm::leads::{LeadSource, Locale, Money, NewLead, NewLoss, StageId, StageKind};

use super::Words;
use crate::error::{Error, ErrorKind};
use crate::state::AppState;

/// A company that is made up.
pub(super) struct Invented {
    /// As it would be registered.
    pub(super) name: &'static str,
    pub(super) trade_name: &'static str,
    /// Its CNPJ without the check digits; some have letters, as new ones may since July 2026.
    base: &'static str,
    /// Mail, of a domain that nobody can have, and telephone.
    contact: (&'static str, &'static str),
    pub(super) city: &'static str,
    pub(super) state: &'static str,
    /// CNAE code and what it stands for.
    pub(super) activity: (&'static str, &'static str),
    lead: Option<Wanted>,
}

/// What a company may buy.
struct Wanted {
    title: &'static str,
    reais: i64,
    source: LeadSource,
    stands: Stands,
}

/// How far a lead has come.
#[derive(Clone, Copy)]
enum Stands {
    /// In the open stage of this number, from 0.
    Open(usize),
    Won,
    /// Lost, and why.
    Lost(&'static str),
}

/// A lead in words that are short enough for the table below.
const fn lead(title: &'static str, reais: i64, source: LeadSource, stands: Stands) -> Option<Wanted> {
    Some(Wanted {
        title,
        reais,
        source,
        stands,
    })
}

/// A company in words that are short enough for the table below.
const fn company(
    (name, trade_name): (&'static str, &'static str),
    base: &'static str,
    contact: (&'static str, &'static str),
    (city, state): (&'static str, &'static str),
    activity: (&'static str, &'static str),
    lead: Option<Wanted>,
) -> Invented {
    Invented {
        name,
        trade_name,
        base,
        contact,
        city,
        state,
        activity,
        lead,
    }
}

/// All invented.
pub(super) static COMPANIES: [Invented; 12] = [
    company(
        ("Padaria Flor de Trigo Ltda", "Flor de Trigo"),
        "114447770001",
        ("contato@flordetrigo.example", "+554155500101"),
        ("Curitiba", "PR"),
        ("1091102", "Padaria com predominância de produção própria"),
        lead(
            "Pedidos pelo WhatsApp",
            4_800,
            LeadSource::Whatsapp,
            Stands::Open(0),
        ),
    ),
    company(
        ("Clínica Sorriso do Vale S/S", "Sorriso do Vale"),
        "275319840001",
        ("ola@sorrisodovale.example", "+554755500202"),
        ("Blumenau", "SC"),
        ("8630504", "Atividade odontológica"),
        lead("Agenda e lembretes", 18_000, LeadSource::Referral, Stands::Won),
    ),
    company(
        ("Oficina Duas Rodas Ltda", "Duas Rodas"),
        "386420950002",
        ("oficina@duasrodas.example", "+551955500303"),
        ("Campinas", "SP"),
        ("4543900", "Manutenção e reparação de motocicletas"),
        lead("Aviso de revisão", 6_200, LeadSource::Website, Stands::Open(1)),
    ),
    company(
        ("Aurora Boreal Viagens Ltda", "Boreal"),
        "12ABC34501DE",
        ("viagens@boreal.example", "+554855500404"),
        ("Florianópolis", "SC"),
        ("7911200", "Agências de viagens"),
        lead("Atendimento 24 horas", 36_500, LeadSource::Event, Stands::Open(3)),
    ),
    company(
        ("Mercado Bom Preço da Esquina Ltda", "Bom Preço"),
        "497531060001",
        ("loja@bompreco.example", "+558155500505"),
        ("Recife", "PE"),
        ("4712100", "Minimercados, mercearias e armazéns"),
        lead(
            "Ofertas da semana",
            9_900,
            LeadSource::OutboundCall,
            Stands::Lost("ficou com o sistema do contador"),
        ),
    ),
    company(
        ("Estúdio Jabuticaba Design ME", "Jabuticaba"),
        "508642170001",
        ("estudio@jabuticaba.example", "+553155500606"),
        ("Belo Horizonte", "MG"),
        ("7410202", "Design de interiores"),
        None,
    ),
    company(
        ("Transportes Serra Azul Ltda", "Serra Azul"),
        "618753280001",
        ("frota@serraazul.example", "+555455500707"),
        ("Caxias do Sul", "RS"),
        ("4930202", "Transporte rodoviário de carga"),
        lead(
            "Rastreio por mensagem",
            52_000,
            LeadSource::Partner,
            Stands::Open(4),
        ),
    ),
    company(
        ("Livraria Página Nova Ltda", "Página Nova"),
        "7XK2M9PA0001",
        ("livros@paginanova.example", "+551155500808"),
        ("São Paulo", "SP"),
        ("4761001", "Comércio varejista de livros"),
        lead(
            "Clube de assinantes",
            12_400,
            LeadSource::SocialMedia,
            Stands::Open(2),
        ),
    ),
    company(
        ("Academia Corpo Leve Ltda", "Corpo Leve"),
        "629864390001",
        ("aulas@corpoleve.example", "+556255500909"),
        ("Goiânia", "GO"),
        ("9313100", "Atividades de condicionamento físico"),
        lead(
            "Aulas experimentais",
            8_700,
            LeadSource::Advertisement,
            Stands::Open(1),
        ),
    ),
    company(
        ("Café do Cerrado Torrefação Ltda", "Café do Cerrado"),
        "B4T81NCZ0001",
        ("vendas@cafedocerrado.example", "+553455501010"),
        ("Patrocínio", "MG"),
        ("1081302", "Torrefação e moagem de café"),
        lead(
            "Pedidos de revendas",
            27_300,
            LeadSource::InboundCall,
            Stands::Open(2),
        ),
    ),
    company(
        ("Colégio Ipê Amarelo Ltda", "Ipê Amarelo"),
        "730975410001",
        ("secretaria@ipeamarelo.example", "+556155501111"),
        ("Brasília", "DF"),
        ("8513900", "Ensino fundamental"),
        lead("Matrículas 2027", 44_000, LeadSource::Campaign, Stands::Open(0)),
    ),
    company(
        ("Pet Shop Amigo Fiel ME", "Amigo Fiel"),
        "841086520001",
        ("banho@amigofiel.example", "+558555501212"),
        ("Fortaleza", "CE"),
        ("4789004", "Comércio varejista de animais vivos e de artigos"),
        lead("Banho e tosa com hora", 5_600, LeadSource::WalkIn, Stands::Won),
    ),
];

impl Invented {
    /// Its number, with the check digits.
    ///
    /// # Errors
    /// `Internal` when the base is none.
    pub(super) fn cnpj(&self) -> Result<Cnpj, Error> {
        Cnpj::from_base(self.base).map_err(|error| {
            Error::new(ErrorKind::Internal, "a number of the demo is wrong").caused_by(error)
        })
    }
}

/// Stores the companies, and leads in every state.
pub(super) async fn insert(state: &AppState, words: Words) -> Result<(), Error> {
    let context = Context::new(state.workspace, "demo");
    let locale = match words {
        Words::English => Locale::English,
        Words::Portuguese => Locale::Portuguese,
    };
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .ensure_default(&context, locale)
        .await
        .map_err(refused)?;
    let open: Vec<StageId> = pipeline
        .stages
        .iter()
        .filter(|stage| stage.kind == StageKind::Open)
        .map(|stage| stage.id)
        .collect();
    for invented in &COMPANIES {
        let (email, phone) = invented.contact;
        let client = NewClient::company(invented.name)
            .trade_name(invented.trade_name)
            .cnpj(invented.cnpj()?.plain())
            .email(email)
            .phone(phone)
            .address(Address::new().city(invented.city).state(invented.state))
            .tag("demo");
        let client = state
            .crm
            .clients()
            .create(&context, client)
            .await
            .map_err(refused)?;
        if let Some(wanted) = &invented.lead {
            Box::pin(follow(state, &context, (&client, invented), (wanted, &open))).await?;
        }
    }
    Ok(())
}

/// Stores a lead of a client, and takes it to where it stands.
async fn follow(
    state: &AppState,
    context: &Context,
    (client, invented): (&Client, &Invented),
    (wanted, open): (&Wanted, &[StageId]),
) -> Result<(), Error> {
    let mut new = NewLead::new(wanted.title)
        .client(client.id)
        .company_name(invented.trade_name)
        .value(Money::brl(wanted.reais * 100))
        .source(wanted.source)
        .tag("demo");
    if let Stands::Open(number) = wanted.stands
        && let Some(stage) = open.get(number)
    {
        new = new.stage(*stage);
    }
    let leads = state.crm.leads();
    let lead = leads.create(context, new).await.map_err(refused)?;
    let ended = match wanted.stands {
        Stands::Open(_) => return Ok(()),
        Stands::Won => leads.win(context, lead.id, lead.version, None).await,
        Stands::Lost(why) => {
            let loss = NewLoss::other(why);
            leads.lose(context, lead.id, lead.version, loss, None).await
        }
    };
    ended.map(drop).map_err(refused)
}

/// Why the demo has nothing to show.
pub(super) fn refused(error: aurora_crm::Error) -> Error {
    Error::new(ErrorKind::Storage, "what the demo shows cannot be stored").caused_by(error)
}
