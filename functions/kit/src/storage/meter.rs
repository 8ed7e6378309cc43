use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// What reading cost so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Costs {
    /// How many batches were waited for, one after the other: what a request's speed hangs on.
    pub round_trips: u32,
    /// How many requests they were, those that were sent twice counted twice.
    pub requests: u32,
    /// How many of the requests were second attempts.
    pub second_attempts: u32,
    /// How many bytes came back.
    pub len_bytes: u64,
    /// How long it took altogether.
    pub duration: Duration,
}

/// Counts what a storage's reading costs.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    costs: Cell<Costs>,
}

impl Meter {
    /// Counts a batch and measures how long it takes.
    pub fn round_trip<T>(&self, batch: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = batch();
        self.add(Costs {
            round_trips: 1,
            duration: started.elapsed(),
            ..Costs::default()
        });
        result
    }

    /// Adds to what was counted.
    pub fn add(&self, more: Costs) {
        let costs = self.costs.get();
        self.costs.set(Costs {
            round_trips: costs.round_trips + more.round_trips,
            requests: costs.requests + more.requests,
            second_attempts: costs.second_attempts + more.second_attempts,
            len_bytes: costs.len_bytes + more.len_bytes,
            duration: costs.duration + more.duration,
        });
    }

    /// What was counted.
    pub fn costs(&self) -> Costs {
        self.costs.get()
    }
}
