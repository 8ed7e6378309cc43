use super::schema::{FieldKind, Schema, Value};

/// A row as numbers: a number as it is, or the median where it is missing; a category as a 1 among zeros, or as zeros where it is missing.
///
/// What does not fit its field counts as missing.
pub(super) fn encode(schema: &Schema, row: &[Value]) -> Vec<f64> {
    let mut encoded = Vec::with_capacity(schema.column_count());
    for (position, field) in schema.fields.iter().enumerate() {
        let value = row.get(position).unwrap_or(&Value::Missing);
        match (&field.kind, value) {
            (FieldKind::Number { .. }, Value::Number(number)) if number.is_finite() => {
                encoded.push(*number);
            }
            (FieldKind::Number { median, .. }, _) => encoded.push(*median),
            (FieldKind::Categories(names), value) => {
                let is_own = |position: u32| *value == Value::Category(position);
                encoded.extend(
                    (0..names.len() as u32).map(|position| f64::from(u8::from(is_own(position)))),
                );
            }
        }
    }
    encoded
}

/// For each encoded column the position of its field.
pub(super) fn field_of_column(schema: &Schema) -> Vec<u32> {
    let of_each = (0..).zip(&schema.fields);
    of_each
        .flat_map(|(position, field)| std::iter::repeat_n(position, field.kind.column_count()))
        .collect()
}
