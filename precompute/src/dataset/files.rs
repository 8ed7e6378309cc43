//! A data set as files of the working folder, in formats that any tool can look at.
//!
//! `interactions.parquet` has the columns `user`, `item` (the external ids), `value` and `time_s`; `items.jsonl` and `users.jsonl` have an object a
//! line; what a source does not tell, such as a user's name, is left out. `meanings.jsonl`, with what words mean, is added afterwards. The three are written into a folder of another name, which then takes the place of the old one: a crash on the way leaves either one
//! or, at worst, none, but never a mixture.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use index::catalogue::Value;
use parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Dataset, Interaction, Item};
use crate::meanings::Meaning;

const INTERACTIONS_FILE: &str = "interactions.parquet";
const ITEMS_FILE: &str = "items.jsonl";
const USERS_FILE: &str = "users.jsonl";
const MEANINGS_FILE: &str = "meanings.jsonl";

/// Rows that are written and read at a time: some 50 MB in memory.
const ROW_GROUP_ROWS: usize = 1 << 20;

/// Why a data set cannot be written or read.
#[derive(Debug, Error)]
#[error("the data set's file {}", path.display())]
pub struct DatasetError {
    path: PathBuf,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl DatasetError {
    /// Whether there is no data set at all.
    pub fn is_absent(&self) -> bool {
        let error = self.source.downcast_ref::<io::Error>();
        error.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}

/// What goes wrong within one file, before its name is known.
type FileError = Box<dyn std::error::Error + Send + Sync>;

fn at<T>(path: &Path, result: Result<T, FileError>) -> Result<T, DatasetError> {
    result.map_err(|source| DatasetError {
        path: path.to_owned(),
        source,
    })
}

impl Dataset {
    /// Writes the data set as `folder`, whose content it replaces as a whole.
    pub fn save(&self, folder: &Path) -> Result<(), DatasetError> {
        let beside = |ending: &str| {
            let mut name = folder.file_name().unwrap_or_default().to_owned();
            name.push(ending);
            folder.with_file_name(name)
        };
        let (new, old) = (beside(".new"), beside(".old"));
        let prepare = || -> Result<(), FileError> {
            remove(&new)?;
            remove(&old)?;
            Ok(fs::create_dir_all(&new)?)
        };
        at(&new, prepare())?;
        let names = self.user_names.iter().map(String::as_str);
        let names = names.chain(std::iter::repeat(""));
        let users = self.users.iter().zip(names).map(|(id, name)| UserLine {
            id: id.into(),
            name: name.into(),
        });
        write_lines(&new.join(USERS_FILE), users)?;
        write_lines(&new.join(ITEMS_FILE), self.items.iter().map(ItemLine::from))?;
        let path = new.join(INTERACTIONS_FILE);
        at(&path, write_interactions(&path, self))?;
        let replace = || -> Result<(), FileError> {
            if folder.exists() {
                fs::rename(folder, &old)?;
            }
            fs::rename(&new, folder)?;
            remove(&old)
        };
        at(folder, replace())
    }

    /// Reads what [`Self::save`] has written.
    pub fn load(folder: &Path) -> Result<Self, DatasetError> {
        let users: Vec<UserLine<'static>> = read_lines(&folder.join(USERS_FILE))?;
        let items: Vec<ItemLine<'static>> = read_lines(&folder.join(ITEMS_FILE))?;
        let (users, mut user_names): (Vec<String>, Vec<String>) = users
            .into_iter()
            .map(|user| (user.id.into_owned(), user.name.into_owned()))
            .unzip();
        if user_names.iter().all(String::is_empty) {
            user_names.clear();
        }
        let items: Vec<Item> = items.into_iter().map(Item::from).collect();
        let path = folder.join(INTERACTIONS_FILE);
        let interactions = at(&path, read_interactions(&path, &users, &items))?;
        Ok(Self {
            items,
            users,
            user_names,
            interactions,
        })
    }
}

/// Writes what words mean that were written about the items, into the folder of their data set.
pub fn save_meanings(meanings: &[Meaning], folder: &Path) -> Result<(), DatasetError> {
    write_lines(&folder.join(MEANINGS_FILE), meanings.iter())
}

/// Reads what [`save_meanings`] has written; nothing where it has not.
pub fn load_meanings(folder: &Path) -> Result<Vec<Meaning>, DatasetError> {
    match read_lines(&folder.join(MEANINGS_FILE)) {
        Err(error) if error.is_absent() => Ok(Vec::new()),
        other => other,
    }
}

fn remove(folder: &Path) -> Result<(), FileError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

type Text<'a> = std::borrow::Cow<'a, str>;

#[derive(Deserialize, Serialize)]
struct UserLine<'a> {
    id: Text<'a>,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    name: Text<'a>,
}

#[derive(Deserialize, Serialize)]
struct ItemLine<'a> {
    id: Text<'a>,
    title: Text<'a>,
    fields: BTreeMap<Text<'a>, FieldValue<'a>>,
}

