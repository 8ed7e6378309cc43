//! The page as it is put up: files with the name of their content, what refers to them behind them, and the address of the functions in `config.json`.

mod bucket;
mod files;
mod invalidation;
mod pruning;

pub(crate) use bucket::SiteBucket;
pub(crate) use files::{Kind, SiteFile, files, read};
pub(crate) use invalidation::invalidate;
pub(crate) use pruning::superseded;
