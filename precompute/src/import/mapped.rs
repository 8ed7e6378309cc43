//! Tables whose columns the configuration maps: CSV, TSV, Parquet, or a JSON object a line.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use config::{Column, FieldType, FileFormat, Import, InteractionTable, ItemTable};
use index::catalogue::Value;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record;
use parquet::schema::types::Type;
use pointer::ValueScale;

use super::builder::{Builder, RowError};
use super::error::ImportError;
use super::files::Files;
use super::interactions::{InteractionColumns, read_interactions};
use super::layout::{Found, LayoutReader};
use super::report::Problem;
use super::rows::Dialect;
use super::table::{Cells, Presence, Wanted, check_cells, read_table};
use super::title::{on_one_line, split_title};
use crate::dataset::Item;

/// Stands between the texts of a list that a JSON or Parquet file brings as one, so that every cell is one text: the unit separator of ASCII,
/// which no text contains.
const LIST_SEPARATOR: char = '\u{1f}';

/// The field that a title's year becomes.
const YEAR_FIELD: &str = "year";

/// The tables that a configuration maps: at least one.
struct Mapped {
    interactions: Option<InteractionTable>,
    items: Option<ItemTable>,
}

/// A table is where the configuration says.
pub(crate) fn look_for(import: &Import) -> Found {
    let reader = || Mapped {
        interactions: import.interactions.clone(),
        items: import.items.clone(),
    };
    import.has_tables().then(|| Box::new(reader()) as _)
}

impl LayoutReader for Mapped {
    fn name(&self) -> &'static str {
        "table"
    }

    fn scale(&self, configured: Option<ValueScale>) -> Option<ValueScale> {
        configured
    }

    fn has_interactions(&self) -> bool {
        self.interactions.is_some()
    }

    fn check(&self, files: &Files<'_>) -> Result<(), ImportError> {
        let items = self.items.iter().map(|items| &items.file);
        let interactions = self.interactions.iter();
        let mut needed = items.chain(interactions.map(|interactions| &interactions.file));
        needed.try_for_each(|pattern| files.needed(pattern).map(drop))
    }

    fn read(&self, files: &Files<'_>, builder: &mut Builder) -> Result<(), ImportError> {
        match &self.items {
            Some(items) => {
                let names = files.matching(&items.file);
                read_item_files(files, &names, &ItemMapping::from(items), builder, |_, _| {
                    Ok(())
                })?;
            }
            None => builder.open_catalogue(),
        }
        let Some(interactions) = &self.interactions else {
            return Ok(());
        };
        let names = files.matching(&interactions.file);
        read_interaction_files(files, &names, interactions, builder)
    }
}

/// How the columns of a table become items: what a configuration maps, or a layout that knows its table.
pub(crate) struct ItemMapping {
    format: Option<FileFormat>,
    id: Wanted,
    title: Option<Wanted>,
    /// Titles may carry their years, as MovieLens's do, where nothing else tells the year.
    year_is_in_title: bool,
    fields: Vec<FieldMapping>,
}

struct FieldMapping {
    name: String,
    wanted: Wanted,
    kind: FieldType,
    separator: String,
}

impl From<&ItemTable> for ItemMapping {
    fn from(table: &ItemTable) -> Self {
        let title = table.columns.title.as_ref();
        let fields = table.fields.iter().map(|(name, field)| FieldMapping {
            name: name.clone(),
            wanted: Wanted::new(&field.column, Presence::There),
            kind: field.kind,
            separator: field.separator.clone(),
        });
        Self {
            format: table.format,
            id: Wanted::new(&table.columns.id, Presence::Filled),
            title: title.map(|title| Wanted::new(title, Presence::Filled)),
            year_is_in_title: title.is_some() && !table.fields.contains_key(YEAR_FIELD),
            fields: fields.collect(),
        }
    }
}

impl ItemMapping {
    /// A table whose rows have an id and a title.
    pub(crate) fn new(id: &str, title: &str) -> Self {
        Self {
            format: None,
            id: Wanted::named(id, Presence::Filled),
            title: Some(Wanted::named(title, Presence::Filled)),
            year_is_in_title: false,
            fields: Vec::new(),
        }
    }

    fn with(mut self, name: &str, column: &str, kind: FieldType, separator: &str) -> Self {
        self.fields.push(FieldMapping {
            name: name.to_owned(),
            wanted: Wanted::named(column, Presence::There),
            kind,
            separator: separator.to_owned(),
        });
        self
    }

