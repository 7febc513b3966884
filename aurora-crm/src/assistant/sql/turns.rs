use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use crate::assistant::outcome::{Reason, TurnOutcome};
use crate::assistant::step::{Step, TurnId};
use crate::assistant::tools::Effect;
use crate::context::Context;
use crate::conversations::{ConversationId, MessageId};
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    OPEN_THREAD = "insert into assistant_threads (workspace_id, conversation_id, covered_through, next_ref, updated_at)
        values ($1, $2, 0, 1, $3) on conflict (workspace_id, conversation_id) do nothing";
    /// Locks the thread for the transaction, so that one turn at a time is begun and ended.
    LOCK_THREAD = "update assistant_threads set updated_at = updated_at
        where workspace_id = $1 and conversation_id = $2 returning covered_through";
    /// In the conversation that has the turn now, which is another one when contacts were joined meanwhile.
    COVER = "update assistant_threads set covered_through = $3, updated_at = $4
        where workspace_id = $1 and covered_through < $3 and conversation_id =
            (select t.conversation_id from assistant_turns t where t.workspace_id = $1 and t.id = $2)";
    OPEN_TURN = "select id, after_position, through_position, started_at from assistant_turns
        where workspace_id = $1 and conversation_id = $2 and status = 'open'";
    INSERT = "insert into assistant_turns (workspace_id, id, conversation_id, after_position, through_position, status, started_at)
        values ($1, $2, $3, $4, $5, 'open', $6)";
    END = "update assistant_turns set status = $3, reason = $4, message_id = $5, ended_at = $6
        where workspace_id = $1 and id = $2 and status = 'open'";
    /// Turns begun after $3, and how many were answered since then or since a person last had the conversation.
    COUNT = "select count(*) from assistant_turns where workspace_id = $1 and conversation_id = $2 and started_at > $3";
    ANSWERS = "select count(*) from assistant_turns where workspace_id = $1 and conversation_id = $2 and started_at > $3
        and status = 'replied' and started_at > coalesce((select max(h.started_at) from assistant_turns h
            where h.workspace_id = $1 and h.conversation_id = $2 and h.status = 'handed_over'), $3)";
    /// What the tools of a turn came to.
    RAN = "select body from assistant_steps where workspace_id = $1 and turn_id = $2 and kind = 'ran' order by ordinal";
    OF_MESSAGE = "select id from assistant_turns where workspace_id = $1 and message_id = $2";
}

/// A turn that has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::assistant) struct Open {
    pub(in crate::assistant) id: TurnId,
    pub(in crate::assistant) conversation: ConversationId,
    /// Messages of the contact after this position…
    pub(in crate::assistant) after: i64,
    /// … up to this one are answered by it.
    pub(in crate::assistant) through: i64,
    pub(in crate::assistant) started_at: Timestamp,
}

/// What a turn is begun with: where messages of the contact stand, and the last one of a person of the house.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::assistant) struct Heard {
    pub(in crate::assistant) contact: Vec<i64>,
    pub(in crate::assistant) person: Option<i64>,
}

/// The turn that is open, or a new one over every message that no turn has covered and no person has answered.
pub(in crate::assistant) async fn begin(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    heard: &Heard,
) -> Result<Option<Open>, Error> {
    writing!(store, context, |tx| {
        begin_in(store, &mut (&mut *tx).into(), context, conversation, heard).await
    })
}

async fn begin_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: ConversationId,
    heard: &Heard,
) -> Result<Option<Open>, Error> {
    let now = store.now();
    execute_on!(
        tx,
        sqlx::query(OPEN_THREAD)
            .bind(context.workspace)
            .bind(conversation)
            .bind(now)
    )?;
    let covered: i64 = on_connection!(tx, |tx| sqlx::query_scalar(LOCK_THREAD)
        .bind(context.workspace)
        .bind(conversation)
        .fetch_one(&mut *tx))?;
    let open: Option<(TurnId, i64, i64, Timestamp)> = on_connection!(tx, |tx| sqlx::query_as(OPEN_TURN)
        .bind(context.workspace)
        .bind(conversation)
        .fetch_optional(&mut *tx))?;
    if let Some((id, after, through, started_at)) = open {
        return Ok(Some(Open {
            id,
            conversation,
            after,
            through,
            started_at,
        }));
    }
    let after = covered.max(heard.person.unwrap_or(0));
    let Some(through) = heard
        .contact
        .iter()
        .copied()
        .filter(|position| *position > after)
        .max()
    else {
        return Ok(None);
    };
    let turn = Open {
        id: TurnId::new(now),
        conversation,
        after,
        through,
        started_at: now,
    };
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(turn.id)
            .bind(conversation)
            .bind(after)
            .bind(through)
            .bind(now)
    )?;
    // No record: turns are a log themselves, and their end is recorded.
    Ok(Some(turn))
}

