//! Rows out of bytes: separated files, read as a stream, with line numbers that stay right.
//!
//! [`RowReader`] hands out one [`Row`] after the other through `csv-core`, the state machine of the `csv` crate; that is the general path. A caller
//! who knows that most rows are plain may take whole buffered lines with [`RowReader::whole_lines`] instead and skip what it understood.

use std::io::{self, Read};

use csv_core::{ReadRecordResult, ReaderBuilder};
use memchr::{memchr, memchr_iter, memmem, memrchr};

/// How the fields of a file are kept apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    /// One byte between fields; a field that begins with a quote ends at the next one and may hold anything, line ends too.
    Quoted(u8),
    /// One byte between fields, and quotes are letters like any other.
    Unquoted(u8),
    /// `::` between fields, as in ml-1m.
    DoubleColon,
}

impl Dialect {
    /// Comma-separated values.
    pub(crate) const CSV: Self = Self::Quoted(b',');
    /// Tab-separated values.
    pub(crate) const TSV: Self = Self::Unquoted(b'\t');

    /// The byte between fields, if it is one.
    pub(crate) fn separator(self) -> Option<u8> {
        match self {
            Self::Quoted(separator) | Self::Unquoted(separator) => Some(separator),
            Self::DoubleColon => None,
        }
    }
}

/// The fields of one row, in an allocation that the next row uses again.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// All fields, one after the other.
    text: String,
    /// Where each field ends in `text`: always at a character's boundary.
    ends: Vec<usize>,
    /// The line on which the row begins, from 1.
    pub(crate) line: u64,
    /// How many line ends the row's bytes hold.
    pub(crate) num_line_ends: u64,
    /// Whether the row was not UTF-8, and was read as Windows-1252 (which Latin-1 is a part of).
    pub(crate) was_not_utf8: bool,
    /// Whether the file ended within quotes.
    pub(crate) has_unclosed_quote: bool,
}

impl Row {
    /// A field's text, if the row has so many fields.
    pub(crate) fn field(&self, field_idx: usize) -> Option<&str> {
        let end = *self.ends.get(field_idx)?;
        let start = match field_idx.checked_sub(1) {
            Some(before) => *self.ends.get(before)?,
            None => 0,
        };
        self.text.get(start..end)
    }

    /// All fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|field_idx| self.field(field_idx))
    }

    /// How many line ends the fields hold.
    pub(crate) fn num_embedded_line_ends(&self) -> u64 {
        memchr_iter(b'\n', self.text.as_bytes()).count() as u64
    }

    /// Takes the fields over, as UTF-8 if they are, else as Windows-1252.
    fn set(&mut self, bytes: Vec<u8>) {
        let is_whole = |text: &str| self.ends.iter().all(|end| text.is_char_boundary(*end));
        match String::from_utf8(bytes) {
            Ok(text) if is_whole(&text) => {
                self.text = text;
                self.was_not_utf8 = false;
            }
            not_utf8 => {
                let bytes = not_utf8
                    .map_or_else(std::string::FromUtf8Error::into_bytes, String::into_bytes);
                self.text.clear();
                let mut start = 0;
                for end in &mut self.ends {
                    let (field, _) =
                        encoding_rs::WINDOWS_1252.decode_without_bom_handling(&bytes[start..*end]);
                    start = *end;
                    self.text.push_str(&field);
                    *end = self.text.len();
                }
                self.was_not_utf8 = true;
            }
        }
    }
}

/// Reads a separated file row by row.
pub(crate) struct RowReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// What is read but not handed out: `buffer[start..end]`.
    start: usize,
    end: usize,
    /// The end of the last whole line in the buffer; at the end of the input, all of it.
    lines_end: usize,
    is_at_end: bool,
    /// The line of `buffer[start]`, from 1.
    line: u64,
    dialect: Dialect,
    machine: csv_core::Reader,
}

/// Large enough that a read's cost does not show, small enough to stay in the cache.
const BUFFER_LEN_BYTES: usize = 256 * 1024;

const UTF8_BOM: &[u8] = b"\xef\xbb\xbf";

