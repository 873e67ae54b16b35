//! Billing by [Stripe](https://docs.stripe.com/api).

pub mod webhook;
