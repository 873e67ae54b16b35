//! What Stripe says when it does not do what it was asked
//! ([errors](https://docs.stripe.com/api/errors), [declines](https://docs.stripe.com/declines/codes)).

use application::ports::BillingError;
use serde::Deserialize;

use crate::https::Answer;

/// The code of a payment that its cardholder has to confirm first.
const NEEDS_CONFIRMATION: [&str; 4] = [
    "authentication_required",
    "invoice_payment_intent_requires_action",
    "payment_intent_action_required",
    "subscription_payment_intent_requires_action",
];

/// The code of what does not exist.
const MISSING: &str = "resource_missing";

/// Why a request was not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Stripe refused it, and would refuse it again.
    Refused(Box<Refusal>),
    /// It cannot be asked, or does not answer.
    Unavailable(String),
    /// It broke down when somebody asked with the same key, and it answers so ever since.
    BrokeDown(u16),
    /// Nobody can make sense of the answer.
    Unreadable(&'static str),
    /// The request cannot be made.
    Unusable(String),
}

/// What an answer says that is an error. Stripe's own sentence is left out: it names what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// The sort of error.
    pub(super) kind: String,
    /// Which one.
    pub(super) code: Option<String>,
    /// Why the bank declined.
    pub(super) decline_code: Option<String>,
    /// The parameter that it is about.
    pub(super) param: Option<String>,
    /// What Stripe's support finds the request by.
    pub(super) request_id: Option<String>,
    /// What the request was about.
    pub(super) about: &'static str,
    /// Whether it is the answer to an earlier request with the same key.
    pub(super) is_replayed: bool,
}

#[derive(Deserialize)]
struct Body {
    error: Error,
}

#[derive(Deserialize)]
struct Error {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
}

impl Failure {
    /// There is no such thing.
    pub(super) fn missing(about: &'static str) -> Self {
        Self::Refused(Box::new(Refusal {
            status: 404,
            kind: "invalid_request_error".to_owned(),
            code: Some(MISSING.to_owned()),
            decline_code: None,
            param: None,
            request_id: None,
            about,
            is_replayed: false,
        }))
    }

    /// An answer of Stripe's with which nothing can be begun.
    pub(super) fn answered(status: u16) -> Self {
        Self::Unavailable(format!("the answer was {status}"))
    }

    /// Whether it was an earlier request with the same key that failed.
    pub(super) fn is_remembered(&self) -> bool {
        matches!(self, Self::BrokeDown(_)) || self.refusal().is_some_and(|refusal| refusal.is_replayed)
    }

    /// What Stripe said, if it said anything.
    pub(super) const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What was asked for does not exist.
    pub(super) fn is_missing(&self) -> bool {
        self.refusal().is_some_and(Refusal::is_missing)
    }

    /// What was to be made exists.
    pub(super) fn is_there_already(&self) -> bool {
        self.refusal().is_some_and(|refusal| refusal.has_code("resource_already_exists"))
    }
}

impl Refusal {
    pub(super) fn read(answer: &Answer, about: &'static str) -> Option<Self> {
        let Error { kind, code, decline_code, param } = serde_json::from_slice::<Body>(&answer.body).ok()?.error;
        let request_id = answer.headers.get("request-id").map(str::to_owned);
        let (status, is_replayed) = (answer.status, is_replayed(answer));
        Some(Self { status, kind, code, decline_code, param, request_id, about, is_replayed })
    }

    fn is_missing(&self) -> bool {
        self.status == 404 || self.has_code(MISSING)
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// The cardholder has to confirm the payment.
    pub(super) fn needs_confirmation(&self) -> bool {
        let codes = [&self.code, &self.decline_code];
        codes.into_iter().flatten().any(|code| NEEDS_CONFIRMATION.contains(&code.as_str()))
    }

    fn is_decline(&self) -> bool {
        self.status == 402 || self.kind == "card_error" || self.needs_confirmation()
    }

    /// For the person who pays. What a card was reported for is not theirs to hear, and the bank's sentences neither.
    fn decline(&self) -> &'static str {
        if self.needs_confirmation() {
            return "The bank wants the cardholder to confirm this payment.";
        }
        match self.decline_code.as_deref().or(self.code.as_deref()).unwrap_or_default() {
            "insufficient_funds" => "There is not enough money on the card.",
            "expired_card" | "invalid_expiry_month" | "invalid_expiry_year" => {
                "The card has expired, or its date of expiry is wrong."
            }
            "incorrect_cvc" | "invalid_cvc" => "The card's security code is wrong.",
            "incorrect_number" | "invalid_number" => "The card's number is wrong.",
            "incorrect_zip" | "incorrect_address" => "The address is not the one that the bank knows.",
            "card_velocity_exceeded" | "withdrawal_count_limit_exceeded" => "The card's limit is used up.",
            "card_not_supported" | "currency_not_supported" => "The card cannot be used for this kind of payment.",
            "approve_with_id"
            | "issuer_not_available"
            | "processing_error"
            | "reenter_transaction"
            | "try_again_later" => "The bank cannot be reached; please try again.",
            _ => "The payment was not accepted; please try another payment method, or ask the bank.",
        }
    }

    /// What does not exist, for people.
    fn missing(&self) -> &'static str {
        match self.param.as_deref() {
            Some("customer") => "the customer",
            Some(param) if param.contains("payment_method") => "the payment method",
            _ => self.about,
        }
    }
}

/// Whether an answer is the one to an earlier request with the same key.
pub(super) fn is_replayed(answer: &Answer) -> bool {
    answer.headers.get("idempotent-replayed") == Some("true")
}

impl From<Failure> for BillingError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) if refusal.is_decline() => Self::Declined(refusal.decline().to_owned()),
            Failure::Refused(refusal) if refusal.is_missing() => Self::Unknown(refusal.missing()),
            Failure::Refused(refusal) if refusal.status == 401 => Self::Refused("the key is not accepted".to_owned()),
            Failure::Refused(refusal) => {
                let Refusal { status, kind, code, param, request_id, about, .. } = *refusal;
                let named = [Some(kind), code, param].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let request = request_id.map(|id| format!(", request {id}")).unwrap_or_default();
                Self::Refused(format!("{status} {named} for {about}{request}"))
            }
            Failure::Unavailable(why) => Self::Unavailable(why),
            Failure::BrokeDown(status) => Failure::answered(status).into(),
            // It may have done what it was asked.
            Failure::Unreadable(what) => Self::Unavailable(format!("its answer about {what} cannot be read")),
            Failure::Unusable(why) => Self::Refused(why),
        }
    }
}
