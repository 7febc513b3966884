//! An invented clinic: what can be booked with whom, appointments of the next days, talks on its page, what it knows.

use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::time::Clock as _;
use aurora_crm::appointments::{Actor, Booking};
use aurora_crm::channels::web_chat::VisitorMessage;
use aurora_crm::clients::{ClientId, NewClient};
use aurora_crm::conversations::{Author, ConversationFilter, ConversationId, NewMessage};
use aurora_crm::knowledge::{Content, NewDocument};
use aurora_crm::scheduling::{
    NewProfessional, NewRoom, NewService, Professional, RoomId, ServiceId, SlotQuery, Spread, WallTime,
    Weekday, WorkingHours,
};
use aurora_crm::{Context, ErrorKind as CrmErrorKind};

use super::companies::refused;
use crate::error::Error;
use crate::state::AppState;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Minutes after midnight.
const MORNING: (u16, u16) = (8 * 60, 12 * 60);
const AFTERNOON: (u16, u16) = (13 * 60, 18 * 60);
/// Appointments of each service.
const BOOKED: usize = 5;

const PATIENTS: [&str; 4] = [
    "Marina Duarte",
    "Rafael Nogueira",
    "Beatriz Amaral",
    "Otávio Lins",
];

const DAYS: [Weekday; 5] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
];

/// What somebody writes on the page of the clinic, and what is answered.
struct Talk {
    /// The place of who writes among the patients.
    patient: usize,
    label: &'static str,
    lines: &'static [Line],
}

