//! What several measurements share. The measurements themselves are in `benches`.

pub mod catalogues;
pub mod peers;
mod random;

pub use random::Random;
