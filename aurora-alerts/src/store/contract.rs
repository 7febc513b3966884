//! What every [`AlertStore`](super::AlertStore) must hold.
