//! YAML as a tree with places.

use std::collections::{HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};

use super::findings::Findings;
use super::node::{Entry, Mark, Node, Value, quoted};
use super::{MOST_DEPTH, MOST_NODES};

/// The tree of a text; `None` where it is not YAML, or too much of it, which is said.
pub(super) fn parse(text: &str, findings: &mut Findings) -> Option<Node> {
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let outcome = match event {
            Ok((event, span)) => tree.take(event, span, findings),
            Err(error) => Err((mark(error.marker()), format!("not YAML: {}", error.info()))),
        };
        if let Err((at, detail)) = outcome {
            findings.add(at, detail);
            return None;
        }
    }
    Some(tree.root.unwrap_or(Node {
        at: Mark { line: 1, column: 1 },
        value: Value::Null,
    }))
}

fn mark(marker: &Marker) -> Mark {
    Mark {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// Why reading cannot go on.
type Stop = (Mark, String);

#[derive(Default)]
struct Tree {
    root: Option<Node>,
    documents: usize,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

/// A list or map whose end has not come yet.
struct Open {
    at: Mark,
    anchor: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    Map(OpenMap),
}

#[derive(Default)]
struct OpenMap {
    entries: Vec<Entry>,
    names: HashSet<String>,
    /// A key whose value has not come yet.
    waiting: Option<(String, Mark)>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: Span, findings: &mut Findings) -> Result<(), Stop> {
        let at = mark(&span.start);
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err((at, "a second document begins; a file holds one".to_owned()));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref()).map_err(|detail| (at, detail))?;
                self.close(Node { at, value }, anchor, findings)?;
            }
            Event::SequenceStart(anchor, _) => self.open(at, anchor, OpenKind::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => self.open(at, anchor, OpenKind::Map(OpenMap::default()))?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let value = match open.kind {
                        OpenKind::List(items) => Value::List(items),
                        OpenKind::Map(map) => Value::Map(map.entries),
                    };
                    self.close(Node { at: open.at, value }, open.anchor, findings)?;
                }
            }
            Event::Alias(anchor) => {
                let node = self.aliased(at, anchor)?;
                self.close(node, 0, findings)?;
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
        }
        Ok(())
    }

    fn open(&mut self, at: Mark, anchor: usize, kind: OpenKind) -> Result<(), Stop> {
        if self.open.len() >= MOST_DEPTH {
            return Err((at, format!("nested more than {MOST_DEPTH} deep")));
        }
        self.open.push(Open { at, anchor, kind });
        Ok(())
    }

    /// What stands at an anchor, once more. Its parts count like any others, so that aliases of aliases do not explode.
    fn aliased(&mut self, at: Mark, anchor: usize) -> Result<Node, Stop> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err((at, "the alias stands within its own anchor".to_owned()));
        };
        if self.open.len() + node.depth() > MOST_DEPTH {
            return Err((at, format!("nested more than {MOST_DEPTH} deep by the alias")));
        }
        self.nodes += node.size();
        if self.nodes > MOST_NODES {
            return Err((at, format!("more than {MOST_NODES} values, aliases written out")));
        }
        Ok(node.clone())
    }

    fn close(&mut self, node: Node, anchor: usize, findings: &mut Findings) -> Result<(), Stop> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err((node.at, format!("more than {MOST_NODES} values")));
        }
        if anchor > 0 {
            self.nodes += node.size();
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.kind) {
            None => self.root = Some(node),
            Some(OpenKind::List(items)) => items.push(node),
            Some(OpenKind::Map(map)) => match map.waiting.take() {
                None => map.waiting = Some((key(&node)?, node.at)),
                Some((name, at)) => map.insert(Entry { name, at, node }, findings),
            },
        }
        Ok(())
    }
}

fn key(node: &Node) -> Result<String, Stop> {
    match &node.value {
        Value::Text(text) | Value::Number(_, text) => Ok(text.clone()),
        Value::Flag(flag) => Ok(flag.to_string()),
        _ => Err((node.at, format!("a key must be text, found {}", node.found()))),
    }
}

impl OpenMap {
    fn insert(&mut self, entry: Entry, findings: &mut Findings) {
        if self.names.insert(entry.name.clone()) {
            self.entries.push(entry);
            return;
        }
        if findings.is_full() {
            return;
        }
        let earlier = self.entries.iter().find(|earlier| earlier.name == entry.name);
        let line = earlier.map_or(0, |earlier| earlier.at.line);
        let name = quoted(&entry.name);
        findings.add(entry.at, format!("{name} is given twice, first on line {line}"));
    }
}

/// A plain scalar by the core schema of YAML 1.2 (section 10.3.2); quoted ones and blocks are text.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    match tag {
        Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => {
            return Ok(Value::Text(text.to_owned()));
        }
        Some(tag) if !tag.is_yaml_core_schema() => {
            return Err(format!(
                "the tag {} has no meaning here",
                quoted(&tag.to_string())
            ));
        }
        _ => {}
    }
    if style != ScalarStyle::Plain {
        return Ok(Value::Text(text.to_owned()));
    }
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Flag(true),
        "false" | "False" | "FALSE" => Value::Flag(false),
        _ => match number(text) {
            Some(value) => Value::Number(value, text.to_owned()),
            None => Value::Text(text.to_owned()),
        },
    })
}

fn number(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = unsigned.strip_prefix('.').unwrap_or(unsigned);
    // What Rust takes besides, such as `inf` and `infinity`, is text in YAML.
    begins
        .starts_with(|c: char| c.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}
