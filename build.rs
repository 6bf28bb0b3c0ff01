//! Compiles the migrations again when a file of theirs changes.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
