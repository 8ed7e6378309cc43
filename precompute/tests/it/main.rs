//! The job as a whole, through its library.

mod import;
