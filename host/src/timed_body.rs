//! A body that ends in an error when it comes too slowly: a client's request and a storage's answer alike.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::patience::Patience;

/// A body of which a stated part has to come within a time, again and again.
pub(crate) struct TimedBody {
    body: Incoming,
    /// It runs while somebody waits for a piece, and not while the last one is worked on.
    patience: Patience,
    /// How much has to come within the time.
    part_bytes: usize,
    /// How much of the part is still to come.
    owed_bytes: usize,
}

/// Why there is no next piece.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TimedError {
    #[error("it did not come in time")]
    TooSlow,
    #[error("the connection failed")]
    Broken(#[source] hyper::Error),
}

impl TimedBody {
    /// A body whose every piece has to come within `time`, however small it is.
    pub(crate) fn new(body: Incoming, time: Duration) -> Self {
        Self::in_parts(body, 0, time)
    }

    /// A body that has to come at a rate: `part_bytes` of it, or what is left of it, within each `time`. Pieces that drip in do not prolong it.
    pub(crate) fn in_parts(body: Incoming, part_bytes: usize, time: Duration) -> Self {
        Self {
            body,
            patience: Patience::new(time),
            part_bytes,
            owed_bytes: part_bytes,
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
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok());
            let length_bytes = data.and_then(Frame::data_ref).map_or(0, Bytes::len);
            this.owed_bytes = this.owed_bytes.saturating_sub(length_bytes);
            if this.owed_bytes == 0 {
                this.owed_bytes = this.part_bytes;
                this.patience.rest();
            } else {
                this.patience.pause();
            }
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
