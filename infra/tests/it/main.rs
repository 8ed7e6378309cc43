//! The program as a whole: what it renders, what it says, and how it ends.

mod bad_input;
mod cluster;
mod environments;
mod program;
mod render;
