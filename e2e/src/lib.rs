//! Tests over everything; they are in `tests/it`.
