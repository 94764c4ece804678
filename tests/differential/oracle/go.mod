module oracle

go 1.26.0

// As k8s.io/kubernetes 1.36 is built: its go.mod says the same.
godebug default=go1.26
