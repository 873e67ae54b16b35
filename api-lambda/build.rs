//! Links for size (docs/adr/0010-built-for-size.md).

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its target through the environment")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // A binary at a fixed address needs no relocations, which are a megabyte here, and none to be worked off at
    // the start.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    // lld, which Rust links with on this target, keeps one of functions that are the same.
    if std::env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu") {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    }
}