/// One message of a talk.
enum Line {
    Patient(&'static str),
    Clinic(&'static str),
}

const TALKS: [Talk; 2] = [
    Talk {
        patient: 0,
        label: "agenda",
        lines: &[
            Line::Patient("Bom dia! Vocês atendem aos sábados?"),
            Line::Clinic("Bom dia, Marina! Sim, das 8h às 12h. Quer que eu veja um horário?"),
            Line::Patient("Quero, por favor. Para uma limpeza."),
        ],
    },
    Talk {
        patient: 1,
        label: "preços",
        lines: &[
            Line::Patient("Quanto custa o clareamento?"),
            Line::Clinic("O clareamento custa R$ 890, em até 6 vezes. A avaliação antes dele é gratuita."),
        ],
    },
];

const DOCUMENTS: [(&str, &str, &str); 2] = [
    (
        "Preços e formas de pagamento",
        "demo-prices",
        "# Preços\n\nQuanto custa: avaliação gratuita, limpeza R$ 250, clareamento R$ 890.\n\n\
         | Serviço | Preço |\n| --- | --- |\n| Avaliação | gratuita |\n| Limpeza | R$ 250 |\n\
         | Clareamento | R$ 890 |\n\n# Pagamento\n\nCartão em até 6 vezes sem juros, Pix ou dinheiro. Não aceitamos \
         cheques.\n",
    ),
    (
        "Antes e depois do clareamento",
        "demo-whitening",
        "# Antes\n\nFaça uma avaliação. Grávidas e menores de 16 anos não fazem clareamento.\n\n# Depois\n\nEvite café, \
         vinho tinto e beterraba por 48 horas. É normal que os dentes fiquem sensíveis nos primeiros dois dias.\n",
    ),
];

/// Stores all of it in the workspace of the demo, which is the one that the dashboard shows without a sign-in.
pub(super) async fn insert(state: &AppState) -> Result<(), Error> {
    let context = Context::new(state.workspace, "demo");
    let mut patients = Vec::new();
    for name in PATIENTS {
        let patient = NewClient::person(name).tag("demo").tag("paciente");
        let made = state.crm.clients().create(&context, patient).await;
        patients.push(made.map_err(refused)?.id);
    }
    let services = Box::pin(furnish(state, &context)).await.map_err(refused)?;
    for (turn, service) in services.into_iter().enumerate() {
        // Another one begins each time: nobody is in two places at once.
        let order: Vec<ClientId> = patients.iter().cycle().skip(turn).take(BOOKED).copied().collect();
        Box::pin(book(state, &context, service, &order))
            .await
            .map_err(refused)?;
    }
    Box::pin(talk(state, &context, &patients))
        .await
        .map_err(refused)?;
    for (title, name, text) in DOCUMENTS {
        let document = NewDocument::new(title, Content::Markdown(text.to_owned())).external_id(name);
        let ingested = Box::pin(state.library.knowledge.ingest(&context, document)).await;
        ingested.map_err(refused)?;
    }
    Ok(())
}

/// People with their hours, a room, and what they do; gives the services.
async fn furnish(state: &AppState, context: &Context) -> Result<[ServiceId; 3], aurora_crm::Error> {
    let helena = hire(state, context, "Dra. Helena Prado").await?;
    let caio = hire(state, context, "Dr. Caio Mendes").await?;
    let scheduling = state.crm.scheduling();
    let room: RoomId = scheduling
        .create_room(context, NewRoom::new("Consultório 1"))
        .await?
        .id;
    let check = NewService::new("Avaliação", 30)
        .description("Primeira consulta, com radiografia quando for preciso.")
        .price_cents(0)
        .professional(helena.id)
        .confirms_itself();
    let cleaning = NewService::new("Limpeza", 45)
        .description("Limpeza e aplicação de flúor.")
        .buffers(0, 15)
        .price_cents(25_000)
        .professional(helena.id)
        .professional(caio.id)
        .confirms_itself();
    let whitening = NewService::new("Clareamento", 60)
        .description("Sessão de clareamento, depois de uma avaliação.")
        .price_cents(89_000)
        .professional(caio.id)
        .room(room);
    Ok([
        scheduling.create_service(context, check).await?.id,
        scheduling.create_service(context, cleaning).await?.id,
        scheduling.create_service(context, whitening).await?.id,
    ])
}

async fn hire(state: &AppState, context: &Context, name: &str) -> Result<Professional, aurora_crm::Error> {
    let scheduling = state.crm.scheduling();
    let made = scheduling
        .create_professional(context, NewProfessional::new(name))
        .await?;
    let days = DAYS.into_iter();
    let week = days
        .flat_map(|day| [(day, MORNING), (day, AFTERNOON)])
        .chain([(Weekday::Sat, MORNING)])
        .filter_map(|(day, (from, until))| {
            let (from, until) = (WallTime::from_minutes(from)?, WallTime::from_minutes(until)?);
            Some(WorkingHours::new(day, from, until))
        })
        .collect();
    scheduling.set_hours(context, made.id, made.version, week).await
}

/// Books a free time of the next seven days for each patient in turn.
async fn book(
    state: &AppState,
    context: &Context,
    service: ServiceId,
    patients: &[ClientId],
) -> Result<(), aurora_crm::Error> {
    let now = state.clock.now();
    let query = SlotQuery::new(service, now, now + WEEK).spread(Spread::PerPart(1));
    let slots = state.crm.scheduling().free_slots(context, &query).await?;
    for (slot, patient) in slots.into_iter().zip(patients) {
        let booking = Booking::new(
            *patient,
            service,
            slot.professional_id,
            slot.starts_at,
            Actor::Client,
        );
        match state.crm.appointments().book(context, booking).await {
            // Another one was faster, or the time has just begun: the demo has enough others.
            Err(error) if matches!(error.kind(), CrmErrorKind::Conflict | CrmErrorKind::Invalid) => {}
            booked => drop(booked?),
        }
    }
    Ok(())
}

/// Talks of visitors of a page.
async fn talk(state: &AppState, context: &Context, patients: &[ClientId]) -> Result<(), aurora_crm::Error> {
    let chat = &state.reception.web_chat;
    let conversations = state.crm.conversations();
    let end = chat.create(context, "Site da clínica").await?;
    let key = chat.page_key(context, end.id).await?;
    let mut known: Vec<ConversationId> = Vec::new();
    for talk in TALKS {
        let session = chat.begin(&key).await?;
        let name = PATIENTS.get(talk.patient).copied().unwrap_or("Visitante");
        let mut current = None;
        for (number, line) in talk.lines.iter().enumerate() {
            match line {
                Line::Patient(text) => {
                    let message = VisitorMessage::text(format!("demo-{number}"), *text).name(name);
                    chat.post(&session.token, &message).await?;
                }
                Line::Clinic(text) => {
                    let Some(id) = current else { continue };
                    let answer = NewMessage::text(Author::Assistant, *text);
                    conversations.post(context, id, answer).await?;
                }
            }
            if current.is_none() {
                let filter = ConversationFilter::all().channel(end.id);
                let page = conversations
                    .list(context, &filter, &PageRequest::default())
                    .await?;
                let fresh = page.items.into_iter().find(|it| !known.contains(&it.id));
                let Some(fresh) = fresh else { continue };
                known.push(fresh.id);
                current = Some(fresh.id);
                conversations.tag(context, fresh.id, talk.label).await?;
                if let Some(patient) = patients.get(talk.patient) {
                    conversations
                        .link_client(context, fresh.contact.id, *patient)
                        .await?;
                }
            }
        }
    }
    Ok(())
}
