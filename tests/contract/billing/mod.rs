//! What every billing provider must do. Each test is a plain function over the port and the world around the provider;
//! it gets a provider of its own.

mod changes;
mod local;
mod orders;
mod provider;
mod stripe;
mod time;

/// Hands the names of the tests that hold for every provider to a macro. A test that is missing here is dead code, which
/// is an error.
macro_rules! for_each_test {
    ($run:ident) => {
        $run! {
            orders {
                a_customer_that_is_made_again_is_the_same_one
                what_a_card_pays_for_is_active
                an_order_without_a_card_waits_until_its_payment_is_confirmed
                the_same_order_twice_is_one_subscription_and_one_charge
                an_order_that_waits_can_be_paid_by_a_card_instead
                a_declined_card_buys_nothing_and_another_one_can_be_tried
                a_card_may_ask_its_owner
                the_first_payment_is_the_price_after_the_discount
                what_costs_nothing_is_active_at_once
                what_nobody_knows_is_unknown
                subscriptions_of_a_customer_are_listed_newest_first
                the_portal_is_for_customers_and_works_for_a_while
                an_event_that_is_not_the_providers_is_refused
            }
            changes {
                a_change_now_charges_the_difference_once
                a_change_to_years_begins_a_year_and_credits_the_month
                a_change_now_can_have_a_discount
                a_discount_of_the_same_code_goes_on_over_a_change
                a_discount_that_is_not_asked_for_again_ends_with_a_change
                what_is_taken_off_one_payment_is_used_up_by_it
                a_change_at_the_end_of_the_period_waits_and_can_be_taken_back
                a_later_change_takes_the_place_of_the_one_before
                a_change_now_takes_back_one_that_was_to_come
                renewal_is_switched_off_and_on
                an_end_stays_over_a_change
                what_waits_for_its_first_payment_cannot_be_changed
                what_is_paid_for_is_not_put_on_trial
                what_is_cancelled_stays_so
                an_order_can_be_cancelled_before_it_is_paid
                what_is_unknown_cannot_be_changed
            }
        }
    };
}

/// The tests of what time brings, for providers whose time can be moved.
macro_rules! for_each_test_in_time {
    ($run:ident) => {
        $run! {
            time {
                each_period_is_paid_once
                a_discount_ends_with_the_payments_that_it_was_for
                a_discount_goes_on_over_changes_for_as_long_as_it_was_given
                a_discount_goes_on_over_a_change_to_years
                an_amount_for_ever_goes_on_over_a_change_at_the_end_of_the_period
                a_change_at_the_end_of_the_period_comes
                what_is_not_renewed_ends_with_its_period
                a_first_payment_that_does_not_come_ends_the_order
                a_renewal_that_is_not_paid_is_past_due
                what_is_past_due_cannot_be_changed
                a_change_that_is_not_paid_changes_nothing
                what_is_left_of_the_period_is_credited
            }
        }
    };
}

use for_each_test;
use for_each_test_in_time;
