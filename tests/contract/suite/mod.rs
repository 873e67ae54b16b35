//! What every store must do. Each test is a plain function over the ports and, for planting and looking at
//! rows, the tables; it gets tables of its own.

pub(crate) mod audit;
mod billed;
pub(crate) mod business;
pub(crate) mod closed;
pub(crate) mod directory;
pub(crate) mod discounts;
mod drifted;
pub(crate) mod entitlements;
pub(crate) mod failures;
pub(crate) mod following;
mod gate;
pub(crate) mod given;
pub(crate) mod idempotency;
pub(crate) mod identities;
pub(crate) mod invitations;
pub(crate) mod members;
pub(crate) mod migration;
pub(crate) mod outbox;
pub(crate) mod python_rows;
pub(crate) mod reconciliation;
pub(crate) mod relay;
pub(crate) mod round_trips;
mod scripted_provider;
pub(crate) mod sessions;
pub(crate) mod store;
pub(crate) mod tenants;
pub(crate) mod tiers;
pub(crate) mod tokens;
pub(crate) mod usage;
pub(crate) mod users;
pub(crate) mod verification;

/// Hands the names of all tests to a macro. A test that is missing here is dead code, which is an error.
macro_rules! for_each_test {
    ($run:ident) => {
        $run! {
            users {
                an_address_belongs_to_one_user
                of_twenty_racing_registrations_of_one_address_one_wins
                a_claim_may_be_repeated_by_its_holder_only
                an_identifier_is_used_once
                a_stale_save_is_refused
                of_racing_saves_one_wins
                a_refused_commit_leaves_nothing
                an_empty_change_set_commits
                a_change_set_that_no_transaction_holds_is_refused_before_it_is_sent
                another_tenants_user_does_not_exist
                a_tenant_without_a_row_is_reported
                the_active_subscription_is_the_tenants_plan
                the_store_says_that_it_is_well
            }
            entitlements {
                a_tenant_without_a_subscription_has_the_smallest_paid_tier
                a_live_subscription_decides_the_tier
                a_subscription_that_is_over_gives_nothing
                a_trial_gives_its_tier_until_it_is_over
                a_row_of_a_tier_goes_before_the_seed
                an_exception_for_a_tenant_counts_at_once_and_for_nobody_else
                the_terms_of_a_tier_are_remembered_for_a_minute
                terms_that_cannot_be_read_are_reported
            }
            tenants {
                a_tenant_is_found_by_its_own_scope_only
                every_standing_of_a_tenant_survives_and_leaves_nothing_behind
                a_stale_save_of_a_tenant_is_refused
                of_racing_saves_of_a_tenant_one_wins
                a_refused_save_of_a_tenant_leaves_nothing
                a_tenant_that_is_gone_is_not_saved
                a_python_tenant_is_read
                a_python_tenant_keeps_what_we_do_not_know
                settings_are_saved_over_whatever_python_left_in_their_place
                what_python_changed_meanwhile_in_a_tenant_is_not_overwritten
            }
            python_rows {
                a_python_user_is_read
                a_python_user_is_found_by_address_and_claimed_once
                a_python_user_keeps_what_we_do_not_know
                a_python_user_without_the_other_name_of_the_key_gets_it
                every_python_spelling_of_a_date_can_be_saved_over
                what_python_changed_meanwhile_is_not_overwritten
                preferences_keep_what_we_do_not_know
                preferences_that_python_changed_meanwhile_are_not_overwritten
                two_python_users_of_one_address_are_both_found
                a_python_reset_token_is_completed_from_its_user
                a_python_token_of_nobody_does_not_exist
                a_python_refresh_token_is_exchanged_once
                an_expired_python_refresh_token_does_not_exist
                what_python_reads_is_there
                an_unreadable_row_is_reported_without_its_content
            }
            round_trips {
                every_field_of_a_user_survives
                every_field_of_a_tenant_survives
                every_field_of_a_session_survives
                every_field_of_a_one_time_token_survives
                preferences_set_at_registration_survive
            }
            business {
                a_tenant_that_has_said_nothing_has_no_foundation
                every_field_of_a_foundation_survives
                another_tenants_foundation_does_not_exist
                a_stale_foundation_is_refused_and_leaves_nothing
                of_racing_first_changes_one_wins
                a_python_foundation_is_read
                a_python_foundation_keeps_what_we_do_not_know
                what_python_changed_in_a_foundation_meanwhile_is_not_overwritten
                every_spelling_of_a_date_in_a_foundation_can_be_saved_over
                a_new_foundation_has_what_python_looks_for
                events_of_a_foundation_name_fields_only
            }
            sessions {
                a_session_is_found_with_its_account
                somebody_elses_session_does_not_exist
                a_stale_session_is_refused
                an_ended_session_keeps_no_token
                a_refresh_token_is_spent_once
                of_racing_refreshes_one_wins
                forgetting_a_refresh_token_twice_is_no_error
            }
            tokens {
                rule_8_a_token_is_redeemed_once
                rule_8_of_racing_redemptions_one_wins
                rule_8_a_redeemed_token_is_over_for_python_too
                a_token_of_another_purpose_does_not_exist
                a_token_that_is_gone_cannot_be_redeemed
                the_tokens_of_a_user_are_found_and_forgotten
            }
            members {
                pages_show_everybody_of_the_tenant_once
                a_member_is_as_python_wrote_them
                a_cursor_of_something_else_is_refused
                seats_are_counted_until_they_are_on_record
                a_first_count_that_raced_is_stale
                seats_are_counted_anew_when_the_count_is_old_and_nothing_has_just_changed
                rule_25_racing_takes_never_oversell
                a_record_below_nothing_is_nothing
                a_tenant_is_saved_as_decided_and_keeps_what_we_do_not_know
                a_tenant_that_is_not_as_expected_stops_everything
                a_user_is_removed_as_loaded
                the_sessions_of_a_user_are_found_and_nobody_elses
            }
            outbox {
                each_mail_is_due_on_its_own_the_oldest_first
                what_is_not_due_yet_is_not_shown
                the_events_of_an_aggregate_come_one_after_the_other
                aggregates_do_not_wait_for_each_other
                an_event_never_takes_the_place_of_another
                of_racing_relays_one_gets_the_message
                a_reserved_message_can_be_had_again_when_the_time_is_over
                who_was_too_slow_decides_nothing_any_more
                a_postponed_message_is_due_later_and_holds_its_stream
                a_delivered_message_is_gone
                a_buried_message_frees_its_stream_and_is_kept
                a_replayed_message_has_its_old_place_and_a_new_life
                dead_letters_are_listed_oldest_first
                a_mail_is_not_readable_in_the_table
                a_message_that_cannot_be_read_goes_to_the_dead_letters
                a_mail_whose_key_is_unknown_is_tried_again_later
                events_say_what_happened_to_whom_and_who_did_it
                the_relay_is_woken_when_something_was_queued
            }
            relay {
                a_relay_killed_at_any_step_loses_nothing_and_keeps_the_order
                racing_relays_that_stop_and_die_lose_nothing_and_keep_the_order
            }
            invitations {
                every_field_of_an_invitation_survives
                another_tenants_invitation_does_not_exist
                rule_8_the_newest_token_finds_its_invitation_and_no_other_does
                rule_8_of_racing_answers_to_an_invitation_one_wins
                a_refused_answer_leaves_nothing
                what_the_python_service_answered_meanwhile_is_not_overwritten
                a_python_invitation_is_read_and_keeps_what_we_do_not_know
                however_many_wrong_tokens_the_table_is_read_once_a_minute
                pages_hold_every_invitation_once
                an_invitation_is_listed_as_it_stands_now
                open_invitations_are_counted_for_one_tenant
                nobody_joins_a_tenant_that_is_switched_off
                rule_25_the_last_member_leaves_only_while_nobody_joins
            }
            identities {
                rule_11_an_identity_belongs_to_one_user
                an_identity_without_an_address_survives
                rule_25_of_twenty_racing_claims_of_one_identity_one_wins
                a_taken_identity_leaves_nothing_of_a_registration
                a_released_identity_can_be_claimed_again
                the_identities_of_a_user_are_found_oldest_first
                an_identity_goes_to_another_tenant_or_user_as_it_was_loaded
            }
            idempotency {
                a_key_is_used_once
                of_racing_requests_with_one_key_one_wins
                a_key_can_be_used_again_when_it_is_forgotten
            }
            usage {
                what_nobody_has_counted_is_nothing
                a_counter_is_one_tenants_and_one_limits
                a_counter_begins_once
                what_was_decided_holds_for_the_number_as_it_is_then
                rule_25_racing_uses_never_oversell
                a_counter_begins_where_python_left_off
                counts_that_cannot_be_read_are_reported
            }
            failures {
                rule_7_an_attempt_is_counted_when_nothing_happened_since_it_was_judged
                rule_7_of_fifty_attempts_that_saw_the_same_one_is_counted
                rule_7_failures_are_added_up_however_many_come_at_once
                rule_7_a_disabled_password_stays_disabled_until_its_failures_are_forgotten
                failures_that_cannot_be_read_are_reported
            }
            directory {
                every_user_is_listed_once_whatever_the_page
                users_are_found_by_where_they_stand
                users_are_found_by_their_whole_address
                tenants_are_found_by_name_and_by_where_they_stand
                a_user_is_found_in_whatever_tenant_as_they_are_now
                subscriptions_are_found_by_where_they_stand_and_what_they_are_for
                a_row_that_nobody_can_read_does_not_hide_the_others
            }
            discounts {
                every_field_of_a_discount_code_survives
                two_codes_never_have_the_same_text
                a_stale_discount_code_is_refused
                rule_25_of_fifty_racing_redemptions_of_one_left_one_wins
                rule_25_a_tenant_redeems_a_code_once_however_often_it_tries_at_once
                a_code_that_was_changed_meanwhile_is_not_redeemed_as_it_was
                a_refused_redemption_leaves_nothing
                a_released_redemption_can_be_had_again
                what_was_promised_meanwhile_is_kept
                a_code_that_was_redeemed_meanwhile_is_not_deleted
                a_code_of_the_same_text_is_another_one
                redemptions_do_not_wait_for_a_change_of_the_code
                every_code_is_listed_once_whatever_the_page
                who_has_redeemed_a_code_is_listed_a_page_at_a_time
                a_cursor_of_something_else_is_refused
            }
            reconciliation {
                every_kind_of_drift_is_found_and_a_rehearsal_changes_nothing
                what_can_be_repaired_is_and_a_second_run_finds_nothing_of_it
                a_run_that_is_killed_at_any_step_is_finished_by_the_next
                what_a_webhook_brings_meanwhile_is_not_undone
                an_order_that_is_paid_meanwhile_is_not_given_up
                a_tenant_that_is_opened_again_meanwhile_goes_on_renewing
                two_runs_at_once_repair_everything_once
                a_provider_that_fails_for_one_tenant_stops_nobody_else
                a_tenant_that_cannot_be_read_stops_nobody_else
                a_command_that_the_provider_does_not_carry_out_is_no_repair
                nobody_is_reconciled_who_is_not_there
                every_billed_tenant_is_listed_once_whatever_the_page
                a_cursor_of_something_else_is_refused
                every_finding_is_documented
            }
            closed {
                a_provider_that_is_down_is_told_later_that_a_tenant_is_closed
                a_renewal_that_is_switched_off_while_the_process_dies_is_off_in_the_end
                a_tenant_that_was_opened_before_the_provider_heard_of_it_goes_on_renewing
                a_closed_tenant_that_pays_for_nothing_asks_nobody
            }
            following {
                an_order_that_a_live_subscription_replaces_gives_its_code_back
                what_cannot_be_read_is_not_adopted_a_second_time
                what_cannot_be_read_and_is_not_billed_is_left_out
            }
            tiers {
                tiers_without_rows_are_as_seeded
                a_seeded_row_says_what_the_seed_does_and_is_not_written_again
                what_a_row_says_goes_before_the_seed_within_a_minute
                an_offer_and_the_terms_of_a_tenant_come_from_one_memory
                missing_rows_are_foretold_and_written_once
                without_a_table_of_tiers_only_a_dry_run_works
            }
            migration {
                python_rows_get_a_claim_and_what_they_lack_and_keep_the_rest
                a_second_migration_writes_nothing
                a_dry_run_writes_nothing_and_foretells_the_real_one
                before_there_is_a_table_of_claims_only_a_dry_run_works
                users_of_one_address_are_reported_and_get_no_claim
                a_user_in_mixed_case_is_found_by_the_claim
                what_is_not_certain_is_left_and_reported
                whoever_signs_in_meanwhile_is_not_undone
                whoever_is_removed_meanwhile_leaves_no_claim
                an_address_that_changes_meanwhile_is_claimed_as_it_is_then
                an_address_that_somebody_else_claims_meanwhile_stays_theirs
                a_migration_that_is_killed_at_any_call_ends_the_same
                a_migration_goes_on_where_it_was_stopped_and_on_its_own_tables_only
            }
            verification {
                rows_of_both_services_are_read
                every_planted_defect_is_found_and_named_without_its_value
                a_table_that_is_not_there_is_no_defect
            }
            audit {
                rule_26_a_change_and_its_record_are_one_commit
                rule_26_who_did_it_is_on_record
                rule_26_only_what_matters_to_security_is_on_record
                rule_26_a_record_names_nobody_and_has_an_end
                rule_18_another_tenants_records_do_not_exist
                records_come_newest_first_a_page_at_a_time
                pages_go_over_the_end_of_a_month
                the_walk_over_empty_months_is_bounded_and_goes_on
                records_are_found_by_who_did_what_and_when
                a_page_that_looks_at_much_and_shows_little_goes_on
                what_is_too_old_to_be_kept_is_not_shown
                a_cursor_of_something_else_is_refused
                an_unreadable_record_does_not_hide_the_others
            }
        }
    };
}
pub(crate) use for_each_test;

/// The tests that lean on a refusal bringing the item that caused it, which stores from before 2023 cannot.
macro_rules! for_each_test_of_a_current_store {
    ($run:ident) => {
        $run! {
            python_rows {
                a_date_in_an_unheard_of_spelling_can_be_saved_over
            }
        }
    };
}
pub(crate) use for_each_test_of_a_current_store;
