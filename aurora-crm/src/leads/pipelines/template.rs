use super::{NewPipeline, NewStage, StageKind};

/// The language of the pipeline that a workspace begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Locale {
    /// `Vendas`: `Novo` … `Ganho`, `Perdido`.
    #[default]
    Portuguese,
    /// `Sales`: `New` … `Won`, `Lost`.
    English,
}

/// Kind, probability, expected days and colour of each stage; the names are the locale's.
const STAGES: [(StageKind, u8, Option<u16>, &str); 7] = [
    (StageKind::Open, 10, Some(2), "#9ca3af"),
    (StageKind::Open, 20, Some(5), "#60a5fa"),
    (StageKind::Open, 40, Some(7), "#818cf8"),
    (StageKind::Open, 60, Some(10), "#fbbf24"),
    (StageKind::Open, 80, Some(10), "#fb923c"),
    (StageKind::Won, 100, None, "#22c55e"),
    (StageKind::Lost, 0, None, "#ef4444"),
];

impl Locale {
    const fn names(self) -> (&'static str, [&'static str; 7]) {
        match self {
            Self::Portuguese => (
                "Vendas",
                [
                    "Novo",
                    "Contatado",
                    "Qualificado",
                    "Proposta",
                    "Negociação",
                    "Ganho",
                    "Perdido",
                ],
            ),
            Self::English => (
                "Sales",
                [
                    "New",
                    "Contacted",
                    "Qualified",
                    "Proposal",
                    "Negotiation",
                    "Won",
                    "Lost",
                ],
            ),
        }
    }

    /// The pipeline that a workspace begins with.
    pub(super) fn pipeline(self) -> NewPipeline {
        let (name, names) = self.names();
        names
            .into_iter()
            .zip(STAGES)
            .fold(NewPipeline::new(name), |pipeline, (name, stage)| {
                let (kind, probability, days, colour) = stage;
                let mut new = NewStage::new(kind, name).probability(probability).colour(colour);
                if let Some(days) = days {
                    new = new.expected_days(days);
                }
                pipeline.stage(new)
            })
    }
}
