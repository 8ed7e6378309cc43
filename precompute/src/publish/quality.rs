use std::fmt;

use pointer::Quality;

/// How a new generation's quality compares with that of the one that is served.
#[derive(Clone, Debug, PartialEq)]
pub enum QualityVerdict {
    /// Nothing that was measured is served, so there is nothing to be worse than.
    NothingServed,
    /// What is served was measured, and the new one not so; the text says what differs.
    Incomparable(String),
    /// At least as good, but for what may be lost.
    GoodEnough {
        /// What was measured.
        metric: String,
        /// The figure of the generation that is served.
        current: f64,
        /// The figure of the new one.
        new: f64,
    },
    /// Worse by more than what may be lost.
    Worse {
        /// What was measured.
        metric: String,
        /// The figure of the generation that is served.
        current: f64,
        /// The figure of the new one.
        new: f64,
    },
}

impl QualityVerdict {
    /// Compares two measurements; `maximum_loss` is a share of the current one.
    pub(super) fn compare(
        current: Option<&Quality>,
        new: Option<&Quality>,
        maximum_loss: f64,
    ) -> Self {
        let (current, new) = match (current, new) {
            (Some(current), Some(new)) => (current, new),
            (None, _) => return Self::NothingServed,
            (Some(current), None) => {
                return Self::Incomparable(format!(
                    "it was not measured, and the served one has {} {:.4}",
                    current.metric, current.value
                ));
            }
        };
        for (what, current, new) in [
            ("metric", &current.metric, &new.metric),
            ("protocol", &current.protocol, &new.protocol),
        ] {
            if current != new {
                return Self::Incomparable(format!(
                    "its {what} is `{new}`, and that of the served one `{current}`"
                ));
            }
        }
        let metric = new.metric.clone();
        let (current, new) = (current.value, new.value);
        // Written this way round, a figure that is not a number is worse.
        if current * (1.0 - maximum_loss) <= new {
            Self::GoodEnough {
                metric,
                current,
                new,
            }
        } else {
            Self::Worse {
                metric,
                current,
                new,
            }
        }
    }
}

impl fmt::Display for QualityVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingServed => {
                formatter.write_str("quality not compared: nothing that was measured is served")
            }
            Self::Incomparable(why) => write!(formatter, "quality not compared: {why}"),
            Self::GoodEnough {
                metric,
                current,
                new,
            } => {
                write!(formatter, "{metric} {new:.4} after {current:.4}")
            }
            Self::Worse {
                metric,
                current,
                new,
            } => {
                write!(formatter, "{metric} {new:.4} after {current:.4}: worse")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(metric: &str, value: f64, protocol: &str) -> Quality {
        Quality {
            metric: metric.to_owned(),
            value,
            low: value,
            high: value,
            protocol: protocol.to_owned(),
        }
    }

    fn check(current: Option<&Quality>, new: Option<&Quality>, expected: &str) {
        assert_eq!(
            QualityVerdict::compare(current, new, 0.02).to_string(),
            expected
        );
    }

    #[test]
    fn only_like_is_compared_with_like_and_the_margin_is_relative() {
        let served = quality("ndcg@100", 0.5, "strong");
        let new = |value| quality("ndcg@100", value, "strong");
        check(
            Some(&served),
            Some(&new(0.49)),
            "ndcg@100 0.4900 after 0.5000",
        );
        check(
            Some(&served),
            Some(&new(0.4899)),
            "ndcg@100 0.4899 after 0.5000: worse",
        );
        check(
            Some(&served),
            Some(&new(f64::NAN)),
            "ndcg@100 NaN after 0.5000: worse",
        );
        check(
            Some(&served),
            Some(&quality("ndcg@20", 0.1, "strong")),
            "quality not compared: its metric is `ndcg@20`, and that of the served one `ndcg@100`",
        );
        check(
            Some(&served),
            Some(&quality("ndcg@100", 0.1, "fixed")),
            "quality not compared: its protocol is `fixed`, and that of the served one `strong`",
        );
        check(
            Some(&served),
            None,
            "quality not compared: it was not measured, and the served one has ndcg@100 0.5000",
        );
        check(
            None,
            Some(&new(0.1)),
            "quality not compared: nothing that was measured is served",
        );
    }
}
