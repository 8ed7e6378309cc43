//! "Which baskets are like this one?": the baskets of every item, and what each is called.
//!
//! Useful for: the playlists nearest to a few songs, the recipes nearest to what is in the kitchen.
//! Not useful for: what nobody may see. A basket in this file is public; receipts do not belong here.

mod metadata;
mod reader;
mod serializer;
mod writer;

pub use reader::{Basket, Baskets};
pub use writer::BasketsWriter;
