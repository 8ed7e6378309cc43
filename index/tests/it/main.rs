//! Tests of the index file from the outside: golden files, damage, and the whole way from writers to answers against naive oracles.

mod clusters;
mod corruption;
mod damage;
mod fixture;
mod generation;
mod golden;
mod model;
mod places;
mod plan;
mod rules;
mod text;
