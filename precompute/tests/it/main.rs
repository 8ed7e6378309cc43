//! The job as a whole: through its library, and as a program, what it says, how it ends, and what it leaves in the working folder.

mod bad_input;
mod exit_status;
mod help;
mod import;
mod prediction;
mod program;
mod stages;
mod tune;
