use super::node::Mark;
use crate::error::{Error, Place, Problem};

/// A file that is something else altogether may be wrong in every line.
const MOST_PROBLEMS: usize = 100;

/// Everything that is wrong with one file.
#[derive(Debug)]
pub(super) struct Findings {
    file: String,
    subject: String,
    problems: Vec<Problem>,
    left_out: usize,
}

impl Findings {
    pub(super) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            subject: String::new(),
            problems: Vec::new(),
            left_out: 0,
        }
    }

    /// Something wrong with what is read now.
    pub(super) fn add(&mut self, at: Mark, detail: impl Into<String>) {
        if self.is_full() {
            self.left_out += 1;
            return;
        }
        let place = Place {
            file: self.file.clone(),
            line: at.line,
            column: at.column,
        };
        self.problems
            .push(Problem::new(self.subject.clone(), detail).at(place));
    }

    /// Something wrong with the file as a whole.
    pub(super) fn add_whole(&mut self, detail: impl Into<String>) {
        self.add(Mark::default(), detail);
    }

    /// Reads something under its name, by which its problems are told.
    pub(super) fn within<T>(&mut self, subject: String, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.subject, subject);
        let result = read(self);
        self.subject = outer;
        result
    }

    /// Whether something was found; `since` is a [`count`](Self::count) of before.
    pub(super) fn has_new(&self, since: usize) -> bool {
        self.count() > since
    }

    /// Whether further problems are only counted; what they would say need not be found out.
    pub(super) fn is_full(&self) -> bool {
        self.problems.len() >= MOST_PROBLEMS
    }

    pub(super) fn count(&self) -> usize {
        self.problems.len() + self.left_out
    }

    /// An error with every problem in the order of the file, or none.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        // Unknown keys are found last, but a reader goes through the file from its top.
        self.problems.sort_by_key(|problem| {
            let place = problem.place.as_ref();
            place.map_or((0, 0), |place| (place.line, place.column))
        });
        if self.left_out > 0 {
            let rest = format!("{} further problems are not shown", self.left_out);
            self.problems.push(Problem::new(self.file.as_str(), rest));
        }
        Error::check(self.problems)
    }
}
