//! Notices as messages in conversations.

use aurora_core::time::Clock as _;

use super::{Clinic, DAY, HOUR, time};
use crate::appointments::{AppointmentPolicy, ConversationNotices, NewReminderRule, WaitingStatus};
use crate::channels::{Address, AddressKind, ChannelId, Inbound, Sender};
use crate::clients::{ClientId, NewClient};
use crate::conversations::{
    Content, Conversation, ConversationFilter, ConversationId, ConversationSettings, Direction,
};
use crate::testing::each_database;

const WHATSAPP: AddressKind = AddressKind::WaId;
const PAGE: AddressKind = AddressKind::Visitor;

impl Clinic {
    fn notices(&self) -> ConversationNotices {
        ConversationNotices::new(self.crm.conversations().clone())
    }

    /// The client writes from an address of this kind.
    async fn hears(&self, client: ClientId, kind: AddressKind, channel: ChannelId) -> ConversationId {
        let now = self.clock.now();
        let talks = self.crm.conversations();
        let inbound = Inbound {
            channel,
            from: Sender {
                addresses: vec![Address::new(kind, "5511987654321")],
                name: None,
            },
            provider_id: format!("{channel}/{}", now.as_micros()),
            sent_at: now,
            content: Content::text("Oi"),
            reply_to: None,
            extra: None,
        };
        let conversation = talks.ingest(&self.context, &inbound).await.unwrap().conversation;
        let contact = talks.get(&self.context, conversation).await.unwrap().contact.id;
        talks.link_client(&self.context, contact, client).await.unwrap();
        conversation
    }

    /// What was written to the contact there.
    async fn written(&self, conversation: ConversationId) -> Vec<Content> {
        let page = aurora_core::page::PageRequest::default();
        let talks = self.crm.conversations();
        let messages = talks
            .messages(&self.context, conversation, &page)
            .await
            .unwrap()
            .items;
        let out = messages
            .into_iter()
            .filter(|message| message.direction == Direction::Out);
        out.map(|message| message.content).collect()
    }

    async fn conversations_of(&self, client: ClientId) -> Vec<Conversation> {
        let page = aurora_core::page::PageRequest::default();
        let filter = ConversationFilter::all().client(client);
        let talks = self.crm.conversations();
        talks.list(&self.context, &filter, &page).await.unwrap().items
    }

    async fn reminds_with(&self, template: &str) {
        let rule = NewReminderRule::before(2 * 60).template(template);
        self.crm
            .appointments()
            .add_reminder_rule(&self.context, rule)
            .await
            .unwrap();
    }

    fn channel(&self) -> ChannelId {
        ChannelId::new(self.clock.now())
    }
}

fn is_template(content: &[Content], named: &str) -> bool {
    matches!(content, [Content::Template { name, .. }] if name == named)
}

#[tokio::test]
async fn a_reminder_goes_to_whatsapp_also_when_the_client_last_wrote_on_a_page() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        clinic.reminds_with("lembrete").await;
        let worker = clinic.crm.appointments().worker(clinic.notices());
        let phone = clinic.hears(clinic.ana, WHATSAPP, clinic.channel()).await;
        clinic.clock.advance(HOUR);
        let page = clinic.hears(clinic.ana, PAGE, clinic.channel()).await;
        assert_ne!(phone, page);
        // While free texts are allowed with buttons, and later by the template.
        let soon = clinic.booked(clinic.checkup("01T16:00")).await;
        clinic.pass(&worker, 6 * HOUR).await;
        assert_eq!(clinic.now(&soon).await.reminded_at, Some(time("01T14:00")));
        assert!(matches!(&clinic.written(phone).await[..], [Content::Buttons { choices, .. }] if choices.len() == 3));
        clinic.booked(clinic.checkup("04T16:00")).await;
        clinic.pass(&worker, 3 * DAY).await;
        let written = clinic.written(phone).await;
        assert_eq!(written.len(), 2);
        assert!(written.iter().any(|one| is_template(std::slice::from_ref(one), "lembrete")));
        assert_eq!(clinic.written(page).await, []);
    })
    .await;
}

