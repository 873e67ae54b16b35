//! Links for size (docs/adr/0010-built-for-size.md).

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its target through the environment")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // A binary at a fixed address needs no relocations, which are a megabyte here, and none to be worked off at
    // the start.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    // lld, which Rust links with on this target unless it is told another linker, keeps one of functions that are the
    // same. Zig's linker does not know the option.
    println!("cargo:rerun-if-env-changed=CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER");
    let is_for_it = std::env::var("TARGET").is_ok_and(|target| target == "x86_64-unknown-linux-gnu");
    if is_for_it && std::env::var("RUSTC_LINKER").is_err() {
        println!("cargo:rustc-link-arg-bins=-Wl,--icf=all");
    }
}
