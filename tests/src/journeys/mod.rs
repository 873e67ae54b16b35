//! What holds for every host: journeys through the service as clients see it.
//!
//! A journey knows addresses that nobody else uses and no time, so that it runs as it is against a router in the
//! same process and against a process of its own.

mod administration;
mod billing;
mod conventions;
mod invitations;
mod neighbours;
mod onboarding;
mod passwords;
mod profiles;
mod sessions;
mod sign_up;
mod tenants;
mod usage;

use futures::future::BoxFuture;

use crate::App;

/// A journey. It panics when the service does not behave.
pub type Journey = fn(&App) -> BoxFuture<'_, ()>;

/// Runs the journey of this name.
pub async fn run(name: &str, app: &App) {
    let (_, journey) = ALL.iter().find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no journey {name}"));
    journey(app).await;
}

/// Hands the names of all journeys to a macro. A journey that is missing here is dead code, which is an error.
#[macro_export]
macro_rules! for_each_journey {
    ($run:ident) => {
        $run! {
            sign_up {
                a_person_walks_from_sign_up_to_sign_out
                an_address_must_be_confirmed_before_the_first_sign_in
                rule_8_a_newer_confirmation_link_voids_the_older
                looking_at_a_confirmation_link_uses_nothing_up
                rule_6_registering_a_taken_address_tells_only_its_owner
                rule_6_nothing_is_mailed_to_an_address_that_nobody_has_or_that_is_confirmed
                an_address_is_the_same_in_any_case
                rule_8_links_lead_to_listed_sites_only
                a_registration_says_everything_that_is_wrong_with_it_at_once
                rule_1_a_password_has_a_least_and_a_greatest_length_and_every_character_counts
                rule_2_no_kind_of_character_is_asked_for
                rule_3_a_refused_password_is_told_which_rule_it_breaks
            }
            passwords {
                a_forgotten_password_is_reset_with_a_mailed_link
                rule_8_a_reset_link_works_once
                rule_8_a_newer_reset_link_voids_the_older
                rule_16_a_reset_ends_every_session
                a_refused_new_password_leaves_the_link_good
                a_reset_proves_the_address
                rule_8_a_token_is_good_for_its_own_purpose_only
            }
            sessions {
                rule_15_every_refresh_spends_the_token
                rule_15_parallel_tabs_stay_signed_in
                rule_15_a_lost_answer_is_given_again
                rule_15_a_stolen_token_ends_the_session_for_both
                rule_16_signing_out_counts_at_once
                signing_out_succeeds_whatever_is_presented
                signing_out_ends_one_session_only
                rule_16_a_suspended_user_is_out_at_once
                rule_16_a_suspended_tenant_is_out_at_once
                rule_16_a_new_role_counts_at_once
                rule_17_people_see_their_sessions_and_end_the_others
                rule_18_the_token_of_another_tenant_is_refused
            }
            invitations {
                somebody_is_invited_and_comes_in
                somebody_signs_up_into_the_tenant_that_invited_them
                an_invitation_is_refused_rather_than_ignored
                rule_8_a_newer_invitation_mail_voids_the_older
                rule_8_an_invitation_link_leads_to_listed_sites_only
            }
            profiles {
                absent_null_and_a_value_are_three_different_updates
                preferences_change_one_by_one
                rule_19_what_a_body_is_not_for_has_no_effect
                rule_22_a_picture_is_an_https_link_to_a_public_host
                both_casings_are_read_and_snake_case_is_answered
                older_names_do_the_same
            }
            administration {
                rule_26_what_matters_to_security_is_on_record
            }
            tenants {
                an_owner_names_their_organisation_and_chooses_its_settings
                an_owner_closes_their_organisation_and_opens_it_again
            }
            billing {
                an_owner_tries_the_service_once
            }
            usage {
                a_plan_includes_so_much_and_no_more
            }
            neighbours {
                rule_4_a_python_user_signs_in_and_is_rehashed_and_claimed
                two_python_users_of_one_address_are_never_confused
                a_python_access_token_counts_until_all_sessions_end
                a_python_refresh_token_is_exchanged_once
                a_lost_answer_to_a_python_refresh_token_is_given_again
                rule_15_a_python_refresh_token_used_again_later_ends_the_session
                signing_out_with_a_python_refresh_token_spends_it
                a_python_user_without_a_version_changes_the_profile
            }
            onboarding {
                a_form_is_filled_in_from_several_windows
            }
            conventions {
                every_route_answers_with_and_without_the_base_path
                health_answers_at_every_address_that_it_ever_had
                an_unknown_route_is_a_404_in_the_envelope
                a_route_without_the_method_is_a_405_in_the_envelope
                a_body_that_is_not_json_is_a_415
                a_body_that_cannot_be_read_is_a_400
                every_multi_word_field_is_read_in_camel_case_too
                rule_24_a_refused_value_is_never_repeated
                rule_20_a_body_of_more_than_256_kib_is_a_413
                rule_20_deep_nesting_is_refused
                rule_20_every_text_is_bounded
                rule_23_every_answer_has_its_security_headers
                rule_23_browsers_of_listed_sites_only_may_call
                a_request_id_is_echoed_or_made
                the_document_and_its_page_are_served
                the_key_set_is_empty_while_only_the_shared_secret_signs
            }
        }
    };
}

macro_rules! table_of {
    ($($module:ident { $($name:ident)+ })+) => {
        /// Every journey, by name.
        pub const ALL: &[(&str, Journey)] = &[
            $($((concat!(stringify!($module), "::", stringify!($name)), |app| Box::pin($module::$name(app))),)+)+
        ];
    };
}

for_each_journey!(table_of);
