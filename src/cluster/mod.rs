//! The adapter to Kubernetes: client, watches, decisions, applies, reviews.