    /// And a field that is a text.
    pub(crate) fn text(self, name: &str, column: &str) -> Self {
        self.with(name, column, FieldType::Text, "")
    }

    /// And a field that is a whole number.
    pub(crate) fn integer(self, name: &str, column: &str) -> Self {
        self.with(name, column, FieldType::Integer, "")
    }

    /// And a field of several texts, with something between them.
    pub(crate) fn texts(self, name: &str, column: &str, separator: &str) -> Self {
        self.with(name, column, FieldType::TextList, separator)
    }

    /// And a field that is a number.
    pub(crate) fn real(self, name: &str, column: &str) -> Self {
        self.with(name, column, FieldType::Real, "")
    }

    /// The files have a JSON object a line, whatever their ending says.
    pub(crate) fn of_json_lines(mut self) -> Self {
        self.format = Some(FileFormat::Jsonl);
        self
    }

    /// The last field's column may have this name instead.
    pub(crate) fn or_named(mut self, column: &str) -> Self {
        if let Some(field) = self.fields.last_mut() {
            field.wanted.other_name = Some(column.to_owned());
        }
        self
    }
}

/// Reads the files of a table of items. `finish` may change an item before the builder takes it.
pub(crate) fn read_item_files(
    files: &Files<'_>,
    names: &[String],
    mapping: &ItemMapping,
    builder: &mut Builder,
    mut finish: impl FnMut(&mut Builder, &mut Item) -> Result<(), RowError>,
) -> Result<(), ImportError> {
    let mut wanted = vec![mapping.id.clone()];
    wanted.extend(mapping.title.clone());
    let first_field_idx = wanted.len();
    wanted.extend(mapping.fields.iter().map(|field| field.wanted.clone()));
    for name in names {
        let take = |builder: &mut Builder, cells: &Cells<'_>, line| {
            let id = cells.need(0)?;
            let title = mapping.title.as_ref().map_or(Ok(id), |_| cells.need(1))?;
            let mut fields = BTreeMap::new();
            let mut problem = None;
            for (field_idx, field) in mapping.fields.iter().enumerate() {
                let value = cells.get(first_field_idx + field_idx);
                match value.map(|cell| field_value(field, cell)) {
                    Some(Ok(value)) => drop(fields.insert(field.name.clone(), value)),
                    Some(Err(bad)) => problem = problem.or(Some(bad)),
                    None if field.kind == FieldType::TextList => {
                        fields.insert(field.name.clone(), Value::TextList(Vec::new()));
                    }
                    None => {}
                }
            }
            let mut title = on_one_line(title);
            if mapping.year_is_in_title
                && let (without_year, Some(year)) = split_title(&title)
            {
                fields.insert(YEAR_FIELD.to_owned(), Value::Integer(year));
                title = without_year;
            }
            let mut item = Item {
                id: id.to_owned(),
                title,
                fields,
            };
            let finished = finish(builder, &mut item);
            // An item with a bad field stays, without the field: its interactions would be lost with it.
            builder.add_item(item, line);
            problem.map_or(finished, Err)
        };
        read_cells(files, name, mapping.format, &wanted, builder, take)?;
    }
    Ok(())
}

/// Reads the files of a table of interactions.
pub(crate) fn read_interaction_files(
    files: &Files<'_>,
    names: &[String],
    table: &InteractionTable,
    builder: &mut Builder,
) -> Result<(), ImportError> {
    let columns = &table.columns;
    if columns.value.is_none() {
        builder.without_scale();
    }
    let columns = InteractionColumns::new(
        &columns.user,
        &columns.item,
        columns.value.as_ref(),
        columns.time.as_ref(),
    );
    for name in names {
        match dialect(format_of(name, table.format)?) {
            Some(dialect) => {
                files.read(name, |input| {
                    read_interactions(name, input, dialect, &columns, builder)
                })?;
            }
            None => read_cells(
                files,
                name,
                table.format,
                columns.wanted(),
                builder,
                |builder, cells, line| columns.take(builder, cells, line),
            )?,
        }
    }
    Ok(())
}