/// A field's value: JSON tells the four apart by itself, since a real number is always written with a point.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum FieldValue<'a> {
    Text(Text<'a>),
    Integer(i64),
    Real(f64),
    TextList(Vec<Text<'a>>),
}

impl<'a> From<&'a Item> for ItemLine<'a> {
    fn from(item: &'a Item) -> Self {
        let value = |value: &'a Value| match value {
            Value::Text(text) => FieldValue::Text(text.into()),
            Value::Integer(number) => FieldValue::Integer(*number),
            Value::Real(number) => FieldValue::Real(*number),
            Value::TextList(texts) => FieldValue::TextList(texts.iter().map(Text::from).collect()),
        };
        Self {
            id: Text::from(&item.id),
            title: Text::from(&item.title),
            fields: item
                .fields
                .iter()
                .map(|(name, field)| (Text::from(name), value(field)))
                .collect(),
        }
    }
}

impl From<ItemLine<'_>> for Item {
    fn from(line: ItemLine<'_>) -> Self {
        let value = |value: FieldValue<'_>| match value {
            FieldValue::Text(text) => Value::Text(text.into_owned()),
            FieldValue::Integer(number) => Value::Integer(number),
            FieldValue::Real(number) => Value::Real(number),
            FieldValue::TextList(texts) => {
                Value::TextList(texts.into_iter().map(Text::into_owned).collect())
            }
        };
        Self {
            id: line.id.into_owned(),
            title: line.title.into_owned(),
            fields: line
                .fields
                .into_iter()
                .map(|(name, field)| (name.into_owned(), value(field)))
                .collect(),
        }
    }
}

fn write_lines<T: Serialize>(
    path: &Path,
    lines: impl Iterator<Item = T>,
) -> Result<(), DatasetError> {
    let write = || -> Result<(), FileError> {
        let mut file = BufWriter::new(File::create(path)?);
        for line in lines {
            serde_json::to_writer(&mut file, &line)?;
            file.write_all(b"\n")?;
        }
        Ok(file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?
            .sync_data()?)
    };
    at(path, write())
}

fn read_lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Vec<T>, DatasetError> {
    let read = || -> Result<Vec<T>, FileError> {
        let lines = BufReader::new(File::open(path)?).lines();
        lines
            .map(|line| Ok(serde_json::from_str(&line?)?))
            .collect()
    };
    at(path, read())
}

