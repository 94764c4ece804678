//! Atomic writes, locks, permissions, the kubeconfig on disk, state and config folders.
