//! The fast ways beside slow ones.

mod als;
mod bad_input;
mod k_means;
mod matrices;
mod svd;
mod threads;
