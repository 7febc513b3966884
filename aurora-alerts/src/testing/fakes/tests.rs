//! That the fakes refuse what the documentation of the services says they refuse, at the limit and not before.

use serde_json::{Value, json};

use super::{FakeDiscord, FakeSlack, FakeTeams, FakeTelegram};

fn long(length: usize) -> String {
    "x".repeat(length)
}

#[test]
fn slack_has_the_limits_of_block_kit() {
    let header = |length| json!({"type": "header", "text": {"type": "plain_text", "text": long(length)}});
    let section = |length| json!({"type": "section", "text": {"type": "mrkdwn", "text": long(length)}});
    let fields = |count, length| {
        let field = json!({"type": "mrkdwn", "text": long(length)});
        json!({"type": "section", "fields": vec![field; count]})
    };
    let with = |blocks: Vec<Value>| json!({"blocks": blocks});
    let table = [
        (json!({"text": "a"}), None),
        (json!({"text": long(40_001)}), Some("msg_too_long")),
        (json!({}), Some("no_text")),
        (
            json!({"attachments": vec![json!({}); 101]}),
            Some("too_many_attachments"),
        ),
        (with(vec![header(150)]), None),
        (with(vec![header(151)]), Some("invalid_blocks")),
        (with(vec![section(3_000)]), None),
        (with(vec![section(3_001)]), Some("invalid_blocks")),
        (with(vec![section(0)]), Some("invalid_blocks")),
        (with(vec![fields(10, 1)]), None),
        (with(vec![fields(11, 1)]), Some("invalid_blocks")),
        (with(vec![fields(1, 2_000)]), None),
        (with(vec![fields(1, 2_001)]), Some("invalid_blocks")),
        (with(vec![section(1); 50]), None),
        (with(vec![section(1); 51]), Some("invalid_blocks")),
        (
            json!({"attachments": vec![with(vec![section(1); 26]); 2]}),
            Some("invalid_blocks"),
        ),
        (with(vec![json!({"type": "section"})]), Some("invalid_blocks")),
        (with(vec![json!({"type": "poem"})]), Some("invalid_blocks")),
    ];
    for (message, refusal) in table {
        assert_eq!(FakeSlack::refusal(&message), refusal, "{message}");
    }
}

#[test]
fn discord_has_the_limits_of_embeds() {
    let with = |embeds: Vec<Value>| json!({"embeds": embeds});
    let titled = |length| json!({"title": long(length)});
    let described = |length| json!({"description": long(length)});
    let field = |name, value| json!({"fields": [{"name": long(name), "value": long(value)}]});
    let many = |count| json!({"fields": vec![json!({"name": "a", "value": "b"}); count]});
    let table = [
        (json!({"content": long(2_000)}), None),
        (json!({"content": long(2_001)}), Some("content")),
        (json!({"content": "a", "username": "Clyde"}), Some("username")),
        (json!({"content": "a", "username": long(81)}), Some("username")),
        (with(vec![titled(256)]), None),
        (with(vec![titled(257)]), Some("embeds")),
        (with(vec![described(4_096)]), None),
        (with(vec![described(4_097)]), Some("embeds")),
        (with(vec![field(256, 1_024)]), None),
        (with(vec![field(257, 1)]), Some("fields")),
        (with(vec![field(1, 1_025)]), Some("fields")),
        (with(vec![field(1, 0)]), Some("fields")),
        (with(vec![many(25)]), None),
        (with(vec![many(26)]), Some("embeds")),
        (with(vec![titled(1); 10]), None),
        (with(vec![titled(1); 11]), Some("embeds")),
        (with(vec![described(3_000); 2]), None),
        (with(vec![described(3_000), described(3_001)]), Some("embeds")),
        (with(vec![json!({"color": 1})]), Some("embeds")),
        (
            with(vec![json!({"title": "a", "color": 0x0100_0000})]),
            Some("color"),
        ),
    ];
    for (message, refusal) in table {
        assert_eq!(FakeDiscord::refusal(&message), refusal, "{message}");
    }
}

#[test]
fn telegram_counts_what_is_left_without_the_markup() {
    let table = [
        (json!({"text": long(4_096)}), None),
        (json!({"text": long(4_097)}), Some("message is too long")),
        (json!({"text": "🚨".repeat(2_049)}), Some("message is too long")),
        (json!({"text": " "}), Some("message text is empty")),
        (
            json!({"text": format!("<b>{}</b>", "&amp;".repeat(4_096)), "parse_mode": "HTML"}),
            None,
        ),
        (
            json!({"text": "<b></b>", "parse_mode": "HTML"}),
            Some("message text is empty"),
        ),
        (
            json!({"text": "a < b", "parse_mode": "HTML"}),
            Some("can't parse entities"),
        ),
        (json!({"text": "a < b"}), None),
        (
            json!({"text": "a", "parse_mode": "Klingon"}),
            Some("unsupported parse_mode"),
        ),
    ];
    for (message, refusal) in table {
        let said = FakeTelegram::refusal(&message);
        match refusal {
            None => assert_eq!(said, None),
            Some(words) => assert!(said.as_ref().is_some_and(|said| said.contains(words)), "{said:?}"),
        }
    }
}

#[test]
fn teams_takes_cards_of_28_kb() {
    let card = |text: &str, url: &str| {
        json!({"type": "message", "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text}]}],
                "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": url}],
            },
        }]})
    };
    let page = "https://example.com";
    assert_eq!(FakeTeams::refusal(&card(&long(28_000), page)), None);
    assert_eq!(
        FakeTeams::refusal(&card(&long(28_672), page)),
        Some("RequestEntityTooLarge")
    );
    let invalid = Some("InvalidRequestContent");
    assert_eq!(FakeTeams::refusal(&card("", page)), invalid);
    assert_eq!(FakeTeams::refusal(&card("a", "javascript:alert(1)")), invalid);
    assert_eq!(
        FakeTeams::refusal(&json!({"type": "message", "attachments": []})),
        invalid
    );
    assert_eq!(
        FakeTeams::refusal(&json!({"@type": "MessageCard", "text": "a"})),
        invalid
    );
}
