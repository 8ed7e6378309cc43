//! The log's way out: lines go to a thread that writes them, so that a request never waits for whoever reads the log.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How many lines may wait to be written. What comes when they are all taken is dropped and counted: the log says how many lines are missing.
const WAITING_LINES: usize = 16 << 10;

/// Takes lines from any thread.
#[derive(Clone)]
pub(crate) struct LogWriter {
    lines: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// Writes what is left when it is dropped. Lines that come afterwards are lost.
pub(crate) struct LogGuard {
    lines: SyncSender<Message>,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Line(Vec<u8>),
    End,
}

/// Starts the thread that writes to `output`.
pub(crate) fn start(output: impl Write + Send + 'static) -> io::Result<(LogWriter, LogGuard)> {
    let (sender, receiver) = sync_channel(WAITING_LINES);
    let dropped = Arc::new(AtomicU64::new(0));
    let writer = LogWriter {
        lines: sender.clone(),
        dropped: Arc::clone(&dropped),
    };
    let thread = std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || write_lines(output, &receiver, &dropped))?;
    let guard = LogGuard {
        lines: sender,
        thread: Some(thread),
    };
    Ok((writer, guard))
}

/// How long to wait for further lines after some were written. To be woken for each line would cost its request more than to format it.
const PAUSE: Duration = Duration::from_millis(10);

/// How much is written at once.
const TOGETHER_BYTES: usize = 64 << 10;

/// Writes together whatever is waiting. Nobody can be told of an output that fails, and the program is not worse for it.
fn write_lines(mut output: impl Write, lines: &Receiver<Message>, dropped: &AtomicU64) {
    let mut together = Vec::new();
    while let Ok(first) = lines.recv() {
        let mut ended = false;
        for message in std::iter::once(first).chain(lines.try_iter()) {
            match message {
                Message::Line(line) => together.extend_from_slice(&line),
                Message::End => ended = true,
            }
            if ended || TOGETHER_BYTES <= together.len() {
                break;
            }
        }
        let count = dropped.swap(0, Ordering::Relaxed);
        if count != 0 {
            // Writing to a vector cannot fail.
            let _ = writeln!(
                together,
                "{{\"message\":\"{count} lines of the log were dropped: it is read too slowly\"}}"
            );
        }
        let _ = output.write_all(&together);
        let _ = output.flush();
        if ended {
            break;
        }
        if together.len() < TOGETHER_BYTES {
            std::thread::sleep(PAUSE);
        }
        together.clear();
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        // Behind every line that was written before. The thread only ends by this or by a panic.
        let _ = self.lines.send(Message::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Write for LogWriter {
    /// Takes a whole line: the subscriber writes each event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.lines.try_send(Message::Line(line.to_vec())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogWriter {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use super::*;

    /// An output that waits until it is opened.
    #[derive(Clone, Default)]
    struct Gated(Arc<Output>);

    #[derive(Default)]
    struct Output {
        /// What was written, once it is open.
        written: Mutex<Option<Vec<u8>>>,
        opened: Condvar,
    }

    impl Gated {
        fn open(&self) {
            *self.0.written.lock().unwrap() = Some(Vec::new());
            self.0.opened.notify_all();
        }

        fn text(&self) -> String {
            let written = self.0.written.lock().unwrap();
            String::from_utf8(written.clone().unwrap_or_default()).unwrap()
        }
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut written = self.0.written.lock().unwrap();
            while written.is_none() {
                written = self.0.opened.wait(written).unwrap();
            }
            written.as_mut().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_slow_output_holds_nobody_up_and_nothing_is_lost_at_the_end() {
        let output = Gated::default();
        let (mut writer, guard) = start(output.clone()).unwrap();
        let lines: Vec<String> = (0..1000).map(|number| format!("{number}\n")).collect();
        for line in &lines {
            writer.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(output.text(), "");
        output.open();
        drop(guard);
        assert_eq!(output.text(), lines.concat());
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let output = Gated::default();
        let (mut writer, guard) = start(output.clone()).unwrap();
        // The thread may have taken some already.
        for _ in 0..3 * WAITING_LINES {
            writer.write_all(b"line\n").unwrap();
        }
        output.open();
        drop(guard);
        let text = output.text();
        let written = text.matches("line\n").count();
        assert!((WAITING_LINES..3 * WAITING_LINES).contains(&written));
        // Said in one line or in several, by when they were missed.
        let counts = text.lines().filter_map(|line| {
            let (_, line) = line.split_once("{\"message\":\"")?;
            line.split_once(' ')?.0.parse::<usize>().ok()
        });
        assert_eq!(written + counts.sum::<usize>(), 3 * WAITING_LINES);
    }
}
