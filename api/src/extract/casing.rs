//! Both casings of field names, because both generations of frontends are live.

use serde_json::{Map, Value};

/// Deepest nesting of objects and lists in a request (security rule 20).
pub(super) const MAX_DEPTH: usize = 32;

/// The value is nested deeper than [`MAX_DEPTH`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooDeep;

/// Renames every `camelCase` field to `snake_case`, at every level. A field that is there in both casings keeps
/// its `snake_case` value.
pub(super) fn to_snake_case(value: Value) -> Result<Value, TooDeep> {
    rename(value, MAX_DEPTH)
}

fn rename(value: Value, levels_left: usize) -> Result<Value, TooDeep> {
    match value {
        Value::Object(_) | Value::Array(_) if levels_left == 0 => Err(TooDeep),
        Value::Array(items) => {
            items.into_iter().map(|item| rename(item, levels_left - 1)).collect::<Result<_, _>>().map(Value::Array)
        }
        Value::Object(fields) => {
            let mut renamed = Map::new();
            let (other, snake): (Vec<_>, Vec<_>) = fields.into_iter().partition(|(name, _)| is_camel_case(name));
            for (name, value) in other {
                renamed.insert(snake_case(&name), rename(value, levels_left - 1)?);
            }
            for (name, value) in snake {
                renamed.insert(name, rename(value, levels_left - 1)?);
            }
            Ok(Value::Object(renamed))
        }
        scalar => Ok(scalar),
    }
}

fn is_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.contains(|c: char| c.is_ascii_uppercase())
}

fn snake_case(camel_case: &str) -> String {
    let mut snake = String::with_capacity(camel_case.len() + 4);
    for c in camel_case.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn camel_case_is_read_as_snake_case_at_every_level() {
        let read =
            to_snake_case(json!({ "newPassword": "x", "list": [{ "dateFormat": 1 }], "a_b": { "timeZone": 2 } }));
        assert_eq!(read, Ok(json!({ "new_password": "x", "list": [{ "date_format": 1 }], "a_b": { "time_zone": 2 } })));
    }

    #[test]
    fn snake_case_wins_whichever_comes_first() {
        let expected = Ok(json!({ "first_name": "snake" }));
        assert_eq!(to_snake_case(json!({ "first_name": "snake", "firstName": "camel" })), expected);
        assert_eq!(to_snake_case(json!({ "firstName": "camel", "first_name": "snake" })), expected);
    }

    #[test]
    fn values_are_left_alone() {
        let value = json!({ "tone": "camelCase", "n": 1.5, "none": null });
        assert_eq!(to_snake_case(value.clone()), Ok(value));
    }

    #[test]
    fn rule_20_nesting_is_bounded() {
        let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
        assert!(to_snake_case(nested(MAX_DEPTH)).is_ok());
        assert_eq!(to_snake_case(nested(MAX_DEPTH + 1)), Err(TooDeep));
    }
}
