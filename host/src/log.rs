//! The log's way out: lines go to a thread that writes them, so that a request never waits for whoever reads the log.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How much may wait to be written. A line that finds no room is dropped and counted: the log says how many are missing.
const WAITING_LIMIT_BYTES: usize = 4 << 20;

/// What a line takes beside its text.
const LINE_OVERHEAD_BYTES: usize = 64;

/// How long the end of the program waits for the log. Who does not read it any more does not keep the program.
const LAST_LINES_TIMEOUT: Duration = Duration::from_secs(2);

/// Takes lines from any thread.
#[derive(Clone)]
pub(crate) struct LogWriter {
    lines: Sender<Message>,
    counts: Arc<Counts>,
}

/// Waits until what is left is written when it is dropped, though not for long. Lines that come afterwards are lost.
pub(crate) struct LogGuard {
    lines: Sender<Message>,
    /// Closed when the thread ends.
    ended: Receiver<()>,
}

/// What the writers and the thread know of each other.
#[derive(Default)]
struct Counts {
    waiting_bytes: AtomicUsize,
    dropped: AtomicU64,
}

enum Message {
    Line(Vec<u8>),
    End,
}

/// Starts the thread that writes to `output`.
pub(crate) fn start(output: impl Write + Send + 'static) -> io::Result<(LogWriter, LogGuard)> {
    let (sender, receiver) = channel();
    let (ending, ended) = channel();
    let counts = Arc::new(Counts::default());
    let writer = LogWriter {
        lines: sender.clone(),
        counts: Arc::clone(&counts),
    };
    std::thread::Builder::new()
        .name("log".to_owned())
        .spawn(move || {
            let _ending: Sender<()> = ending;
            write_lines(output, &receiver, &counts);
        })?;
    let guard = LogGuard {
        lines: sender,
        ended,
    };
    Ok((writer, guard))
}

/// How long to wait for further lines after some were written. To be woken for each line would cost its request more than to format it.
const PAUSE: Duration = Duration::from_millis(10);

/// How much is written at once.
const TOGETHER_BYTES: usize = 64 << 10;

/// Writes together whatever is waiting. Nobody can be told of an output that fails, and the program is not worse for it.
fn write_lines(mut output: impl Write, lines: &Receiver<Message>, counts: &Counts) {
    let mut together = Vec::new();
    while let Ok(first) = lines.recv() {
        let mut ended = false;
        let mut taken_bytes = 0;
        for message in std::iter::once(first).chain(lines.try_iter()) {
            match message {
                Message::Line(line) => {
                    taken_bytes += line.len() + LINE_OVERHEAD_BYTES;
                    together.extend_from_slice(&line);
                }
                Message::End => ended = true,
            }
            if ended || TOGETHER_BYTES <= together.len() {
                break;
            }
        }
        let count = counts.dropped.swap(0, Ordering::Relaxed);
        if count != 0 {
            // Writing to a vector cannot fail.
            let _ = writeln!(
                together,
                "{{\"message\":\"{count} lines of the log were dropped: it is read too slowly\"}}"
            );
        }
        let _ = output.write_all(&together);
        let _ = output.flush();
        counts
            .waiting_bytes
            .fetch_sub(taken_bytes, Ordering::Relaxed);
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
        let _ = self.ended.recv_timeout(LAST_LINES_TIMEOUT);
    }
}

impl Write for LogWriter {
    /// Takes a whole line: the subscriber writes each event at once.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let counts = &self.counts;
        let line_bytes = line.len() + LINE_OVERHEAD_BYTES;
        let waiting_bytes = counts
            .waiting_bytes
            .fetch_add(line_bytes, Ordering::Relaxed);
        let has_room = waiting_bytes + line_bytes <= WAITING_LIMIT_BYTES;
        // Once the thread is gone nobody counts any more.
        if !has_room || self.lines.send(Message::Line(line.to_vec())).is_err() {
            counts
                .waiting_bytes
                .fetch_sub(line_bytes, Ordering::Relaxed);
            counts.dropped.fetch_add(1, Ordering::Relaxed);
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
    use std::time::Instant;

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
        // Longer than any that the host writes, so that few of them fill the room.
        let line = format!("{}\n", "x".repeat(50_000)).into_bytes();
        let fitting = WAITING_LIMIT_BYTES / (line.len() + LINE_OVERHEAD_BYTES);
        for _ in 0..3 * fitting {
            writer.write_all(&line).unwrap();
        }
        let waiting_bytes = writer.counts.waiting_bytes.load(Ordering::Relaxed);
        assert!(waiting_bytes <= WAITING_LIMIT_BYTES, "{waiting_bytes}");
        output.open();
        drop(guard);
        let text = output.text();
        let written = text.matches("x\n").count();
        assert_eq!(written, fitting);
        assert_eq!(writer.counts.waiting_bytes.load(Ordering::Relaxed), 0);
        // Said in one line or in several, by when they were missed.
        let counts = text.lines().filter_map(|line| {
            let (_, line) = line.split_once("{\"message\":\"")?;
            line.split_once(' ')?.0.parse::<usize>().ok()
        });
        assert_eq!(written + counts.sum::<usize>(), 3 * fitting);
    }

    #[test]
    fn an_output_that_nobody_reads_does_not_keep_the_program() {
        let (mut writer, guard) = start(Gated::default()).unwrap();
        writer.write_all(b"line\n").unwrap();
        let asked = Instant::now();
        drop(guard);
        assert!(asked.elapsed() < 5 * LAST_LINES_TIMEOUT);
    }
}