impl<R: Read> RowReader<R> {
    /// A reader at the first row. A byte order mark is skipped.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] where the mark says UTF-16.
    pub(crate) fn new(input: R, dialect: Dialect) -> io::Result<Self> {
        let mut builder = ReaderBuilder::new();
        match dialect {
            Dialect::Quoted(separator) => builder.delimiter(separator),
            Dialect::Unquoted(separator) => builder.delimiter(separator).quoting(false),
            Dialect::DoubleColon => &mut builder,
        };
        let mut machine = builder.build();
        // A machine that has read nothing yet skips a mark, which would be wrong in front of a later row.
        machine.read_record(b"\n", &mut [0], &mut [0]);
        let mut reader = Self {
            input,
            buffer: vec![0; BUFFER_LEN_BYTES],
            start: 0,
            end: 0,
            lines_end: 0,
            is_at_end: false,
            line: 1,
            dialect,
            machine,
        };
        while reader.end < UTF8_BOM.len() && !reader.is_at_end {
            reader.fill()?;
        }
        let unread = &reader.buffer[..reader.end];
        if unread.starts_with(b"\xff\xfe") || unread.starts_with(b"\xfe\xff") {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the text is UTF-16; save it as UTF-8",
            ));
        }
        if unread.starts_with(UTF8_BOM) {
            reader.start = UTF8_BOM.len();
        }
        Ok(reader)
    }

    /// Reads more, keeping what is not handed out yet. The buffer grows when it is full of one row.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        let num_bytes = loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.end += num_bytes;
        self.is_at_end = num_bytes == 0;
        self.lines_end = if self.is_at_end {
            self.end
        } else {
            memrchr(b'\n', &self.buffer[..self.end]).map_or(0, |newline| newline + 1)
        };
        Ok(())
    }

    /// Lines that are buffered to their ends, the next row's first; empty where only the general path can go on. The second value is the first line's number.
    pub(crate) fn whole_lines(&self) -> (&[u8], u64) {
        (
            &self.buffer[self.start..self.lines_end.max(self.start)],
            self.line,
        )
    }

    /// Skips lines of [`Self::whole_lines`] that the caller has understood.
    pub(crate) fn skip(&mut self, len_bytes: usize, num_lines: u64) {
        self.start += len_bytes;
        self.line += num_lines;
    }

    /// Reads the next row that is not empty. False at the end.
    pub(crate) fn read(&mut self, row: &mut Row) -> io::Result<bool> {
        if !self.skip_line_ends()? {
            return Ok(false);
        }
        row.line = self.line;
        row.num_line_ends = 0;
        row.has_unclosed_quote = false;
        row.ends.clear();
        let mut bytes = std::mem::take(&mut row.text).into_bytes();
        bytes.clear();
        match self.dialect {
            Dialect::DoubleColon => self.read_line(row, &mut bytes)?,
            Dialect::Quoted(_) | Dialect::Unquoted(_) => self.read_record(row, &mut bytes)?,
        }
        self.line += row.num_line_ends;
        row.set(bytes);
        Ok(true)
    }

    /// Skips empty lines. False at the end of the input.
    fn skip_line_ends(&mut self) -> io::Result<bool> {
        loop {
            match self.buffer[self.start..self.end].first() {
                Some(b'\n') => self.line += 1,
                Some(b'\r') => {}
                Some(_) => return Ok(true),
                None if self.is_at_end => return Ok(false),
                None => {
                    self.fill()?;
                    continue;
                }
            }
            self.start += 1;
        }
    }

    /// One record through the state machine.
    fn read_record(&mut self, row: &mut Row, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut num_bytes = 0;
        let mut num_fields = 0;
        bytes.resize(bytes.capacity().max(256), 0);
        row.ends.resize(row.ends.capacity().max(16), 0);
        loop {
            let unread = &self.buffer[self.start..self.end];
            // At the end of the input a line end finishes the record, unless it is taken as a letter: then a quote is open, and nothing at all,
            // which the machine understands as the end, finishes it.
            let input: &[u8] = match unread {
                [] if row.has_unclosed_quote => b"",
                [] => b"\n",
                unread => unread,
            };
            let (result, num_read, num_written, num_ended) = self.machine.read_record(
                input,
                &mut bytes[num_bytes..],
                &mut row.ends[num_fields..],
            );
            num_bytes += num_written;
            num_fields += num_ended;
            let is_finishing = unread.is_empty();
            if !is_finishing {
                row.num_line_ends += memchr_iter(b'\n', &unread[..num_read]).count() as u64;
                self.start += num_read;
            }
            match result {
                ReadRecordResult::InputEmpty if is_finishing => row.has_unclosed_quote = true,
                ReadRecordResult::InputEmpty if self.is_at_end => {}
                ReadRecordResult::InputEmpty => self.fill()?,
                ReadRecordResult::OutputFull => bytes.resize(2 * bytes.len(), 0),
                ReadRecordResult::OutputEndsFull => row.ends.resize(2 * row.ends.len(), 0),
                ReadRecordResult::Record | ReadRecordResult::End => {
                    bytes.truncate(num_bytes);
                    row.ends.truncate(num_fields);
                    return Ok(());
                }
            }
        }
    }

    /// One line, split at every `::`.
    fn read_line(&mut self, row: &mut Row, bytes: &mut Vec<u8>) -> io::Result<()> {
        let len_bytes = loop {
            match memchr(b'\n', &self.buffer[self.start..self.end]) {
                Some(newline) => break newline,
                None if self.is_at_end => break self.end - self.start,
                None => self.fill()?,
            }
        };
        let line = &self.buffer[self.start..self.start + len_bytes];
        self.start += len_bytes;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut start = 0;
        for separator in memmem::find_iter(line, b"::") {
            bytes.extend_from_slice(&line[start..separator]);
            row.ends.push(bytes.len());
            start = separator + 2;
        }
        bytes.extend_from_slice(&line[start..]);
        row.ends.push(bytes.len());
        Ok(())
    }
}
