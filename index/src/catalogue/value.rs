/// One field of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A text, shown as it is; as a filter it matches as a whole.
    Text(String),
    /// A whole number, such as a year; a filter may ask for a range.
    Integer(i64),
    /// A number, such as a mean rating; a filter may ask for a range.
    Real(f64),
    /// Several texts, such as genres; a filter matches when one of them is wanted.
    TextList(Vec<String>),
}
