//! The shape in which Alertmanager writes an interval.

use serde::{Deserialize, Serialize};

use super::field::show_minute;
use super::{Field, TimeInterval};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shape {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<Vec<Clock>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weekdays: Option<Vec<Word>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days_of_month: Option<Vec<Word>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    months: Option<Vec<Word>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    years: Option<Vec<Word>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    start_time: String,
    end_time: String,
}

/// A range as text, or a single day, month or year as a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Word {
    Text(String),
    Number(i64),
}

impl From<TimeInterval> for Shape {
    fn from(interval: TimeInterval) -> Self {
        let words = |field: Field| {
            let spans = match field {
                Field::Weekdays => &interval.weekdays,
                Field::DaysOfMonth => &interval.days_of_month,
                Field::Months => &interval.months,
                Field::Years => &interval.years,
            };
            let words = spans.iter().map(|span| Word::Text(field.show(*span)));
            (!spans.is_empty()).then(|| words.collect())
        };
        let clocks = interval.times.iter().map(|span| Clock {
            start_time: show_minute(span.first),
            end_time: show_minute(span.last),
        });
        Self {
            times: (!interval.times.is_empty()).then(|| clocks.collect()),
            weekdays: words(Field::Weekdays),
            days_of_month: words(Field::DaysOfMonth),
            months: words(Field::Months),
            years: words(Field::Years),
            location: interval.location.map(|zone| zone.name().to_owned()),
        }
    }
}

impl TryFrom<Shape> for TimeInterval {
    type Error = String;

    fn try_from(shape: Shape) -> Result<Self, String> {
        let mut builder = Self::new();
        let mut empty = Vec::new();
        if let Some(clocks) = shape.times {
            if clocks.is_empty() {
                empty.push("times");
            }
            for clock in clocks {
                builder = builder.time(&clock.start_time, &clock.end_time);
            }
        }
        let lists = [shape.weekdays, shape.days_of_month, shape.months, shape.years];
        for (field, words) in Field::ALL.into_iter().zip(lists) {
            let Some(words) = words else { continue };
            if words.is_empty() {
                empty.push(field.key());
            }
            let texts = words.into_iter().map(|word| match word {
                Word::Text(text) => text,
                Word::Number(number) => number.to_string(),
            });
            builder = builder.ranges(field, texts);
        }
        if let Some(name) = shape.location {
            builder = builder.location(&name);
        }
        // Alertmanager takes an empty list for "never"; nobody who writes one means that.
        if !empty.is_empty() {
            return Err(format!("{} must not be an empty list", empty.join(" and ")));
        }
        builder.build().map_err(|error| {
            let details = error.problems().iter().map(|problem| problem.detail.as_str());
            details.collect::<Vec<_>>().join("; ")
        })
    }
}
