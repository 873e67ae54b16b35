use super::*;

/// The smallest parameters that RFC 9106 allows, for tests that are not about the cost.
const TINY: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$";

fn memory() -> Memory {
    Memory::new(&Argon2Parameters::default())
}

fn verify_default(password: &str, stored: &str) -> Verification {
    verify(&mut memory(), &Argon2Parameters::default(), password.as_bytes(), stored)
}

fn tiny_hash(password: &[u8]) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let mut tag = [0; TAG_LENGTH];
    memory().derive(params, password, b"somesaltsomesalt", &mut tag).unwrap();
    format!("{TINY}{}", STANDARD_NO_PAD.encode(tag))
}

/// RFC 9106, section 5.3. Memory that another hash has used must give the same tag.
#[test]
fn the_known_answer_of_rfc_9106_comes_out_of_used_memory() {
    let params = argon2::ParamsBuilder::new()
        .m_cost(32)
        .t_cost(3)
        .p_cost(4)
        .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
        .build()
        .unwrap();
    let argon2 = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, VERSION, params.clone()).unwrap();
    let mut memory = memory();
    let mut tag = [0; 32];
    memory.derive(params, b"another password", b"another salt", &mut tag).unwrap();

    argon2.hash_password_into_with_memory(&[1; 32], &[2; 16], &mut tag, memory.blocks(32)).unwrap();

    assert_eq!(hex::encode(tag), "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
}

#[test]
fn hashes_equal_those_of_an_independent_implementation() {
    use argon2_rust::params::{Memory as Kib, Params as OtherParams};
    let long = "0123456789".repeat(100);
    for (memory_kib, iterations, lanes) in [(19_456, 2, 1), (19_457, 3, 1), (20_000, 2, 4)] {
        let parameters = Argon2Parameters::new(memory_kib, iterations, lanes).unwrap();
        let other = argon2_rust::Argon2::new(
            argon2_rust::Algorithm::Argon2id,
            argon2_rust::Version::V0x13,
            OtherParams::builder().memory(Kib::kib(memory_kib.into())).passes(iterations).lanes(lanes).build().unwrap(),
        );
        for (password, salt) in [("", [0; 16]), ("pässwörd–🔑", [255; 16]), (&long, [7; 16])] {
            assert_eq!(
                hash(&mut memory(), &parameters, password.as_bytes(), &salt).unwrap(),
                other.hash_encoded(password.as_bytes(), &salt).unwrap(),
            );
        }
    }
}

/// Made with argon2-cffi, which binds the reference implementation in C.
#[test]
fn a_hash_of_the_reference_implementation_is_reproduced() {
    let expected = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
                    $Q5ZgvdjEVXcw33PRMmb7K5tP2Qqk8ckqQhhYwiyi5U4";
    let password = "pässwörd–🔑";

    let made = hash(&mut memory(), &Argon2Parameters::default(), password.as_bytes(), b"0123456789abcdef");

    assert_eq!(made.unwrap(), expected);
    assert_eq!(verify_default(password, expected), Verification::Match);
    assert_eq!(verify_default("password", expected), Verification::NoMatch);
}