#[tokio::test]
async fn who_has_only_a_chat_on_a_page_is_told_on_whatsapp_where_there_is_a_number() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        clinic.reminds_with("lembrete").await;
        let worker = clinic.crm.appointments().worker(clinic.notices());
        let numbered = NewClient::person("Carla Reis").phone("(11) 98765-4321");
        let carla = clinic
            .crm
            .clients()
            .create(&clinic.context, numbered)
            .await
            .unwrap()
            .id;
        let page = clinic.hears(carla, PAGE, clinic.channel()).await;
        let mut booking = clinic.checkup("01T16:00");
        booking.client = carla;
        clinic.booked(booking.clone()).await;
        clinic.pass(&worker, 7 * HOUR).await;
        assert_eq!(clinic.written(page).await.len(), 1, "the house names no channel");

        let channel = clinic.channel();
        let settings = ConversationSettings::default().notices_from(channel);
        clinic
            .crm
            .conversations()
            .configure(&clinic.context, &settings)
            .await
            .unwrap();
        booking.starts_at = time("02T16:00");
        clinic.booked(booking).await;
        clinic.pass(&worker, DAY).await;
        assert_eq!(clinic.written(page).await.len(), 1);
        let all = clinic.conversations_of(carla).await;
        let begun = all.iter().find(|it| it.channel_id == channel).unwrap();
        assert!(is_template(&clinic.written(begun.id).await, "lembrete"));
    })
    .await;
}

#[tokio::test]
async fn who_has_no_number_is_told_in_the_chat_on_the_page() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        clinic.reminds_with("lembrete").await;
        let worker = clinic.crm.appointments().worker(clinic.notices());
        let settings = ConversationSettings::default().notices_from(clinic.channel());
        clinic
            .crm
            .conversations()
            .configure(&clinic.context, &settings)
            .await
            .unwrap();
        let page = clinic.hears(clinic.ana, PAGE, clinic.channel()).await;
        clinic.booked(clinic.checkup("01T16:00")).await;
        clinic.pass(&worker, 7 * HOUR).await;
        assert!(matches!(
            &clinic.written(page).await[..],
            [Content::Buttons { .. }]
        ));
        assert_eq!(clinic.conversations_of(clinic.ana).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_offer_a_day_after_the_last_message_goes_by_its_template_or_to_the_next() {
    each_database(|db| async move {
        let clinic = Clinic::by_day(db.database).await;
        let appointments = clinic.crm.appointments();
        let worker = appointments.worker(clinic.notices());
        let phone = clinic.hears(clinic.bruno, WHATSAPP, clinic.channel()).await;
        clinic.clock.advance(25 * HOUR);
        let carla = clinic.client("Carla").await;
        let page = clinic.hears(carla, PAGE, clinic.channel()).await;
        let first = clinic.waits(clinic.wish(clinic.bruno).priority(1)).await;
        let second = clinic.waits(clinic.wish(carla)).await;
        let made = clinic.booked(clinic.checkup("03T10:00")).await;
        clinic.cancelled(&made).await;
        clinic.work(&worker).await;
        assert_eq!(clinic.written(phone).await, []);
        assert_eq!(clinic.written(page).await.len(), 1);
        let passed_over = clinic.entry(&first).await;
        assert_eq!(
            (passed_over.status, passed_over.offers),
            (WaitingStatus::Waiting, 0)
        );
        assert_eq!(clinic.entry(&second).await.status, WaitingStatus::Offered);

        let policy = AppointmentPolicy {
            offer_template: Some("vaga".to_owned()),
            ..AppointmentPolicy::default()
        };
        appointments.set_policy(&clinic.context, policy).await.unwrap();
        clinic.clock.advance(HOUR);
        let made = clinic.booked(clinic.checkup("04T10:00")).await;
        clinic.cancelled(&made).await;
        clinic.work(&worker).await;
        assert!(is_template(&clinic.written(phone).await, "vaga"));
        assert_eq!(clinic.entry(&first).await.offers, 1);
    })
    .await;
}
