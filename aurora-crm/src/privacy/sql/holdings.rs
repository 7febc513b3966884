//! What is read and erased of each table; `registry.rs` says which of it belongs together.
//!
//! `$2` is the subject: a client or a lead, whose ids are never equal. `$3` of an export is how many rows, of an erasure
//! the present.

/// Clients that are the subject, with those that were merged into it.
macro_rules! clients {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and (id = $2 or merged_into = $2)",
            $after
        )
    };
}

/// Rows with a `client_id` of the subject.
macro_rules! of_client {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and client_id in (select c.id from clients c
                where c.workspace_id = $1 and (c.id = $2 or c.merged_into = $2))",
            $after
        )
    };
}

/// Rows with an `appointment_id` of the subject.
macro_rules! of_appointment {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and appointment_id in (select a.id from appointments a
                join clients c on c.workspace_id = a.workspace_id and c.id = a.client_id
                where a.workspace_id = $1 and (c.id = $2 or c.merged_into = $2))",
            $after
        )
    };
}

/// Leads that are the subject or its client's.
macro_rules! leads {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and (id = $2 or client_id = $2)",
            $after
        )
    };
}

/// Rows with a `lead_id` of these leads.
macro_rules! of_lead {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and lead_id in (select l.id from leads l
                where l.workspace_id = $1 and (l.id = $2 or l.client_id = $2))",
            $after
        )
    };
}

/// Rows with either.
macro_rules! of_either {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and (client_id = $2 or lead_id in (select l.id from leads l
                where l.workspace_id = $1 and (l.id = $2 or l.client_id = $2)))",
            $after
        )
    };
}

/// Rows that name the subject by kind and id.
macro_rules! of_subject {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and (subject_id = $2 or subject_id in (select c.id from clients c
                    where c.workspace_id = $1 and c.merged_into = $2)
                or subject_id in (select l.id from leads l where l.workspace_id = $1 and l.client_id = $2))",
            $after
        )
    };
}

pub(super) use of_subject;

/// Files of the subject, of its leads, of the activities and tasks of both, and of the contacts on channels that it is.
macro_rules! files {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and deleted_at is null and (subject_id = $2
                or subject_id in (select c.id from clients c where c.workspace_id = $1 and c.merged_into = $2)
                or subject_id in (select l.id from leads l where l.workspace_id = $1 and l.client_id = $2)
                or subject_id in (select a.id from activities a left join leads l
                    on l.workspace_id = $1 and l.id = a.lead_id
                    where a.workspace_id = $1 and (a.client_id = $2 or l.id = $2 or l.client_id = $2))
                or subject_id in (select t.id from tasks t left join leads l
                    on l.workspace_id = $1 and l.id = t.lead_id
                    where t.workspace_id = $1 and (t.client_id = $2 or l.id = $2 or l.client_id = $2))
                or subject_id in (select k.id from contacts k
                    where k.workspace_id = $1 and k.client_id in (select c.id from clients c
                        where c.workspace_id = $1 and (c.id = $2 or c.merged_into = $2))))",
            $after
        )
    };
}

/// Rows of contacts on channels that are the subject.
macro_rules! of_contact {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and contact_id in (select t.id from contacts t where t.workspace_id = $1
                and t.client_id in (select c.id from clients c
                    where c.workspace_id = $1 and (c.id = $2 or c.merged_into = $2)))",
            $after
        )
    };
}

/// Rows of its conversations.
macro_rules! of_conversation {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and conversation_id in (select v.id from conversations v join contacts t
                    on t.workspace_id = v.workspace_id and t.id = v.contact_id
                where v.workspace_id = $1 and t.client_id in (select c.id from clients c
                    where c.workspace_id = $1 and (c.id = $2 or c.merged_into = $2)))",
            $after
        )
    };
}

/// Rows of what is searched together about the subject.
macro_rules! of_scope {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and scope_id in (select s.id from knowledge_scopes s where s.workspace_id = $1
                and (s.client_id = $2 or s.client_id in (select c.id from clients c
                    where c.workspace_id = $1 and c.merged_into = $2)))",
            $after
        )
    };
}

/// Rows of documents about the subject.
macro_rules! of_document {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " workspace_id = $1 and document_id in (select d.id from knowledge_documents d where d.workspace_id = $1
                and (d.client_id = $2 or d.client_id in (select c.id from clients c
                    where c.workspace_id = $1 and c.merged_into = $2)))",
            $after
        )
    };
}

