//! The hashes were made with passlib 1.7.4 over bcrypt 4.0.1, as the Python service did; all but
//! one with cost 4, for speed.

use super::*;

#[test]
fn a_hash_of_the_python_service_with_its_own_cost_matches_and_is_outdated() {
    let stored = "$2b$12$DI.Ly3eHMBqvtteqffSp6ujbnNjOAX2HpTxBzeDoc9tvyldGwex82";

    assert_eq!(verify(b"correct horse battery staple", stored), Verification::MatchOutdated);
}

/// Rule 4.
#[test]
fn both_kinds_of_passlib_hash_match_and_are_outdated() {
    for (password, salt_and_hash) in [
        ("correct horse battery staple", "abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"),
        ("pässwörd–🔑", "abcdefghijklmnopqrstuuVOjl7YSrNBCvwgzo.GYruoLfhG7.QSu"),
        ("", "abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"),
    ] {
        for kind in ["2a", "2b"] {
            let stored = format!("${kind}$04${salt_and_hash}");
            assert!(recognises(&stored));
            assert_eq!(verify(password.as_bytes(), &stored), Verification::MatchOutdated);
            assert_eq!(verify(b"another", &stored), Verification::NoMatch);
        }
    }
}

#[test]
fn only_the_first_72_bytes_of_a_password_count() {
    let stored = "$2b$04$abcdefghijklmnopqrstuu6rixEKGOItKC5i1MvdHHlmR36LXX0vG";
    let password = "correct horse battery staple correct horse battery staple correct horse battery ";
    assert_eq!(password.len(), 80);

    assert_eq!(verify(password.as_bytes(), stored), Verification::MatchOutdated);
    assert_eq!(verify(&password.as_bytes()[..72], stored), Verification::MatchOutdated);
    assert_eq!(verify(&password.as_bytes()[..71], stored), Verification::NoMatch);
}

#[test]
fn a_character_that_lies_across_the_72nd_byte_is_cut_like_passlib_cut_it() {
    let stored = "$2b$04$abcdefghijklmnopqrstuuLx2Rm1da7UOnqWzWtjdP6Qkoz9ixSIq";
    let password = format!("{}x€y", "é".repeat(35));
    assert!(!password.is_char_boundary(72));

    assert_eq!(verify(password.as_bytes(), stored), Verification::MatchOutdated);
}

/// Older implementations counted the length in one byte.
#[test]
fn a_password_of_more_than_255_bytes_is_cut_and_not_wrapped_around() {
    let password = "0123456789".repeat(30);
    for kind in ["2a", "2b"] {
        let stored = format!("${kind}$04$abcdefghijklmnopqrstuum2G75IXDN/xsgbNa/hCiPSKyIHQd70S");
        assert_eq!(verify(password.as_bytes(), &stored), Verification::MatchOutdated);
    }
}

#[test]
fn a_password_with_a_nul_byte_never_matches() {
    let stored_of_a = "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC";
    let with_nul = bcrypt::hash_with_salt(b"a\0b", 4, [7; 16]).unwrap();
    assert_eq!(verify(b"a", stored_of_a), Verification::MatchOutdated);

    assert_eq!(verify(b"a\0", stored_of_a), Verification::NoMatch);
    assert_eq!(verify(b"a\0b", stored_of_a), Verification::NoMatch);
    assert_eq!(verify(b"a\0b", &with_nul.to_string()), Verification::NoMatch);
}

#[test]
fn malformed_and_unaffordable_hashes_are_unreadable() {
    for stored in [
        "$2b$",
        "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6C",
        "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CGG",
        "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6C!",
        "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6é",
        "$2b$xx$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
        "$2b$03$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
        "$2b$15$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
        "$2b$31$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
    ] {
        assert_eq!(verify(b"correct horse battery staple", stored), Verification::Unreadable, "{stored}");
    }
}

/// `$2x$` marks the hashes of a faulty implementation, which this one would compute wrongly.
#[test]
fn other_kinds_of_bcrypt_are_not_recognised() {
    for stored in ["$2x$04$", "$2y$04$", "$2$04$", "$argon2id$", ""] {
        assert!(!recognises(stored), "{stored}");
    }
}