fn field_value(field: &FieldMapping, cell: &str) -> Result<Value, RowError> {
    let bad = || (Problem::BadNumber, format!("{} `{cell}`", field.name));
    let real = || {
        cell.parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
            .ok_or_else(bad)
    };
    Ok(match field.kind {
        FieldType::Text => Value::Text(cell.to_owned()),
        FieldType::Real => Value::Real(real()?),
        FieldType::Integer => {
            // Years with a missing one among them often come as 1999.0.
            let whole = || {
                real()
                    .ok()
                    .filter(|real| real.fract() == 0.0 && real.abs() < 9e15)
            };
            let number = cell
                .parse()
                .ok()
                .or_else(|| whole().map(|real| real as i64));
            Value::Integer(number.ok_or_else(bad)?)
        }
        FieldType::TextList => {
            let texts = cell
                .split(LIST_SEPARATOR)
                .flat_map(|text| text.split(field.separator.as_str()));
            Value::TextList(
                texts
                    .map(str::trim)
                    .filter(|text| !text.is_empty())
                    .map(str::to_owned)
                    .collect(),
            )
        }
    })
}

/// The format that is given, or the one that the file's ending tells.
fn format_of(file: &str, given: Option<FileFormat>) -> Result<FileFormat, ImportError> {
    let ending = file
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    given
        .or(match ending.as_str() {
            "csv" => Some(FileFormat::Csv),
            "tsv" | "tab" => Some(FileFormat::Tsv),
            "parquet" => Some(FileFormat::Parquet),
            "jsonl" | "ndjson" => Some(FileFormat::Jsonl),
            _ => None,
        })
        .ok_or_else(|| ImportError::UnknownFormat {
            file: file.to_owned(),
        })
}

fn dialect(format: FileFormat) -> Option<Dialect> {
    match format {
        FileFormat::Csv => Some(Dialect::CSV),
        FileFormat::Tsv => Some(Dialect::TSV),
        FileFormat::Parquet | FileFormat::Jsonl => None,
    }
}

/// Reads a table of any format row by row.
pub(crate) fn read_cells(
    files: &Files<'_>,
    name: &str,
    format: Option<FileFormat>,
    wanted: &[Wanted],
    builder: &mut Builder,
    take: impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
) -> Result<(), ImportError> {
    let format = format_of(name, format)?;
    files.read(name, |input| match (format, dialect(format)) {
        (_, Some(dialect)) => read_table(name, input, dialect, wanted, builder, take),
        (FileFormat::Parquet, _) => read_parquet(name, input, wanted, builder, take),
        _ => read_json_lines(name, input, wanted, builder, take),
    })
}

/// Reads a Parquet file row by row, only the columns that are wanted. The file is read as a whole first, since its index is at its end.
fn read_parquet(
    file: &str,
    input: &mut dyn Read,
    wanted: &[Wanted],
    builder: &mut Builder,
    mut take: impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
) -> Result<(), ImportError> {
    let wrong = |source: ParquetError| ImportError::Parquet {
        file: file.to_owned(),
        source,
    };
    builder.begin_file(file);
    let mut bytes = Vec::new();
    input
        .read_to_end(&mut bytes)
        .map_err(ImportError::unreadable(file))?;
    let reader = SerializedFileReader::new(Bytes::from(bytes)).map_err(wrong)?;
    let schema = reader.metadata().file_metadata().schema();
    let columns = schema.get_fields();
    let found = wanted
        .iter()
        .map(|wanted| wanted.find(file, columns.iter().map(|column| column.name())));
    let found: Vec<Option<usize>> = found.collect::<Result<_, _>>()?;
    let mut projected: Vec<usize> = found
        .iter()
        .flatten()
        .copied()
        .filter(|column_idx| *column_idx < columns.len())
        .collect();
    projected.sort_unstable();
    projected.dedup();
    let places: Vec<Option<usize>> = found
        .iter()
        .map(|column_idx| projected.binary_search(&(*column_idx)?).ok())
        .collect();
    let fields = projected
        .iter()
        .map(|column_idx| Arc::clone(&columns[*column_idx]))
        .collect();
    let projection = Type::group_type_builder(schema.name())
        .with_fields(fields)
        .build()
        .map_err(wrong)?;
    let mut row_number = 0;
    for row in reader.get_row_iter(Some(projection)).map_err(wrong)? {
        let row = row.map_err(wrong)?;
        row_number += 1;
        let texts: Vec<Option<String>> = row
            .get_column_iter()
            .map(|(_, field)| parquet_text(field))
            .collect();
        let cell = |place: &Option<usize>| texts.get((*place)?)?.as_deref();
        take_row(
            wanted,
            places.iter().map(cell).collect(),
            row_number,
            builder,
            &mut take,
        );
    }
    builder.end_file(row_number)
}

