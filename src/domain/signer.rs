//! The signers that kube-controller-manager has built in (`pkg/apis/certificates/types.go`).

/// The signer that issues client certificates for the API server.
pub const CLIENT_SIGNER: &str = "kubernetes.io/kube-apiserver-client";
/// Signs kubelets' certificates for logging in.
pub(crate) const KUBELET_CLIENT: &str = "kubernetes.io/kube-apiserver-client-kubelet";
/// Signs kubelets' serving certificates.
pub(crate) const KUBELET_SERVING: &str = "kubernetes.io/kubelet-serving";
/// Demands nothing; requests for it can no longer be made (`certificates.k8s.io/v1`).
pub(crate) const LEGACY: &str = "kubernetes.io/legacy-unknown";
/// Whether kube-controller-manager signs for this signer; others need a program of their own.
pub fn is_signed_here(signer: &str) -> bool {
    [CLIENT_SIGNER, KUBELET_CLIENT, KUBELET_SERVING, LEGACY].contains(&signer)
}

/// Whether its certificates log in to the API server.
pub(crate) fn is_for_login(signer: &str) -> bool {
    [CLIENT_SIGNER, KUBELET_CLIENT, LEGACY].contains(&signer)
}
