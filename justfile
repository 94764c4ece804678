# Commands for contributors; see CONTRIBUTING.md. Needs https://just.systems. `tests/run` is what CI runs.

export PROPTEST_RNG_SEED := env("PROPTEST_RNG_SEED", "20261123") # the same inputs on every run, as in tests/run

# List the commands
default:
    @just --list --unsorted

# Format and lints
check:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# Unit tests, all or those whose path contains FILTER
test *FILTER:
    cargo test --lib -- {{ FILTER }}

# Rules about the source text: layers, circles, sizes, words
structure:
    cargo test --test structure

# End-to-end tests whose path contains NAME, on both clusters or only on CLUSTER (practice or real)
e2e NAME CLUSTER="both":
    cargo test --test end_to_end -- {{ NAME }} {{ if CLUSTER == "practice" { "--skip ::real::" } else if CLUSTER == "real" { "--skip ::practice::" } else if CLUSTER == "both" { "" } else { error("CLUSTER: practice or real") } }}

# Accept all changed screens and other snapshots, and show what changed; `git restore FILE` rejects one
snap *FILTER:
    INSTA_UPDATE=always INSTA_FORCE_PASS=1 cargo test --lib -- {{ FILTER }}
    git status --short -- '*.snap'
    git diff -- '*.snap'

# Regenerate what is made from code: docs/RULES.md, README keys, config schema, pictures, snapshots
gen:
    RUST_BACKTRACE=0 UPDATE=1 INSTA_UPDATE=always INSTA_FORCE_PASS=1 cargo test --lib
    git status --short

# The practice cluster with a console, without any other cluster
practice:
    cargo run -- --sandbox

# Everything that CI checks; ARGS are passed to cargo test
ci *ARGS:
    tests/run {{ ARGS }}
