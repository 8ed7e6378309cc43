//! Frequent itemsets and association rules, exact and fast.
//!
//! # Overview of types
//!
//! [`Transactions`] are sets of items: baskets, playlists. [`mine`] finds every set of items that enough of them contain, as [`Itemsets`], which know which of
//! them are closed or maximal; [`rules()`] turns them into [`Rule`]s with the usual measures.
//!
//! ```
//! use itemsets::{Minimum, Transactions, mine};
//!
//! let mut transactions = Transactions::default();
//! for basket in [&[1, 2, 3][..], &[1, 2], &[2, 3], &[1, 2, 4]] {
//!     transactions.push(basket);
//! }
//! let itemsets = mine(&transactions, Minimum::count(2)?);
//! let found: Vec<(&[u32], u32)> = itemsets.iter().collect();
//! assert_eq!(
//!     found,
//!     [(&[1][..], 3), (&[1, 2], 3), (&[2], 4), (&[2, 3], 2), (&[3], 2)]
//! );
//! # Ok::<(), itemsets::MinimumError>(())
//! ```
//!
//! - `mine`: what is frequent by itself, in an order that keeps what follows small.
//! - `sparse`: projections as lists of transactions.
//! - `dense`: projections of few items as bits.
//! - `mine_rules`, `spill`, `best`: rules without all sets in memory.
//! - `tally`: when there is more to look at than anybody can wait for.

mod best;
mod dense;
mod itemsets;
mod mine;
mod mine_rules;
mod rules;
mod sparse;
mod spill;
mod tally;
mod transactions;

pub use itemsets::Itemsets;
pub use mine::{Minimum, MinimumError, mine};
pub use mine_rules::{Budget, MineRulesError, MinedRules, mine_rules};
pub use rules::{Rule, RuleOptions, rules};
pub use transactions::Transactions;
