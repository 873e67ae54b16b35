//! What SAM is told, and how it fails.

use super::*;

#[test]
fn a_template_that_is_too_large_goes_through_a_bucket_of_the_stage_and_no_other_through_any() {
    let bench = bench(proposing(&[]));
    let bucket = |set: &[&str]| {
        let settings = settings::Settings {
            stack_name: STACK.to_owned(),
            parameters: set.iter().map(|bucket| ("CodeBucket".to_owned(), (*bucket).to_owned())).collect(),
        };
        template_bucket(&bench.context(), Deployable::Account, &settings).unwrap()
    };
    assert_eq!(bucket(&[]).as_deref(), Some("artifacts-dev"));
    assert_eq!(bucket(&[""]).as_deref(), Some("artifacts-dev"), "an image has none");
    assert_eq!(bucket(&["ours"]).as_deref(), Some("ours"), "what the zip is in");
    let others = [Deployable::Shared, Deployable::Observability, Deployable::DomainMapping, Deployable::CiOidc];
    let none = settings::Settings { stack_name: STACK.to_owned(), parameters: [].into() };
    for what in others {
        assert_eq!(template_bucket(&bench.context(), what, &none).unwrap(), None, "{what:?}");
    }
}

#[test]
fn a_missing_or_failing_sam_ends_it() {
    let missing = bench(proposing(&[])).without("sam");
    assert_eq!(run(&missing.context(), &options(&["account"])).unwrap_err().code, Code::ToolMissing);
    let mut world = proposing(&[]);
    world.fail(SAM, "");
    let failure = run(&bench(world).context(), &options(&["account"])).unwrap_err();
    assert_eq!(
        (failure.code, failure.message.as_str()),
        (Code::ToolFailed, "`sam deploy` failed: its messages are above")
    );
}
