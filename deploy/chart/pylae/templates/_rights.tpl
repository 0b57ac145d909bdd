{{/* Made by deploy/generate.py from src/pylae/kube/rights.py. */}}
{{- define "pylae.rights.cluster" -}}
# what is to be served
- apiGroups: ["networking.istio.io"]
  resources: ["destinationrules", "gateways", "serviceentries", "virtualservices"]
  verbs: ["list", "watch"]
# a status is read before it is written
- apiGroups: ["networking.istio.io"]
  resources: ["gateways", "virtualservices"]
  verbs: ["get"]
# what became of them
- apiGroups: ["networking.istio.io"]
  resources: ["gateways/status", "virtualservices/status"]
  verbs: ["patch"]
# hosts and ports that routes name
- apiGroups: [""]
  resources: ["services"]
  verbs: ["list", "watch"]
# where the pods of Services are
- apiGroups: ["discovery.k8s.io"]
  resources: ["endpointslices"]
  verbs: ["list", "watch"]
# findings on users' objects
- apiGroups: [""]
  resources: ["events"]
  verbs: ["create", "get", "patch"]
# gateways that join by a service account's token
- apiGroups: ["authentication.k8s.io"]
  resources: ["tokenreviews"]
  verbs: ["create"]
{{- end }}
{{- define "pylae.rights.gateways" -}}
# certificates and keys that gateways of the namespace serve
- apiGroups: [""]
  resources: ["secrets"]
  verbs: ["list", "watch"]
# ConfigMap `pylae-ca`: whom gateways are to trust
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: ["create"]
# the same, when it changes
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: ["get", "patch"]
  resourceNames: ["pylae-ca"]
{{- end }}
{{- define "pylae.rights.own" -}}
# the mesh configuration
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: ["list", "watch"]
  resourceNames: ["istio"]
# ConfigMap `pylae-gateways`: the kinds of gateways there are
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: ["create"]
# the same, of all replicas
- apiGroups: [""]
  resources: ["configmaps"]
  verbs: ["list", "patch", "watch"]
  resourceNames: ["pylae-gateways"]
# Lease `pylae-status`: who writes status
- apiGroups: ["coordination.k8s.io"]
  resources: ["leases"]
  verbs: ["create"]
# the same, to hold it
- apiGroups: ["coordination.k8s.io"]
  resources: ["leases"]
  verbs: ["get", "update"]
  resourceNames: ["pylae-status"]
# Secret `pylae-ca`: the authority of gateways' certificates
- apiGroups: [""]
  resources: ["secrets"]
  verbs: ["create"]
# the same, in every replica
- apiGroups: [""]
  resources: ["secrets"]
  verbs: ["get"]
  resourceNames: ["pylae-ca"]
{{- end }}