/// A value as the text that a CSV file would have for it. Points in time become seconds since 1970.
fn parquet_text(field: &record::Field) -> Option<String> {
    Some(match field {
        record::Field::Null => return None,
        record::Field::Str(text) => text.clone(),
        record::Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        record::Field::Date(days) => (i64::from(*days) * 86_400).to_string(),
        record::Field::TimestampMillis(milliseconds) => milliseconds.div_euclid(1000).to_string(),
        record::Field::TimestampMicros(microseconds) => {
            microseconds.div_euclid(1_000_000).to_string()
        }
        record::Field::Bool(value) => value.to_string(),
        record::Field::Byte(number) => number.to_string(),
        record::Field::Short(number) => number.to_string(),
        record::Field::Int(number) => number.to_string(),
        record::Field::Long(number) => number.to_string(),
        record::Field::UByte(number) => number.to_string(),
        record::Field::UShort(number) => number.to_string(),
        record::Field::UInt(number) => number.to_string(),
        record::Field::ULong(number) => number.to_string(),
        record::Field::Float(number) => number.to_string(),
        record::Field::Double(number) => number.to_string(),
        record::Field::ListInternal(list) => join(list.elements().iter().filter_map(parquet_text)),
        other => other.to_string(),
    })
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(&LIST_SEPARATOR.to_string())
}

/// Reads a JSON object a line, or an array of them with one a line. Members are found by their exact names, those of inner objects with a point between
/// (`attributes.price`); one that is absent is an empty cell.
fn read_json_lines(
    file: &str,
    input: &mut dyn Read,
    wanted: &[Wanted],
    builder: &mut Builder,
    mut take: impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
) -> Result<(), ImportError> {
    let names = wanted.iter().map(|wanted| match &wanted.column {
        Column::Name(name) => Ok(name.as_str()),
        Column::Place(_) => Err(ImportError::MissingColumn {
            file: file.to_owned(),
            column: wanted.column.to_string(),
            found: vec!["names only".to_owned()],
        }),
    });
    let names: Vec<&str> = names.collect::<Result<_, _>>()?;
    builder.begin_file(file);
    let mut input = BufReader::new(input);
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        bytes.clear();
        if input
            .read_until(b'\n', &mut bytes)
            .map_err(ImportError::unreadable(file))?
            == 0
        {
            return builder.end_file(line);
        }
        line += 1;
        let text = if let Ok(text) = std::str::from_utf8(&bytes) {
            text.into()
        } else {
            let text = encoding_rs::WINDOWS_1252
                .decode_without_bom_handling(&bytes)
                .0;
            builder
                .report()
                .count(Problem::NotUtf8, line, || text.trim().to_owned());
            text
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        let text = text
            .trim_start_matches(['[', ','])
            .trim_end_matches([']', ',']);
        if text.is_empty() {
            continue;
        }
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
            Ok(object) => {
                let texts: Vec<Option<String>> = names
                    .iter()
                    .map(|name| json_text(member(&object, name)?))
                    .collect();
                let cells = texts.iter().map(Option::as_deref).collect();
                take_row(wanted, cells, line, builder, &mut take);
            }
            Err(error) => builder.count_row(line, Err((Problem::NotAnObject, error.to_string()))),
        }
    }
}

/// The member with this name, or else that of an inner object to which the name is a path.
fn member<'a>(
    object: &'a serde_json::Map<String, serde_json::Value>,
    name: &str,
) -> Option<&'a serde_json::Value> {
    object.get(name).or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        member(object.get(outer)?.as_object()?, inner)
    })
}

/// A value as the text that a CSV file would have for it; an object is its JSON.
pub(crate) fn json_text(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value as Json;
    match value {
        Json::Null => None,
        Json::Object(_) => Some(value.to_string()),
        Json::String(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Array(values) => Some(join(values.iter().filter_map(json_text))),
    }
}

/// Counts one row, and takes it if nothing needed is missing.
pub(crate) fn take_row(
    wanted: &[Wanted],
    cells: Vec<Option<&str>>,
    line: u64,
    builder: &mut Builder,
    take: &mut impl FnMut(&mut Builder, &Cells<'_>, u64) -> Result<(), RowError>,
) {
    let cells = cells
        .into_iter()
        .map(|cell| cell.map(str::trim).filter(|cell| !cell.is_empty()))
        .collect();
    let cells = Cells { wanted, cells };
    let outcome = check_cells(&cells).and_then(|()| take(builder, &cells, line));
    builder.count_row(line, outcome);
}
