//! CommonMark with tables.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::blocks::{BlockKind, Writer};
use super::{Over, html};

pub(super) fn read(writer: &mut Writer, text: &str, over: &Over) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut reader = Reader {
        writer,
        over,
        buffer: String::new(),
        page: String::new(),
        lists: Vec::new(),
        is_code: false,
        cells: 0,
    };
    Parser::new_ext(text, options)
        .take_while(|_| !over.is())
        .for_each(|event| reader.event(event));
    reader.put(BlockKind::Paragraph);
}

struct Reader<'w> {
    writer: &'w mut Writer,
    over: &'w Over,
    buffer: String,
    /// HTML between the blocks.
    page: String,
    /// The lists that are open, with the next number of each that has numbers.
    lists: Vec<Option<u64>>,
    is_code: bool,
    cells: usize,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.is_code => self.buffer.push_str(&text),
            Event::Text(text) | Event::Code(text) => self.inline(&text),
            Event::SoftBreak => self.buffer.push(' '),
            Event::HardBreak => self.buffer.push('\n'),
            Event::Html(html) => self.page.push_str(&html),
            Event::TaskListMarker(is_done) => self.buffer.push_str(if is_done { "[x] " } else { "[ ] " }),
            _ => {}
        }
    }

    /// A cell of a table is one line.
    fn inline(&mut self, text: &str) {
        if self.cells > 0 {
            self.buffer.push_str(&text.replace('\n', " "));
        } else {
            self.buffer.push_str(text);
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(first) => {
                if self.lists.is_empty() {
                    self.put(BlockKind::Paragraph);
                }
                self.lists.push(*first);
            }
            Tag::Item => self.item(),
            Tag::CodeBlock(_) => {
                self.is_code = true;
                self.line();
            }
            Tag::TableCell => {
                self.cells += 1;
                if self.cells > 1 {
                    self.buffer.push_str(" | ");
                }
            }
            _ => {}
        }
    }

    fn item(&mut self) {
        self.line();
        let depth = self.lists.len().saturating_sub(1).min(6);
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => "- ".to_owned(),
        };
        self.buffer.push_str(&"  ".repeat(depth));
        self.buffer.push_str(&mark);
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) if self.lists.is_empty() => self.put(BlockKind::Heading(number(level))),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.put(BlockKind::List);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                self.cells = 0;
                self.line();
            }
            TagEnd::Table => self.put(BlockKind::Table),
            TagEnd::CodeBlock => {
                self.is_code = false;
                self.put(BlockKind::Code);
            }
            TagEnd::HtmlBlock => {
                let page = std::mem::take(&mut self.page);
                *self.writer = html::read(std::mem::take(self.writer), &page, self.over);
            }
            TagEnd::Paragraph | TagEnd::Heading(_) => self.put(BlockKind::Paragraph),
            _ => {}
        }
    }

    /// Ends the line, if there is one.
    fn line(&mut self) {
        if !self.buffer.is_empty() && !self.buffer.ends_with('\n') {
            self.buffer.push('\n');
        }
    }

    /// Ends a block; what is in a list becomes part of the list.
    fn put(&mut self, kind: BlockKind) {
        if !self.lists.is_empty() && kind != BlockKind::List {
            self.line();
            return;
        }
        self.writer.block(kind, &self.buffer);
        self.buffer.clear();
    }
}

const fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