fn schema() -> Result<Type, ParquetError> {
    let text = |name| {
        Type::primitive_type_builder(name, PhysicalType::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
    };
    let columns = [
        text("user"),
        text("item"),
        Type::primitive_type_builder("value", PhysicalType::FLOAT),
        Type::primitive_type_builder("time_s", PhysicalType::INT64),
    ];
    let columns = columns.into_iter().map(|column| {
        Ok(Arc::new(
            column.with_repetition(Repetition::REQUIRED).build()?,
        ))
    });
    Type::group_type_builder("interactions")
        .with_fields(columns.collect::<Result<_, ParquetError>>()?)
        .build()
}

fn write_interactions(path: &Path, dataset: &Dataset) -> Result<(), FileError> {
    // Without compression: the ids become a dictionary's numbers, which is most of what there is to gain.
    let properties = Arc::new(WriterProperties::new());
    let mut writer =
        SerializedFileWriter::new(File::create(path)?, Arc::new(schema()?), properties)?;
    let users: Vec<ByteArray> = dataset
        .users
        .iter()
        .map(|id| ByteArray::from(id.as_str()))
        .collect();
    let items: Vec<ByteArray> = dataset
        .items
        .iter()
        .map(|item| ByteArray::from(item.id.as_str()))
        .collect();
    for rows in dataset.interactions.chunks(ROW_GROUP_ROWS) {
        let mut group = writer.next_row_group()?;
        write_column::<ByteArrayType>(&mut group, rows, |row| users[row.user as usize].clone())?;
        write_column::<ByteArrayType>(&mut group, rows, |row| items[row.item as usize].clone())?;
        write_column::<FloatType>(&mut group, rows, |row| row.value)?;
        write_column::<Int64Type>(&mut group, rows, |row| row.time_s)?;
        group.close()?;
    }
    writer.finish()?;
    Ok(writer.inner().sync_data()?)
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    rows: &[Interaction],
    value: impl Fn(&Interaction) -> T::T,
) -> Result<(), FileError> {
    let values: Vec<T::T> = rows.iter().map(value).collect();
    let mut column = group
        .next_column()?
        .ok_or("the schema has too few columns")?;
    column.typed::<T>().write_batch(&values, None, None)?;
    Ok(column.close()?)
}

fn read_interactions(
    path: &Path,
    users: &[String],
    items: &[Item],
) -> Result<Vec<Interaction>, FileError> {
    let reader = SerializedFileReader::new(File::open(path)?)?;
    let users = places(users.iter().map(String::as_str));
    let items = places(items.iter().map(|item| item.id.as_str()));
    let mut interactions: Vec<Interaction> = Vec::new();
    for group_idx in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group_idx)?;
        let user = read_column::<ByteArrayType>(&*group, 0)?;
        let item = read_column::<ByteArrayType>(&*group, 1)?;
        let value = read_column::<FloatType>(&*group, 2)?;
        let time_s = read_column::<Int64Type>(&*group, 3)?;
        let ids = user.iter().zip(&item);
        for ((user, item), (value, time_s)) in ids.zip(value.into_iter().zip(time_s)) {
            let interaction = Interaction {
                user: place(&users, user)?,
                item: place(&items, item)?,
                value,
                time_s,
            };
            interactions.push(interaction);
        }
    }
    let is_ordered =
        interactions.is_sorted_by(|left, right| (left.user, left.item) < (right.user, right.item));
    if is_ordered {
        Ok(interactions)
    } else {
        Err("the rows are not in the order in which they were written".into())
    }
}

fn places<'a>(ids: impl Iterator<Item = &'a str>) -> HashMap<&'a [u8], u32> {
    ids.zip(0..)
        .map(|(id, place)| (id.as_bytes(), place))
        .collect()
}

fn place(places: &HashMap<&[u8], u32>, id: &ByteArray) -> Result<u32, FileError> {
    let place = places.get(id.data()).copied();
    place.ok_or_else(|| {
        format!(
            "the id `{}` is not in the lists beside it",
            String::from_utf8_lossy(id.data())
        )
        .into()
    })
}

