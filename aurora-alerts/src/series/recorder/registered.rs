use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use metrics::Key;

use super::Quota;
use crate::labels::Labels;
use crate::series::SeriesStore;

/// Where the samples of one metric and label set go.
pub(super) trait Output {
    fn new(name: &str, labels: &Labels, series: &SeriesStore) -> Self;
}

/// All metrics of one kind.
#[derive(Debug)]
pub(super) struct Registered<T, O> {
    by_key: RwLock<HashMap<Key, Arc<T>>>,
    cells: Mutex<Cells<T, O>>,
}

#[derive(Debug)]
struct Cells<T, O> {
    // The facade tells keys apart by the order of their labels, series do not.
    by_name: HashMap<(String, Labels), usize>,
    cells: Vec<Cell<T, O>>,
    /// The series that the outputs lead to.
    series: Option<SeriesStore>,
}

#[derive(Debug)]
struct Cell<T, O> {
    name: String,
    labels: Labels,
    value: Arc<T>,
    output: Option<O>,
}

impl<T: Default, O: Output> Registered<T, O> {
    pub(super) fn new() -> Self {
        Self {
            by_key: RwLock::default(),
            cells: Mutex::new(Cells {
                by_name: HashMap::new(),
                cells: Vec::new(),
                series: None,
            }),
        }
    }

    /// What a key stands for; `None` where there are too many.
    pub(super) fn get(&self, key: &Key, quota: &Quota) -> Option<Arc<T>> {
        {
            let by_key = self.by_key.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = by_key.get(key) {
                return Some(Arc::clone(value));
            }
        }
        let mut by_key = self.by_key.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = by_key.get(key) {
            return Some(Arc::clone(value));
        }
        if !quota.take() {
            return None;
        }
        let value = self.cell(key);
        by_key.insert(key.to_retained(), Arc::clone(&value));
        Some(value)
    }

    fn cell(&self, key: &Key) -> Arc<T> {
        let labels: Labels = key.labels().map(|label| (label.key(), label.value())).collect();
        let name = key.name().to_owned();
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cells = &mut *cells;
        let next = cells.cells.len();
        let index = *cells
            .by_name
            .entry((name.clone(), labels.clone()))
            .or_insert(next);
        if let Some(cell) = cells.cells.get(index) {
            return Arc::clone(&cell.value);
        }
        let value = Arc::new(T::default());
        cells.cells.push(Cell {
            name,
            labels,
            value: Arc::clone(&value),
            output: None,
        });
        value
    }

    /// Visits every metric with where its samples go.
    pub(super) fn each(&self, series: &SeriesStore, mut visit: impl FnMut(&T, &mut O)) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let cells = &mut *cells;
        if !cells.series.as_ref().is_some_and(|before| before.is(series)) {
            cells.series = Some(series.clone());
            for cell in &mut cells.cells {
                cell.output = None;
            }
        }
        for cell in &mut cells.cells {
            let output = cell
                .output
                .get_or_insert_with(|| O::new(&cell.name, &cell.labels, series));
            visit(&cell.value, output);
        }
    }
}
