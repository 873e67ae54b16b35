//! Trying the service before paying for it.

use chrono::Duration;

use super::{
    PlanChoice, Renewal, Subscription, SubscriptionEvent, SubscriptionEventKind, SubscriptionSnapshot,
    SubscriptionState, TrialExtensionReason,
};
use crate::{
    BillingPeriod, Currency, Frequency, Money, Outcome, SubscriptionId, TenantId, Tier, Timestamp, UserId, Version,
};

/// How long a trial takes.
pub const TRIAL: Duration = Duration::days(14);

/// The longest that a trial is extended beyond the day of the extension.
const LONGEST_EXTENSION: Duration = Duration::days(366);

/// How often a trial is extended at most, so that its history stays short.
const MAX_EXTENSIONS: usize = 50;

/// How a trial was extended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialExtension {
    /// When it would have ended.
    pub from: Timestamp,
    /// When it ends instead.
    pub to: Timestamp,
    /// Why.
    pub reason: TrialExtensionReason,
    /// The administrator of the platform who did it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
}

/// Why a trial was not extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialExtensionRefused {
    /// It is no trial.
    #[error("the subscription is not on trial")]
    NotOnTrial,
    /// It would not end later than before, or would be over already.
    #[error("must be later than the current end of the trial, and in the future")]
    NotLater,
    /// It would end in more than a year.
    #[error("must be within a year from now")]
    TooLate,
    /// It was extended often enough.
    #[error("the trial was extended {MAX_EXTENSIONS} times, which is the most that there is")]
    TooOften,
}

impl Subscription {
    /// Begins a trial of a tier, of [`TRIAL`] length. It costs nothing and ends by itself.
    pub fn start_trial(
        id: SubscriptionId,
        tenant_id: TenantId,
        user_id: UserId,
        tier: Tier,
        now: Timestamp,
    ) -> (Self, Outcome<SubscriptionEvent>) {
        let period = BillingPeriod::lasting(now, TRIAL);
        let ends_at = period.end();
        let mut trial = Self {
            state: SubscriptionSnapshot {
                id,
                tenant_id,
                user_id: Some(user_id),
                choice: PlanChoice { tier, frequency: Frequency::Monthly },
                price: Money::new(0, Currency::default()),
                state: SubscriptionState::Trialing { period, renewal: Renewal::Off },
                promo_code: None,
                provider_id: None,
                last_event_at: None,
                cancellation_reason: None,
                trial_extensions: Vec::new(),
                version: Version::UNWRITTEN,
                created_at: now,
                updated_at: now,
            },
        };
        let started = trial.happened(SubscriptionEventKind::TrialStarted { ends_at }, now);
        (trial, started)
    }

    /// Lets a trial end later, also one that is over but was followed by nothing.
    ///
    /// # Errors
    ///
    /// [`TrialExtensionRefused`] says why not.
    pub fn extend_trial(
        &mut self,
        to: Timestamp,
        reason: TrialExtensionReason,
        by: UserId,
        now: Timestamp,
    ) -> Result<Outcome<SubscriptionEvent>, TrialExtensionRefused> {
        let SubscriptionState::Trialing { period, renewal } = &self.state.state else {
            return Err(TrialExtensionRefused::NotOnTrial);
        };
        let from = period.end();
        if to <= from || to <= now {
            return Err(TrialExtensionRefused::NotLater);
        }
        if to > now + LONGEST_EXTENSION {
            return Err(TrialExtensionRefused::TooLate);
        }
        if self.state.trial_extensions.len() >= MAX_EXTENSIONS {
            return Err(TrialExtensionRefused::TooOften);
        }
        let (period, renewal) = (BillingPeriod::lasting(period.start(), to - period.start()), *renewal);
        self.state.state = SubscriptionState::Trialing { period, renewal };
        self.state.trial_extensions.push(TrialExtension { from, to, reason, by, at: now });
        Ok(self.happened(SubscriptionEventKind::TrialExtended { ends_at: to }, now))
    }
    /// Notes why a trial that the billing provider holds ends later. When it ends is taken over from the provider.
    pub fn is_tried_longer_because(&mut self, extension: TrialExtension) {
        self.state.updated_at = extension.at;
        self.state.trial_extensions.push(extension);
    }
}
