//! What an ID token says (OpenID Connect Core §2 and §5.1, and Microsoft's own claims).

use domain::{EmailAddress, PersonName, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::crypto::tokens::{Audience, numeric_date};

/// The claims that we look at.
#[derive(Deserialize)]
pub(super) struct IdClaims {
    pub(super) iss: String,
    pub(super) sub: String,
    pub(super) aud: Audience,
    #[serde(default, deserialize_with = "numeric_date")]
    pub(super) exp: Option<Timestamp>,
    #[serde(default, deserialize_with = "numeric_date")]
    pub(super) iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "numeric_date")]
    pub(super) nbf: Option<Timestamp>,
    pub(super) nonce: Option<String>,
    /// The tenant, in a token of Microsoft's.
    pub(super) tid: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
    /// "Email domain owner verified": Microsoft's word for it.
    xms_edov: Option<Value>,
    given_name: Option<String>,
    family_name: Option<String>,
    name: Option<String>,
}

impl IdClaims {
    pub(super) fn email(&self) -> Option<EmailAddress> {
        EmailAddress::parse(self.email.as_deref()?).ok()
    }

    /// Whether the provider says that the address is the person's. Microsoft's `email` alone says nothing: the
    /// administrator of any tenant can write any address there.
    pub(super) fn email_verified(&self) -> bool {
        [&self.email_verified, &self.xms_edov].into_iter().flatten().any(says_yes)
    }

    /// First and last name, as far as they are given and can be used.
    pub(super) fn names(&self) -> (Option<PersonName>, Option<PersonName>) {
        let usable = |text: &str| PersonName::parse(text).ok();
        let first = self.given_name.as_deref().and_then(usable);
        let last = self.family_name.as_deref().and_then(usable);
        match (&first, &last, self.name.as_deref().map(str::trim)) {
            (None, None, Some(name)) => match name.rsplit_once(char::is_whitespace) {
                Some((first, last)) => (usable(first), usable(last)),
                None => (usable(name), None),
            },
            _ => (first, last),
        }
    }
}

/// Providers disagree on how to write "true".
fn says_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_u64() == Some(1),
        Value::String(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(more: &Value) -> IdClaims {
        let mut claims = json!({ "iss": "i", "sub": "s", "aud": "a" });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn rule_11_an_address_is_verified_only_when_the_issuer_says_so() {
        for yes in [
            json!({ "email_verified": true }),
            json!({ "email_verified": "true" }),
            json!({ "xms_edov": true }),
            json!({ "xms_edov": "1" }),
            json!({ "xms_edov": 1 }),
            json!({ "email_verified": false, "xms_edov": true }),
        ] {
            assert!(claims(&yes).email_verified(), "{yes}");
        }
        for no in [
            json!({ "email": "anna@example.com" }),
            json!({ "email_verified": false }),
            json!({ "email_verified": null }),
            json!({ "email_verified": "yes, really" }),
            json!({ "email_verified": [true] }),
            json!({ "xms_edov": 0 }),
            json!({ "xms_edov": "false" }),
        ] {
            assert!(!claims(&no).email_verified(), "{no}");
        }
    }

    #[test]
    fn names_are_taken_as_far_as_they_can_be_used() {
        let names = |more: Value| {
            let (first, last) = claims(&more).names();
            (first.map(|name| name.as_str().to_owned()), last.map(|name| name.as_str().to_owned()))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(names(json!({ "given_name": "Anna", "family_name": "Lee" })), (some("Anna"), some("Lee")));
        assert_eq!(names(json!({ "given_name": "Anna", "name": "Anna Lee" })), (some("Anna"), None));
        assert_eq!(names(json!({ "name": " Anna Maria Lee " })), (some("Anna Maria"), some("Lee")));
        assert_eq!(names(json!({ "name": "Madonna" })), (some("Madonna"), None));
        assert_eq!(names(json!({ "given_name": "https://spam.example" })), (None, None));
        assert_eq!(names(json!({})), (None, None));
    }
}
