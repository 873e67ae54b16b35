//! Parameters as Stripe takes them: form-encoded, with brackets for what is inside of something.

use aws_lc_rs::digest::{SHA256, digest};
use url::form_urlencoded::Serializer;

/// The parameters of a request.
#[derive(Clone, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is a number, a truth value or a reference")]
    pub(super) fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// Asks for objects in the places where the answer would name them only.
    pub(super) fn expanding(mut self, paths: &[&str]) -> Self {
        for path in paths {
            self = self.with("expand[]", path);
        }
        self
    }

    /// The same for the same parameters.
    pub(super) fn fingerprint(&self) -> String {
        let mut digest = hex::encode(digest(&SHA256, self.encode().as_bytes()));
        digest.truncate(16);
        digest
    }

    pub(super) fn encode(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_of_its_own_is_escaped() {
        let form = Form::new().with("items[0][price]", "price_1").with("name", "A&B = Ä").expanding(&["a.b", "c"]);
        let expected = "items%5B0%5D%5Bprice%5D=price_1&name=A%26B+%3D+%C3%84&expand%5B%5D=a.b&expand%5B%5D=c";
        assert_eq!(form.encode(), expected);
        assert_eq!(Form::new().encode(), "");
        assert_eq!(form.fingerprint(), form.clone().fingerprint());
        assert_ne!(form.fingerprint(), Form::new().fingerprint());
    }
}
