//! How the program ends.

use crate::import::ImportError;
use crate::publish::PublishError;

/// What the program tells whoever started it. Wrong usage is 2, which the argument parser gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Everything that was asked for is done.
    Done = 0,
    /// Something failed that has no status of its own.
    Failed = 1,
    /// More rows of the source are bad than may be.
    TooManyBadRows = 3,
    /// The new generation is worse than the one that is served, or cannot be compared with it.
    WorseQuality = 4,
    /// Somebody else published in the meantime.
    LostRace = 5,
    /// Ctrl-C, or the signal with which a cluster stops a job: 128 + SIGINT, as a shell has it.
    Interrupted = 130,
}

/// The statuses as `--help` explains them.
pub const EXIT_STATUS_HELP: &str = "\
Exit status:
  0    done
  1    failed; the message says what and why
  2    wrong usage
  3    too many bad rows in the source
  4    the new generation is worse than the served one, or not measured as it was, and --force was not given
  5    lost a race: somebody else published in the meantime
  130  interrupted; nothing is left half-written";

impl ExitStatus {
    /// The status of a failure, found in its chain of causes.
    pub fn of_error(error: &anyhow::Error) -> Self {
        for cause in error.chain() {
            match cause.downcast_ref::<PublishError>() {
                Some(
                    PublishError::WorseQuality { .. } | PublishError::IncomparableQuality { .. },
                ) => return Self::WorseQuality,
                Some(PublishError::LostRace { .. }) => return Self::LostRace,
                _ => {}
            }
            if let Some(ImportError::TooManyBadRows { .. }) = cause.downcast_ref() {
                return Self::TooManyBadRows;
            }
        }
        Self::Failed
    }

    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_status_is_found_beneath_the_context() {
        let lost = PublishError::LostRace {
            key: "k".to_owned(),
            winner: None,
        };
        let status = |error: PublishError| {
            ExitStatus::of_error(&Err::<(), _>(error).context("movies").unwrap_err())
        };
        assert_eq!(status(lost), ExitStatus::LostRace);
        let worse = PublishError::WorseQuality {
            metric: "ndcg@100".to_owned(),
            current: 0.4,
            new: 0.3,
            maximum_quality_loss: 0.0,
        };
        assert_eq!(status(worse), ExitStatus::WorseQuality);
        let incomparable = PublishError::IncomparableQuality { why: String::new() };
        assert_eq!(status(incomparable), ExitStatus::WorseQuality);
        assert_eq!(
            status(PublishError::NotPublished {
                key: "k".to_owned()
            }),
            ExitStatus::Failed
        );
    }

    #[test]
    fn the_help_has_every_status() {
        use ExitStatus::{Done, Failed, Interrupted, LostRace, TooManyBadRows, WorseQuality};
        for status in [
            Done,
            Failed,
            TooManyBadRows,
            WorseQuality,
            LostRace,
            Interrupted,
        ] {
            assert!(
                EXIT_STATUS_HELP.contains(&format!("\n  {:<5}", status.code())),
                "{status:?}"
            );
        }
    }
}
