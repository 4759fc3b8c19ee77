//! The columns of a data file.

use super::super::IMAGE_BYTES;
use arrow_schema::{DataType, Field, Schema};
use std::sync::Arc;

/// The elements are nullable, though none ever is null, because pyarrow recognises the extension only then.
pub(super) fn image_type() -> DataType {
    DataType::FixedSizeList(Arc::new(Field::new("element", DataType::UInt8, true)), IMAGE_BYTES as i32)
}

/// The schema of a data file.
pub(super) fn schema() -> Arc<Schema> {
    let tensor = [
        ("ARROW:extension:name", "arrow.fixed_shape_tensor"),
        ("ARROW:extension:metadata", r#"{"shape":[3,32,32],"dim_names":["channel","row","column"]}"#),
    ];
    let tensor = tensor.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Arc::new(Schema::new(vec![
        Field::new("image", image_type(), false).with_metadata(tensor),
        Field::new("label", DataType::UInt8, false),
    ]))
}