/// Rule 4.
#[test]
fn the_default_parameters_are_those_of_rule_4() {
    let parameters = Argon2Parameters::default();

    assert_eq!(Argon2Parameters::new(19_456, 2, 1), Ok(parameters.clone()));
    assert!(dummy(&parameters).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
}

/// Rule 4.
#[test]
fn parameters_below_rule_4_or_above_the_ceilings_are_refused() {
    use ParametersError as Refused;
    let refused = |m, t, p| Argon2Parameters::new(m, t, p).unwrap_err();

    assert_eq!(refused(19_455, 2, 1), Refused::Memory(19_455));
    assert_eq!(refused(65_537, 2, 1), Refused::Memory(65_537));
    assert_eq!(refused(19_456, 1, 1), Refused::Iterations(1));
    assert_eq!(refused(19_456, 9, 1), Refused::Iterations(9));
    assert_eq!(refused(19_456, 2, 0), Refused::Lanes(0));
    assert_eq!(refused(19_456, 2, 9), Refused::Lanes(9));
    assert_eq!(refused(1024, 2, 1).to_string(), "Argon2 memory is 1024 KiB, but must be within 19456..=65536");
}

/// Made with argon2-cffi: other memory, passes, lanes and a shorter salt.
#[test]
fn a_hash_with_other_parameters_matches_and_is_outdated() {
    for stored in [
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0",
    ] {
        assert_eq!(verify_default("password", stored), Verification::MatchOutdated);
        assert_eq!(verify_default("Password", stored), Verification::NoMatch);
    }
}

#[test]
fn a_hash_of_the_previous_parameters_is_outdated_once_they_are_raised() {
    let made = hash(&mut memory(), &Argon2Parameters::default(), b"password", &[1; 16]).unwrap();
    let raised = Argon2Parameters::new(19_456, 3, 1).unwrap();

    assert_eq!(verify(&mut memory(), &raised, b"password", &made), Verification::MatchOutdated);
}

/// Each is the hash of "password", or would be with these parameters, were it worked on.
#[test]
fn hostile_or_foreign_parameters_are_refused_before_any_work() {
    let tail = "c29tZXNhbHQ$Zh/vvW8pvLyPRkarwyqdekZFu1wFlTf4pVh/Ma2+zM0";
    for head in [
        "$argon2id$v=19$m=65537,t=2,p=1",
        "$argon2id$v=19$m=4294967295,t=2,p=1",
        "$argon2id$v=19$m=19456,t=9,p=1",
        "$argon2id$v=19$m=19456,t=4294967295,p=1",
        "$argon2id$v=19$m=19456,t=2,p=9",
        "$argon2id$v=19$m=19456,t=2,p=4294967295",
        "$argon2id$v=19$m=19456,t=0,p=1",
        "$argon2id$v=19$m=0,t=2,p=1",
        "$argon2id$v=16$m=19456,t=2,p=1",
        "$argon2id$m=19456,t=2,p=1",
        "$argon2i$v=19$m=19456,t=2,p=1",
        "$argon2d$v=19$m=19456,t=2,p=1",
        "$scrypt$ln=15,r=8,p=1",
    ] {
        let mut memory = memory();
        let stored = format!("{head}${tail}");

        let verification = verify(&mut memory, &Argon2Parameters::default(), b"password", &stored);

        assert_eq!(verification, Verification::Unreadable, "{stored}");
        assert!(memory.blocks.is_empty(), "{stored} took memory");
    }
}

#[test]
fn a_tag_cut_short_is_refused() {
    let cut = format!("{TINY}{}", STANDARD_NO_PAD.encode([0; SHORTEST_STORED_TAG - 1]));

    assert_eq!(verify_default("password", &cut), Verification::Unreadable);
}

#[test]
fn no_damage_to_a_stored_hash_panics_or_lets_another_password_in() {
    let stored = tiny_hash(b"password");
    assert_eq!(verify_default("password", &stored), Verification::MatchOutdated);

    let characters: Vec<char> = stored.chars().collect();
    for position in 0..characters.len() {
        // A tag's length is one of its inputs, so that a shorter tag is no prefix of the longer.
        let cut: String = characters[..position].iter().collect();
        let verification = verify_default("password", &cut);
        assert!(matches!(verification, Verification::NoMatch | Verification::Unreadable), "{cut}: {verification:?}");
        for replacement in ['$', ',', '=', '0', '!', 'é', '\0', '🔑'] {
            let mut damaged = characters.clone();
            damaged[position] = replacement;
            let damaged: String = damaged.into_iter().collect();
            let verification = verify_default("another", &damaged);
            assert!(
                matches!(verification, Verification::NoMatch | Verification::Unreadable),
                "{damaged}: {verification:?}"
            );
        }
    }
}

#[test]
fn wiping_leaves_nothing_of_a_hash_and_keeps_the_memory() {
    let mut memory = memory();
    let parameters = Argon2Parameters::default();
    hash(&mut memory, &parameters, b"password", &[1; 16]).unwrap();
    let address = memory.blocks.as_ptr();

    memory.wipe();

    assert!(memory.blocks.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    assert_eq!(memory.blocks.len(), 19_456);
    hash(&mut memory, &parameters, b"password", &[2; 16]).unwrap();
    assert_eq!(memory.blocks.as_ptr(), address);
}

#[test]
fn memory_that_only_a_dear_stored_hash_needed_is_given_back() {
    let mut memory = memory();
    let mut tag = [0; TAG_LENGTH];
    memory.derive(Params::new(20_000, 1, 1, None).unwrap(), b"password", &[1; 16], &mut tag).unwrap();

    memory.wipe();

    assert!(memory.blocks.is_empty());
}
