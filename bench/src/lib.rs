//! What several measurements share. The measurements themselves are in `benches`.

pub mod catalogues;
mod random;

pub use random::Random;