/// Ends a turn, and covers its messages with it, unless it has left them unanswered: whoever gets the conversation next answers
/// them, and that may be the assistant again. `false` when somebody else has ended it.
pub(in crate::assistant) async fn end(
    store: &Store,
    context: &Context,
    turn: &Open,
    (outcome, reason): (TurnOutcome, Reason),
    message: Option<MessageId>,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let ended = execute_on!(
            tx,
            sqlx::query(END)
                .bind(context.workspace)
                .bind(turn.id)
                .bind(outcome.as_str())
                .bind(reason.as_str())
                .bind(message)
                .bind(now)
        )?;
        if !is_unanswered(reason) || has_done_something(tx, context, turn.id).await? {
            execute_on!(
                tx,
                sqlx::query(COVER)
                    .bind(context.workspace)
                    .bind(turn.id)
                    .bind(turn.through)
                    .bind(now)
            )?;
        }
        if ended == 1 {
            let record = Record::new("assistant.turn_ended", "conversation", turn.conversation, now)
                .with("turn", turn.id.to_string())
                .with("outcome", outcome.as_str())
                .with("reason", reason.as_str());
            store.record(tx, context, now, &[record]).await?;
        }
        Ok(ended == 1)
    })
}

/// Whether a turn that ended for this reason has left the contact without an answer, though another time there may be one.
const fn is_unanswered(reason: Reason) -> bool {
    match reason {
        Reason::FailedTools
        | Reason::ToolLimit
        | Reason::TokenLimit
        | Reason::AnswerLimit
        | Reason::TurnLimit
        | Reason::ModelUnavailable
        | Reason::NoAnswer
        | Reason::Away
        | Reason::Disabled
        | Reason::Blocked
        | Reason::NotSent
        | Reason::TakenOver => true,
        // A person was promised, and the same words would promise one again.
        Reason::AskedForPerson | Reason::ModelGaveUp => false,
        Reason::Answered | Reason::Chosen | Reason::Topic | Reason::NothingAsked => false,
    }
}

/// Whether a tool of a turn has changed something that another turn over the same messages could do a second time.
async fn has_done_something(tx: &mut Connection<'_>, context: &Context, turn: TurnId) -> Result<bool, Error> {
    let bodies: Vec<String> = on_connection!(tx, |tx| sqlx::query_scalar(RAN)
        .bind(context.workspace)
        .bind(turn)
        .fetch_all(&mut *tx))?;
    for body in bodies {
        let step: Step = serde_json::from_str(&body)
            .map_err(|_| store::Error::corrupt("a step of a turn is not what it was"))?;
        if let Step::Ran { effect, .. } = step
            && lasts(&effect)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

const fn lasts(effect: &Effect) -> bool {
    match effect {
        Effect::Booked { .. }
        | Effect::Moved { .. }
        | Effect::Cancelled { .. }
        | Effect::Confirmed { .. }
        | Effect::Waiting => true,
        // Whoever was registered is found again.
        Effect::Nothing
        | Effect::Offered { .. }
        | Effect::Registered { .. }
        | Effect::Found { .. }
        | Effect::HandOver { .. } => false,
    }
}

/// How many turns were begun after `hour`, and how many were answered after `day` or since a person had the conversation.
pub(in crate::assistant) async fn counts(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    hour: Timestamp,
    day: Timestamp,
) -> Result<(i64, i64), Error> {
    reading!(store, context, |tx| {
        let turns: i64 = sqlx::query_scalar(COUNT)
            .bind(context.workspace)
            .bind(conversation)
            .bind(hour)
            .fetch_one(&mut *tx)
            .await?;
        let answers: i64 = sqlx::query_scalar(ANSWERS)
            .bind(context.workspace)
            .bind(conversation)
            .bind(day)
            .fetch_one(&mut *tx)
            .await?;
        Ok((turns, answers))
    })
}

/// The turn that a message was the reply of.
pub(in crate::assistant) async fn of_message(
    store: &Store,
    context: &Context,
    message: MessageId,
) -> Result<Option<TurnId>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(OF_MESSAGE)
            .bind(context.workspace)
            .bind(message)
            .fetch_optional(&mut *tx)
            .await?)
    })
}