fn read_column<T: DataType>(
    group: &dyn RowGroupReader,
    column_idx: usize,
) -> Result<Vec<T::T>, FileError> {
    let num_rows = usize::try_from(group.metadata().num_rows())?;
    let column = group.metadata().column(column_idx);
    if column.column_type() != T::get_physical_type() {
        return Err(format!("column {column_idx} is of type {}", column.column_type()).into());
    }
    let mut values = Vec::with_capacity(num_rows.min(ROW_GROUP_ROWS));
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(column_idx)?);
    while values.len() < num_rows {
        if reader
            .read_records(num_rows - values.len(), None, None, &mut values)?
            .0
            == 0
        {
            return Err(format!("column {column_idx} ends early").into());
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset() -> Dataset {
        let fields = BTreeMap::from([
            (
                "genres".to_owned(),
                Value::TextList(vec!["Drama".to_owned(), "\"Noir\"".to_owned()]),
            ),
            ("image".to_owned(), Value::Text(String::new())),
            ("mean".to_owned(), Value::Real(4.0)),
            ("year".to_owned(), Value::Integer(1995)),
        ]);
        let item = |id: &str| Item {
            id: id.to_owned(),
            title: "Café\n".to_owned(),
            fields: fields.clone(),
        };
        let interaction = |user, item, value, time_s| Interaction {
            user,
            item,
            value,
            time_s,
        };
        Dataset {
            items: vec![item("7"), item("12"), item("a b")],
            users: vec!["1".to_owned(), "Ünal".to_owned(), "nobody".to_owned()],
            user_names: vec!["One".to_owned(), String::new(), "\"N\"".to_owned()],
            interactions: vec![
                interaction(0, 1, 3.5, 100),
                interaction(0, 2, 1.0, 0),
                interaction(1, 0, 0.1, -5),
            ],
        }
    }

    #[test]
    fn a_data_set_is_read_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made/dataset");
        let without_names = Dataset {
            user_names: Vec::new(),
            ..dataset()
        };
        for dataset in [Dataset::default(), without_names, dataset()] {
            dataset.save(&path).unwrap();
            assert_eq!(Dataset::load(&path).unwrap(), dataset);
        }
        let names = fs::read_dir(folder.path().join("made")).unwrap();
        assert_eq!(names.count(), 1, "nothing temporary is left");
        let items = fs::read_to_string(path.join(ITEMS_FILE)).unwrap();
        assert!(items.contains(r#"{"id":"7","title":"Café\n","fields":{"genres":["Drama","\"Noir\""],"image":"","mean":4.0,"year":1995}}"#), "{items}");
    }

    #[test]
    fn the_same_data_set_gives_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = |name: &str| {
            dataset().save(&folder.path().join(name)).unwrap();
            [INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE]
                .map(|file| fs::read(folder.path().join(name).join(file)).unwrap())
        };
        assert_eq!(bytes("a"), bytes("b"));
    }

    #[test]
    fn meanings_go_with_their_data_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dataset");
        dataset().save(&path).unwrap();
        assert_eq!(load_meanings(&path).unwrap(), []);
        let meaning = |weight| Meaning {
            word: "gnocchi".to_owned(),
            value: "Italian".to_owned(),
            weight,
        };
        let meanings = [0.1, 1.0, 1.0 / 3.0, f32::MIN_POSITIVE].map(meaning);
        save_meanings(&meanings, &path).unwrap();
        assert_eq!(load_meanings(&path).unwrap(), meanings);
        assert_eq!(Dataset::load(&path).unwrap(), dataset());
        fs::write(path.join(MEANINGS_FILE), "{\"word\":\"x\"}\n").unwrap();
        load_meanings(&path).unwrap_err();
        dataset().save(&path).unwrap();
        assert_eq!(load_meanings(&path).unwrap(), []);
    }

    #[test]
    fn what_is_absent_or_damaged_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dataset");
        assert!(Dataset::load(&path).unwrap_err().is_absent());
        dataset().save(&path).unwrap();
        fs::write(path.join(USERS_FILE), "{\"id\":\"1\"}\n").unwrap();
        let error = Dataset::load(&path).unwrap_err();
        assert!(!error.is_absent());
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(reason, "the id `Ünal` is not in the lists beside it");
        dataset().save(&path).unwrap();
        let interactions = fs::read(path.join(INTERACTIONS_FILE)).unwrap();
        for len_bytes in [0, 4, interactions.len() / 2, interactions.len() - 1] {
            fs::write(path.join(INTERACTIONS_FILE), &interactions[..len_bytes]).unwrap();
            assert!(Dataset::load(&path).is_err(), "{len_bytes} bytes");
        }
    }
}
