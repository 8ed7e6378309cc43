//! A line of the output.

use std::fmt;

/// What a figure is to be.
#[derive(Clone, Copy)]
pub(crate) enum Bar {
    AtMost(f64),
    AtLeast(f64),
}

/// What was measured. The bar is for how many times the peer's it is, and without a peer for the figure itself.
pub(crate) struct Figure<'a> {
    pub(crate) name: String,
    pub(crate) ours: f64,
    pub(crate) unit: &'a str,
    pub(crate) peer: Option<(&'a str, f64)>,
    pub(crate) bar: Option<Bar>,
}

impl fmt::Display for Figure<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = self.unit;
        write!(formatter, "{}: {}{unit}", self.name, number(self.ours))?;
        let mut measured = self.ours;
        if let Some((peer, theirs)) = self.peer {
            measured /= theirs;
            write!(formatter, ", {peer} {}{unit}", number(theirs))?;
            write!(formatter, ", ratio {measured:.3}")?;
        }
        let (bar, is_met) = match self.bar {
            None => return Ok(()),
            Some(Bar::AtMost(most)) => (format!("at most {}", number(most)), measured <= most),
            Some(Bar::AtLeast(least)) => (format!("at least {}", number(least)), least <= measured),
        };
        let verdict = if is_met { "" } else { ", MISSED" };
        write!(formatter, " ({bar}{verdict})")
    }
}

/// With as many places as tell something.
fn number(value: f64) -> String {
    match value {
        value if value.fract() == 0.0 || 1000.0 <= value => format!("{value:.0}"),
        value if 10.0 <= value => format!("{value:.1}"),
        value if 1.0 <= value => format!("{value:.2}"),
        value => format!("{value:.4}"),
    }
}

/// The value below which a share of them lies, by the nearest rank; 0 of none.
pub(crate) fn quantile(values: &[u64], share: f64) -> u64 {
    let mut values = values.to_vec();
    values.sort_unstable();
    let rank = (share * values.len() as f64).ceil() as usize;
    values
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}
