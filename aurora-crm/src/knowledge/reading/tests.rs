#![expect(
    clippy::string_slice,
    reason = "offsets that are not on characters are what is looked for"
)]

use std::time::Duration;

use aurora_core::time::{Clock as _, ManualClock, SystemClock};

use super::{BlockKind, Normal, Over, Places, read};
use crate::error::ErrorKind;
use crate::knowledge::{Content, Limits, Turn};

fn normal(content: Content) -> Normal {
    read(&content, &Limits::default(), &Over::default()).unwrap()
}

fn blocks(normal: &Normal) -> Vec<(BlockKind, &str)> {
    let text = |block: &super::Block| &normal.text[block.start..block.end];
    normal
        .blocks
        .iter()
        .map(|block| (block.kind, text(block)))
        .collect()
}

#[test]
fn markdown_keeps_headings_lists_tables_and_code_and_drops_marks() {
    let text = "# Preços\n\nTodos os **valores** em [reais](https://x.example).\n\n- Limpeza\n  - com jato\n- Canal\n\n\
        | Item | R$ |\n|---|---|\n| Limpeza | 250 |\n| Canal | 900 |\n\n```sh\nls  -l\n\ncd\n```\n\n## Convênios\n\nUnimed  \ne Amil";
    let normal = normal(Content::Markdown(text.to_owned()));
    let expected = [
        (BlockKind::Heading(1), "Preços"),
        (BlockKind::Paragraph, "Todos os valores em reais."),
        (BlockKind::List, "- Limpeza\n  - com jato\n- Canal"),
        (BlockKind::Table, "Item | R$\nLimpeza | 250\nCanal | 900"),
        (BlockKind::Code, "ls  -l\n\ncd"),
        (BlockKind::Heading(2), "Convênios"),
        (BlockKind::Paragraph, "Unimed\ne Amil"),
    ];
    assert_eq!(blocks(&normal), expected);
}

#[test]
fn html_keeps_what_is_read_and_drops_scripts_and_styles() {
    let page = "<!doctype html><html><head><title>T</title><style>p{color:red}</style>\
        <script>var a = '<p>não</p>';</script></head><body><h1>Hor&aacute;rios</h1>\
        <p>De segunda<br>a sexta,\n das 8h &agrave;s 18h</p><ul><li>S&aacute;bado<li><p>Feriados</p></ul>\
        <table><tr><th>Dia<th>Hora</tr><tr><td>Seg</td><td>8h <b>às</b> 18h</td></tr></table>\
        <noscript><img src=x></noscript><template><p>molde</p></template><pre>a\n  b</pre><svg><text>x</text></svg>fim";
    let expected = [
        (BlockKind::Heading(1), "Horários"),
        (BlockKind::Paragraph, "De segunda\na sexta, das 8h às 18h"),
        (BlockKind::List, "- Sábado\n- Feriados"),
        (BlockKind::Table, "Dia | Hora\nSeg | 8h às 18h"),
        (BlockKind::Code, "a\n  b"),
        (BlockKind::Paragraph, "fim"),
    ];
    assert_eq!(blocks(&normal(Content::Html(page.to_owned()))), expected);
}

#[test]
fn a_page_that_is_nested_without_end_is_read() {
    let deep = format!("{}fundo", "<div><ul><li><table><tr><td>".repeat(20_000));
    assert!(normal(Content::Html(deep)).text.contains("fundo"));
    let deep = format!("{}fundo", "> - ".repeat(5_000));
    assert!(normal(Content::Markdown(deep)).text.contains("fundo"));
}

#[test]
fn text_and_conversations_are_paragraphs_and_lists() {
    let text = "Traga:\r\n\r\n- RG\r\n- carteirinha\r\n\r\nAté\u{a0}logo\u{0}\u{200b}!\n\n\n\nfim";
    let expected = [
        (BlockKind::Paragraph, "Traga:"),
        (BlockKind::List, "- RG\n- carteirinha"),
        (BlockKind::Paragraph, "Até logo!"),
        (BlockKind::Paragraph, "fim"),
    ];
    assert_eq!(blocks(&normal(Content::Text(text.to_owned()))), expected);
    let turns = vec![
        Turn::new("Paciente", "Aceita Unimed?"),
        Turn::new("Recepção", "Sim."),
    ];
    let expected = [
        (BlockKind::Paragraph, "Paciente: Aceita Unimed?"),
        (BlockKind::Paragraph, "Recepção: Sim."),
    ];
    assert_eq!(blocks(&normal(Content::Conversation(turns))), expected);
}

