//! A body that ends in an error when nothing of it comes for too long: a client's request and a storage's answer alike.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::patience::Patience;

/// A body whose pieces have to come within a time of each other.
pub(crate) struct TimedBody {
    body: Incoming,
    /// It runs while somebody waits for a piece, and not while the last one is worked on.
    patience: Patience,
}

/// Why there is no next piece.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TimedError {
    #[error("nothing came in time")]
    TooSlow,
    #[error("the connection failed")]
    Broken(#[source] hyper::Error),
}

impl TimedBody {
    pub(crate) fn new(body: Incoming, pause: Duration) -> Self {
        Self {
            body,
            patience: Patience::new(pause),
        }
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = TimedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TimedError>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.patience.rest();
            return Poll::Ready(frame.map(|frame| frame.map_err(TimedError::Broken)));
        }
        this.patience
            .poll_lost(context)
            .map(|()| Some(Err(TimedError::TooSlow)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
