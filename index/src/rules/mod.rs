//! "Who has these, has that as well": association rules, found by the rarest item of what they ask for.
//!
//! Useful for: going on with a basket or a playlist, and saying why in words that anybody understands.
//! Not useful for: what is bought or heard seldom; a rule needs several baskets that say the same. Neighbours know more about such items.

mod metadata;
mod reader;
mod rule;
mod serializer;
mod writer;

pub use reader::Rules;
pub use rule::Rule;
pub use writer::RulesWriter;