#[test]
fn letters_are_composed_so_that_offsets_count_what_is_seen() {
    let decomposed = normal(Content::Text("sa\u{303}o".to_owned()));
    assert_eq!(decomposed.text, "são");
}

#[test]
fn nothing_and_too_much_are_refused_with_the_limit() {
    let limits = Limits::default().text(10);
    for (content, code) in [
        (Content::Html("<script>x</script>".to_owned()), "required"),
        (Content::Text("a b c d e f g h".to_owned()), "too_large"),
    ] {
        let error = read(&content, &limits, &Over::default()).unwrap_err();
        assert_eq!((error.kind(), error.fields()[0].code), (ErrorKind::Invalid, code));
    }
}

/// A quarter of a megabyte of tags after each of which the line of text is looked at: no look goes further back than that
/// line's last character. The time of a page of as many tags that hold text is what it is compared with.
#[test]
fn pages_of_tags_without_text_take_time_that_grows_with_their_length() {
    const BYTES: usize = 256 * 1_024;
    let page = |before: &str, tags: &str| format!("x{before}{}", tags.repeat(BYTES / tags.len()));
    let time = |content: Content| {
        let clock = SystemClock;
        let start = clock.elapsed();
        drop(read(&content, &Limits::default(), &Over::default()));
        clock.elapsed().saturating_sub(start)
    };
    let plain = time(Content::Html(page("", "<p>a<br>")));
    for (before, tags) in [
        ("<table>", "<p><tr>"),
        ("<table><tr><td>x", "<p> <tr>"),
        ("<ul>", " <p>"),
        ("<ul><li>", " <p>"),
        ("<table>", "<br><p><tr>"),
    ] {
        let html = page(before, tags);
        let markdown = Content::Markdown(format!("<div>{html}"));
        for took in [time(Content::Html(html)), time(markdown)] {
            assert!(
                took < plain * 20 + Duration::from_millis(50),
                "{before}{tags}: {took:?}, {plain:?}"
            );
        }
    }
}

#[tokio::test]
async fn work_that_takes_too_long_is_given_up_told_and_keeps_its_place_until_it_ends() {
    let (clock, limits) = (ManualClock::default(), Limits::default());
    let places = Places::new(1);
    let (ended, has_ended) = std::sync::mpsc::channel();
    let work = move |over: &Over| {
        while !over.is() {
            std::thread::yield_now();
        }
        ended.send(()).unwrap();
        Ok(())
    };
    let later = async {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        // Once for the place that it got at once, and once for the work.
        clock.advance(limits.reading);
    };
    let (given_up, ()) = tokio::join!(places.run(&limits, &clock, work), later);
    let error = given_up.unwrap_err();
    assert_eq!(
        (error.kind(), error.fields()[0].code),
        (ErrorKind::Invalid, "too_large")
    );
    has_ended.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(places.run(&limits, &clock, |_| Ok(7)).await.unwrap(), 7);
    let panics = places.run(&limits, &clock, |_| -> Result<(), _> {
        panic!("it does not understand")
    });
    assert_eq!(panics.await.unwrap_err().kind(), ErrorKind::Internal);

    let (ended, has_ended) = std::sync::mpsc::channel();
    let work = move |over: &Over| {
        while !over.is() {
            std::thread::yield_now();
        }
        ended.send(()).unwrap();
        Ok(())
    };
    let mut dropped = Box::pin(places.run(&limits, &clock, work));
    assert!(futures::poll!(&mut dropped).is_pending());
    drop(dropped);
    has_ended.recv_timeout(Duration::from_secs(60)).unwrap();
}

#[test]
fn a_page_that_is_given_up_is_read_no_further() {
    let over = Over::default();
    over.set();
    let error = read(&Content::Html("<p>x".to_owned()), &Limits::default(), &over).unwrap_err();
    assert_eq!(error.fields()[0].code, "too_large");
}
