//! Typed identifiers.
//!
//! Clients treat them as opaque. New ones are UUIDs; those that the Python service made (`user_3f2a9c0d1b2e`)
//! stay valid for ever, so an identifier is any short run of visible ASCII.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Longest identifier that is accepted, in bytes.
pub const MAX_LENGTH: usize = 128;

/// Why a text is not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 letters, digits, '-', '_' or '.'")]
pub struct InvalidId;

fn check(text: &str) -> Result<(), InvalidId> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.is_empty() || text.len() > MAX_LENGTH || !text.bytes().all(allowed) {
        return Err(InvalidId);
    }
    Ok(())
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads an identifier from outside.
            ///
            /// # Errors
            ///
            /// [`InvalidId`] when the text cannot be one.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(&text)?;
                Ok(Self(text))
            }

            /// Takes an identifier from the store as it is.
            #[must_use]
            pub fn restore(stored: impl Into<String>) -> Self {
                Self(stored.into())
            }

            /// The identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid.hyphenated().to_string())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier! {
    /// Names one [`User`](crate::User).
    UserId
}
identifier! {
    /// Names one [`Tenant`](crate::Tenant).
    TenantId
}
identifier! {
    /// Names one sign-in, and with it a family of refresh tokens (the `sid` claim).
    SessionId
}
identifier! {
    /// Names one [`Invitation`](crate::Invitation).
    InvitationId
}
identifier! {
    /// Names one [`Product`](crate::business::Product).
    ProductId
}
identifier! {
    /// Names one [`OutsideIdentity`](crate::OutsideIdentity): made from it, not made up.
    IdentityId
}
identifier! {
    /// Names one token (the `jti` claim of RFC 7519).
    TokenId
}

identifier! {
    /// Names one subscription of a tenant.
    SubscriptionId
}
identifier! {
    /// Names one [`DiscountCode`](crate::DiscountCode). Who deletes it and makes one of the same text makes another one.
    DiscountCodeId
}
identifier! {
    /// Names one [`Redemption`](crate::discount::Redemption) of a discount code.
    RedemptionId
}
identifier! {
    /// Names one limit of a plan, such as `goals`. Which there are, the tiers say.
    LimitName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_the_python_service_stay_valid() {
        assert_eq!(UserId::parse("user_3f2a9c0d1b2e").map(|id| id.to_string()), Ok("user_3f2a9c0d1b2e".into()));
    }

    #[rstest::rstest]
    #[case::empty("")]
    #[case::space("user 1")]
    #[case::slash("../admin")]
    #[case::too_long(&"a".repeat(129))]
    #[case::not_ascii("usér")]
    fn what_cannot_be_an_identifier_is_refused(#[case] text: &str) {
        assert_eq!(TenantId::parse(text), Err(InvalidId));
    }
}
