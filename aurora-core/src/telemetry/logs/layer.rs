//! From an event and the spans around it to lines.

use std::fmt;
use std::sync::Arc;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::fields::Fields;
use super::line::{Format, Head, Line};
use super::queue::Queue;
use crate::time::Clock;

/// Where lines go and what they look like there.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) queue: Queue,
    pub(super) format: Format,
    pub(super) ansi: bool,
    /// The least severe level that it takes.
    pub(super) least: Level,
}

/// What the layers of one log share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) sinks: Vec<Sink>,
    pub(super) labels: String,
    pub(super) clock: Arc<dyn Clock>,
}

/// Writes a line per event, with the fields of all spans around it.
pub(super) struct LineLayer(pub(super) Arc<Shared>);

impl fmt::Debug for LineLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineLayer").finish_non_exhaustive()
    }
}

/// The fields of a span, kept with it.
struct OfSpan(Fields);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LineLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(OfSpan(fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        // Read before the lock is taken: a value may log while it is shown.
        let mut fields = Fields::default();
        values.record(&mut fields);
        if let Some(span) = context.span(id) {
            let mut extensions = span.extensions_mut();
            match extensions.get_mut::<OfSpan>() {
                Some(OfSpan(known)) => known.merge(fields),
                None => drop(extensions.replace(OfSpan(fields))),
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let head = Head {
            at: self.0.clock.now(),
            level: *metadata.level(),
            target: fields.log_target.as_deref().unwrap_or_else(|| metadata.target()),
            message: &fields.message,
        };
        let wanted = |sink: &&Sink| head.level <= sink.least;
        let forms: Vec<(Format, bool)> = self
            .0
            .sinks
            .iter()
            .filter(wanted)
            .map(|sink| (sink.format, sink.ansi))
            .collect();
        let mut lines: Vec<((Format, bool), Line)> = Vec::with_capacity(2);
        for form in forms {
            if !lines.iter().any(|(known, _)| *known == form) {
                lines.push((form, Line::begin(form.0, form.1, head, &self.0.labels)));
            }
        }
        if lines.is_empty() {
            return;
        }
        let mut told: Vec<&'static str> = Vec::with_capacity(16);
        let mut tell = |fields: &Fields| {
            for (name, value) in &fields.items {
                // What is nearer to the event wins.
                if !told.contains(name) {
                    told.push(name);
                    for (_, line) in &mut lines {
                        line.field(name, value);
                    }
                }
            }
        };
        tell(&fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(OfSpan(fields)) = span.extensions().get::<OfSpan>() {
                tell(fields);
            }
        }
        let lines: Vec<_> = lines.into_iter().map(|(form, line)| (form, line.end())).collect();
        for sink in self.0.sinks.iter().filter(wanted) {
            let form = (sink.format, sink.ansi);
            if let Some((_, line)) = lines.iter().find(|(known, _)| *known == form) {
                sink.queue.push(line.clone());
            }
        }
    }
}
