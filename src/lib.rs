#![doc = include_str!("../README.md")]

#[cfg(feature = "alerts")]
#[doc(inline)]
pub use aurora_alerts as alerts;
#[doc(inline)]
pub use aurora_core as core;
#[cfg(feature = "crm")]
#[doc(inline)]
pub use aurora_crm as crm;
#[cfg(feature = "llm")]
#[doc(inline)]
pub use aurora_llm as llm;