aurora_core::store::statements! {
    CLIENTS = clients!("select id, kind, status, legal_name, trade_name, cnpj, cpf, birth_date, email, emails, phones, addresses,
            owner_id, source, tags, custom, blocked_at, blocked_reason, version, created_at, updated_at, deleted_at,
            merged_into from clients where",
        " order by id limit $3");
    ERASE_CLIENTS = clients!("update clients set legal_name = 'Anonimizado', name_key = 'anonimizado', trade_name = null,
            cnpj = null, cpf = null, birth_date = null, email = null, emails = '[]', phones = '[]', custom = '{}',
            blocked_at = null, blocked_reason = null, version = version + 1, updated_at = $3 where", "");
    ERASE_ADDRESSES = clients!("update clients set addresses = '[]' where", "");
    ERASE_CLIENT_TAGS = clients!("update clients set tags = '[]' where", "");
    ADDRESSES = clients!("select id, addresses from clients where", "");
    SET_ADDRESSES = "update clients set addresses = $3 where workspace_id = $1 and id = $2";
    CONTACTS = of_client!("select id, client_id, channel, kind, value, deleted_at from client_contacts where",
        " order by id limit $3");
    ERASE_CONTACTS = of_client!("delete from client_contacts where", "");
    ERASE_FACETS = of_client!("delete from client_facets where", " and (facet like 'custom:%' or facet = 'blocked')");
    ERASE_FACET_KEYS = of_client!("update client_facets set name_key = 'anonimizado' where", "");
    ERASE_FACET_TAGS = of_client!("delete from client_facets where", " and facet like 'tag:%'");
    ERASE_FACET_PLACES = of_client!("delete from client_facets where",
        " and (facet like 'city:%' or facet like 'state:%')");
    ERASE_WORDS = of_client!("delete from client_words where", " and source_id = client_id");
    ERASE_WORDS_OF_NOTES = of_client!("delete from client_words where", " and source_id <> client_id");
    EXTERNAL_IDS = of_client!("select system, external_id, client_id from client_external_ids where",
        " order by system, external_id limit $3");
    ERASE_EXTERNAL_IDS = of_client!("delete from client_external_ids where", "");
    ERASE_BANDS = of_client!("delete from client_bands where", "");
    NOTES = of_client!("select id, client_id, author, text, version, created_at, updated_at from client_notes where",
        " order by id limit $3");
    ERASE_NOTES = of_client!("delete from client_notes where", "");
    LEADS = leads!("select id, title, contact_name, contact_email, contact_phone, client_id, company_name, cnpj, value_cents,
            value_currency, source, source_detail, owner_id, pipeline_id, stage_id, status, lost_reason_id, lost_note,
            expected_close, tags, custom, score, score_reasons, scored_at, last_activity_at, stage_since, closed_at,
            converted_at, version, created_at, updated_at, deleted_at from leads where",
        " order by id limit $3");
    ERASE_LEADS = leads!("update leads set title = 'Anonimizado', contact_name = null, contact_email = null,
            contact_phone = null, company_name = null, cnpj = null, source_detail = null,
            lost_note = case when lost_note is null then null else '' end, custom = '{}',
            version = version + 1, updated_at = $3 where", "");
    ERASE_LEAD_TAGS = leads!("update leads set tags = '[]' where", "");
    ERASE_TAGS_OF_LEADS = of_lead!("delete from lead_tags where", "");
    STAGE_CHANGES = of_lead!("select lead_id, seq, pipeline_id, from_stage_id, to_stage_id, at from lead_stage_changes where",
        " order by lead_id, seq limit $3");
    ACTIVITIES = of_either!("select id, lead_id, client_id, kind, title, body, at, duration_secs, owner_id, version,
            created_at, updated_at, deleted_at from activities where", " order by id limit $3");
    ERASE_ACTIVITIES = of_either!("update activities set title = 'Anonimizado', body = null, version = version + 1,
            updated_at = $3 where", "");
    TASKS = of_either!("select id, title, note, due_at, assignee_id, lead_id, client_id, priority, status, ended_at, version,
            created_at, updated_at, deleted_at from tasks where", " order by id limit $3");
    ERASE_TASKS = of_either!("update tasks set title = 'Anonimizado', note = null, version = version + 1,
            updated_at = $3 where", "");
    APPOINTMENTS = of_client!("select id, client_id, service_id, professional_id, room_id, starts_at, ends_at, time_zone, status,
            reminded_at, acknowledged_at, reason, note, moves, version, created_at, updated_at from appointments where",
        " order by id limit $3");
    ERASE_APPOINTMENTS = of_client!("update appointments set reason = null, note = null, version = version + 1,
            updated_at = $3 where", "");
    APPOINTMENT_CHANGES = of_appointment!("select appointment_id, version, at, action, actor, from_status, to_status, starts_at,
            ends_at, professional_id, room_id, reason from appointment_history where",
        " order by appointment_id, version limit $3");
    ERASE_APPOINTMENT_CHANGES = of_appointment!("update appointment_history set reason = null where", "");
    WAITING_LIST = of_client!("select id, client_id, service_id, professional_id, wanted_from, wanted_until, part_of_day, priority,
            status, appointment_id, offers, version, created_at, updated_at from waiting_list where", " order by id limit $3");
    ERASE_WAITING_LIST = of_client!("update waiting_list set status = 'removed', appointment_id = null, offer_expires_at = null,
            version = version + 1, updated_at = $3 where", " and status in ('waiting', 'lapsed')");
    FILES = files!("select id, name, media_type, size, sha256, subject_kind, subject_id, uploaded_by, created_at
            from files where", " order by id limit $3");
    ASSISTANT_STEPS = of_conversation!("select conversation_id, turn_id, ordinal, kind, body, model, at from assistant_steps where",
        " order by conversation_id, through_position, ordinal limit $3");
    ERASE_ASSISTANT_STEPS = of_conversation!("delete from assistant_steps where", "");
    KNOWLEDGE = of_client!("select id, external_id, title, source_kind, source_ref, client_id, version, created_at, updated_at
            from knowledge_documents where", " order by id limit $3");
    KNOWLEDGE_TEXTS = of_document!("select document_id, version, text, created_at from knowledge_versions where",
        " order by document_id, version limit $3");
    ERASE_KNOWLEDGE_POSTINGS = of_scope!("delete from knowledge_postings where", "");
    ERASE_KNOWLEDGE_TERMS = of_scope!("delete from knowledge_terms where", "");
    ERASE_KNOWLEDGE_VECTORS = of_scope!("delete from knowledge_vectors where", "");
    ERASE_KNOWLEDGE_FEEDBACK = "delete from knowledge_feedback where workspace_id = $1 and chunk_id in (
            select k.id from knowledge_chunks k
            join knowledge_scopes s on s.workspace_id = $1 and s.id = k.scope_id
            where k.workspace_id = $1 and (s.client_id = $2 or s.client_id in (select c.id from clients c
                where c.workspace_id = $1 and c.merged_into = $2)))";
    ERASE_KNOWLEDGE_PINS = of_document!("delete from knowledge_pins where", "");
    ERASE_KNOWLEDGE_CHUNKS = of_scope!("delete from knowledge_chunks where", "");
    ERASE_KNOWLEDGE_TEXTS = of_document!("delete from knowledge_versions where", "");
    /// Whoever has something of it in memory sees that it is old.
    ERASE_KNOWLEDGE_COUNTS = of_client!("update knowledge_scopes set chunks = 0, words = 0, generation = generation + 1,
            vectors = vectors + 1 where", "");
    ERASE_KNOWLEDGE = of_client!("delete from knowledge_documents where", "");
    FILE_SUBJECTS = files!("select distinct subject_kind, subject_id from files where", "");
    CONSENTS = of_subject!("select id, purpose, act, text_version, text_hash, channel, evidence, at from consents where",
        " order by id limit $3");
    SHARES = of_subject!("select id, recipient, purpose, categories, at from data_shares where", " order by id limit $3");
    REQUESTS = of_subject!("select id, kind, state, outcome, received_at, due_at, answered_at from data_requests where",
        " order by id limit $3");
    HOLDS = of_subject!("select id, record_class, basis, until, created_at, released_at from legal_holds where",
        " order by id limit $3");
    CHANNEL_CONTACTS = of_client!("select id, name, addresses, client_id, blocked_at, created_at from contacts where",
        " order by id limit $3");
    ERASE_CHANNEL_CONTACTS = of_client!("update contacts set name = null, addresses = '[]' where", "");
    ERASE_CONTACT_ADDRESSES = of_contact!("delete from contact_addresses where", "");
    ERASE_CONTACT_WORDS = of_contact!("delete from contact_words where", "");
    CONVERSATIONS = of_contact!("select id, contact_id, channel_kind, status, assignee, tags, unread, last_inbound_at, last_message_at,
            created_at from conversations where", " order by id limit $3");
    ERASE_CONVERSATION_TAGS = of_contact!("update conversations set tags = '[]' where", "");
    ERASE_TAGS_OF_CONVERSATIONS = of_conversation!("delete from conversation_tags where", "");
    MESSAGES = of_conversation!("select id, conversation_id, direction, author, content, extra, delivery, failure, reaction_in,
            reaction_out, sent_at, created_at from messages where", " order by id limit $3");
    /// Names of messages hold numbers at some providers. What is still to be sent is not sent.
    ERASE_MESSAGES = of_conversation!("update messages set content = '{\"type\":\"notice\",\"kind\":\"erased\",\"raw\":null}', extra = null,
            failure = null, provider_id = null, reply_to = null, reaction_to = null, reaction_in = null, reaction_out = null,
            idempotency_key = null, delivery = case when delivery in ('queued', 'unknown') then 'failed' else delivery end
            where", "");
    ERASE_MESSAGE_WORDS = "delete from message_words where workspace_id = $1 and message_id in (select m.id
        from messages m join conversations v on v.workspace_id = m.workspace_id and v.id = m.conversation_id
            join contacts t on t.workspace_id = v.workspace_id and t.id = v.contact_id
        where m.workspace_id = $1 and t.client_id in (select c.id from clients c
            where c.workspace_id = $1 and (c.id = $2 or c.merged_into = $2)))";
}
