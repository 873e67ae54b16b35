//! Cursors: the keys at which a page ended, as clients carry them.

use application::page::{Cursor, InvalidCursor};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The cursor after the item with these keys.
pub(super) fn after<const N: usize>(keys: [&str; N]) -> Cursor {
    Cursor::restore(URL_SAFE_NO_PAD.encode(keys.join("\n")))
}

/// The keys in a cursor.
pub(super) fn keys<const N: usize>(cursor: &Cursor) -> Result<[String; N], InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str()).map_err(|_| InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
    let keys: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let keys = <[String; N]>::try_from(keys).map_err(|_| InvalidCursor)?;
    if keys.iter().any(String::is_empty) { Err(InvalidCursor) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_the_keys_of_its_list() {
        let cursor = after(["user_1", "2026-11-21T10:00:00Z"]);
        assert_eq!(keys(&cursor), Ok(["user_1".to_owned(), "2026-11-21T10:00:00Z".to_owned()]));
        assert_eq!(Cursor::parse(cursor.as_str()), Ok(cursor));
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        assert_eq!(keys::<1>(&after(["a", "b"])), Err(InvalidCursor));
        assert_eq!(keys::<2>(&after(["a"])), Err(InvalidCursor));
        assert_eq!(keys::<1>(&after([""])), Err(InvalidCursor));
        assert_eq!(keys::<1>(&Cursor::parse("_w").unwrap()), Err(InvalidCursor));
    }
}
