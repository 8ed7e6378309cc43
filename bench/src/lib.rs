//! What several measurements share. The measurements themselves are in `benches`.

pub mod catalogues;
mod memory;
pub mod peers;
mod random;
mod reads;
mod tables;

pub use memory::memory_bytes;
pub use random::Random;
pub use reads::cost;
pub use tables::columns;
