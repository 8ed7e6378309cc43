//! From a history to a ranking, over the readers.
//!
//! [`fold_in`] sums the lists of the history's items, [`top`] picks the best in a stated order, [`diversify`] trades some of the score for variety, and
//! [`explain`] takes a score apart again. [`Generation::recommend`](crate::Generation::recommend) puts them together and plans the reads.

mod diversity;
mod fold_in;
mod scores;
pub(crate) mod sort_key;
mod top;

pub use diversity::diversify;
pub use fold_in::{HistoryItem, Reason, explain, fold_in, history_weight, in_item_order};
pub use scores::Scores;
pub use top::{Scored, top};
