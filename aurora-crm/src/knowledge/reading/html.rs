//! HTML, by its tokens: no tree is built, so that no page is nested too deeply.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, StartTag, Tag, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::Over;
use super::blocks::{BlockKind, Writer};

/// How many bytes the tokenizer gets at once. It compares each attribute of a tag with all before it: a tag of megabytes is
/// given up between two pieces.
const PIECE: usize = 4 * 1_024;

/// Adds the blocks of a page to what there is, in time that grows with its length alone but for tags of that kind.
pub(super) fn read(writer: Writer, page: &str, over: &Over) -> Writer {
    let sink = Sink(RefCell::new(Page {
        writer,
        ..Page::default()
    }));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    let mut rest = page;
    while !rest.is_empty() && !over.is() {
        let end = (PIECE.min(rest.len())..rest.len())
            .find(|end| rest.is_char_boundary(*end))
            .unwrap_or(rest.len());
        let (piece, after) = rest.split_at(end);
        rest = after;
        input.push_back(StrTendril::from(piece));
        while !input.is_empty() {
            drop(tokenizer.feed(&input));
        }
    }
    tokenizer.end();
    let mut page = tokenizer.sink.0.into_inner();
    page.put(page.open());
    page.writer
}

struct Sink(RefCell<Page>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == StartTag => return page.start(&tag),
            Token::TagToken(tag) => page.end(&tag.name),
            Token::CharacterTokens(text) => page.text(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Page {
    writer: Writer,
    buffer: String,
    /// There is more than spaces on the last line of it. Nothing looks back further, so that no page takes time that grows
    /// with the square of its length.
    has_text: bool,
    /// An element whose content nobody reads, and how often it is open.
    skipped: Option<(String, usize)>,
    heading: Option<u8>,
    lists: usize,
    tables: usize,
    is_code: bool,
    is_first_cell: bool,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.skipped.is_some() {
            return;
        }
        if self.is_code {
            self.push(text);
        } else {
            // Line breaks of the source are spaces.
            self.has_text |= !text.trim().is_empty();
            self.buffer.extend(
                text.chars()
                    .map(|character| if character.is_whitespace() { ' ' } else { character }),
            );
        }
    }

    fn push(&mut self, text: &str) {
        self.buffer.push_str(text);
        self.has_text = match text.rsplit_once('\n') {
            Some((_, line)) => !line.trim().is_empty(),
            None => self.has_text || !text.trim().is_empty(),
        };
    }

    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        if let Some((skipped, depth)) = &mut self.skipped {
            if skipped == name && !tag.self_closing {
                *depth += 1;
            }
            return TokenSinkResult::Continue;
        }
        let raw = raw(name);
        let nobody_reads = raw.is_some() || matches!(name, "template" | "svg" | "math" | "select" | "object");
        if nobody_reads && !tag.self_closing {
            self.skipped = Some((name.to_owned(), 1));
        }
        if let Some(raw) = raw {
            return TokenSinkResult::RawData(raw);
        }
        match name {
            "br" => self.push("\n"),
            "ul" | "ol" | "menu" => {
                self.boundary();
                self.lists += 1;
            }
            "li" if self.lists > 0 => {
                self.line();
                let indent = "  ".repeat((self.lists - 1).min(6));
                self.push(&indent);
                self.push("- ");
            }
            "table" => {
                self.boundary();
                self.tables += 1;
            }
            "tr" if self.tables > 0 => {
                self.line();
                self.is_first_cell = true;
            }
            "td" | "th" if self.tables > 0 => {
                if !std::mem::take(&mut self.is_first_cell) {
                    self.push(" | ");
                }
            }
            "pre" => {
                self.boundary();
                self.is_code = self.open() == BlockKind::Paragraph;
            }
            _ => {
                if let Some(level) = level(name) {
                    self.boundary();
                    self.heading = Some(level);
                } else if is_block(name) {
                    self.boundary();
                }
            }
        }
        TokenSinkResult::Continue
    }

    fn end(&mut self, name: &str) {
        if let Some((skipped, depth)) = &mut self.skipped {
            if skipped == name {
                *depth -= 1;
                if *depth == 0 {
                    self.skipped = None;
                }
            }
            return;
        }
        match name {
            "ul" | "ol" | "menu" if self.lists > 0 => {
                if self.lists == 1 {
                    self.boundary_of(BlockKind::List);
                }
                self.lists -= 1;
            }
            "table" if self.tables > 0 => {
                if self.tables == 1 {
                    self.boundary_of(BlockKind::Table);
                }
                self.tables -= 1;
            }
            _ if level(name).is_some() || is_block(name) || name == "pre" => {
                self.boundary();
                self.heading = None;
                self.is_code = false;
            }
            _ => {}
        }
    }

    /// What the text that is being read belongs to.
    fn open(&self) -> BlockKind {
        match (self.tables, self.lists, self.heading) {
            (1.., _, _) => BlockKind::Table,
            (0, 1.., _) => BlockKind::List,
            (0, 0, Some(level)) => BlockKind::Heading(level),
            (0, 0, None) if self.is_code => BlockKind::Code,
            (0, 0, None) => BlockKind::Paragraph,
        }
    }

    /// A block begins or ends: in a list a line, in a cell a space.
    fn boundary(&mut self) {
        match self.open() {
            BlockKind::Table => {
                if self.has_text && !self.buffer.ends_with(' ') {
                    self.buffer.push(' ');
                }
            }
            BlockKind::List => {
                if !self.buffer.ends_with("- ") {
                    self.line();
                }
            }
            kind => self.put(kind),
        }
    }

    fn boundary_of(&mut self, kind: BlockKind) {
        if self.open() == kind {
            self.put(kind);
        }
    }

    fn line(&mut self) {
        if self.has_text {
            self.push("\n");
        }
    }

    fn put(&mut self, kind: BlockKind) {
        self.writer.block(kind, &self.buffer);
        self.buffer.clear();
        self.has_text = false;
    }
}

/// How the tokenizer reads what is inside, as the HTML standard says (13.2.6.4).
fn raw(name: &str) -> Option<RawKind> {
    Some(match name {
        "script" => RawKind::ScriptData,
        "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" => RawKind::Rawtext,
        "title" | "textarea" => RawKind::Rcdata,
        _ => return None,
    })
}

fn level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "aside"
            | "nav"
            | "address"
            | "blockquote"
            | "figure"
            | "figcaption"
            | "dl"
            | "dt"
            | "dd"
            | "form"
            | "fieldset"
            | "hr"
            | "details"
            | "summary"
            | "body"
            | "html"
            | "caption"
            | "option"
            | "button"
    )
}
