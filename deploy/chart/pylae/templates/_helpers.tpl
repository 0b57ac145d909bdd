{{/* The control plane's name, and what all its objects are called: a revision stands beside others. */}}
{{- define "pylae.name" -}}
{{- if .Values.revision }}pylae-{{ .Values.revision }}{{ else }}pylae{{ end }}
{{- end }}

{{- define "pylae.service" -}}
{{ include "pylae.name" . }}.{{ .Release.Namespace }}.svc
{{- end }}

{{- define "pylae.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{/* Cluster-wide objects: two releases in two namespaces must not share one. */}}
{{- define "pylae.clusterName" -}}
{{ include "pylae.name" . }}-{{ .Release.Namespace }}
{{- end }}

{{- define "pylae.labels" -}}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
app.kubernetes.io/part-of: pylae
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "pylae.controlPlaneLabels" -}}
app: {{ include "pylae.name" . }}
{{- end }}

{{/* All gateways with what they do not say themselves filled in, as JSON: {"gateways": […]}. */}}
{{- define "pylae.gateways" -}}
{{- $all := list }}
{{- range .Values.gateways }}
  {{- $gateway := mustMergeOverwrite (deepCopy $.Values.gatewayDefaults) (deepCopy .) }}
  {{- if not $gateway.labels }}
    {{- $_ := set $gateway "labels" (dict "app" .name "istio" (trimPrefix "istio-" .name)) }}
  {{- end }}
  {{- $all = append $all $gateway }}
{{- end }}
{{- dict "gateways" $all | toJson }}
{{- end }}

{{/* What both kinds of pod have in common: no root, no capability, nothing to write to but their own directories. */}}
{{- define "pylae.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "pylae.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "pylae.probes" -}}
startupProbe:
  httpGet: {path: /livez, port: telemetry}
  periodSeconds: 1
  failureThreshold: 60
readinessProbe:
  httpGet: {path: /readyz, port: telemetry}
  periodSeconds: 5
livenessProbe:
  httpGet: {path: /livez, port: telemetry}
  periodSeconds: 10
  failureThreshold: 6
{{- end }}

{{/* Replicas on different machines and zones, as far as there are any. Wants a dict of labels. */}}
{{- define "pylae.spread" -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ . }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- toYaml $ | nindent 6 }}
{{- end }}
{{- end }}

{{/* Where pods may be put. Wants controlPlane or a gateway. */}}
{{- define "pylae.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{- define "pylae.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Prometheus finds pods by these. */}}
{{- define "pylae.scraped" -}}
prometheus.io/scrape: "true"
prometheus.io/port: "15020"
{{- end }}

{{/* The namespaces that have gateways, as a JSON list. */}}
{{- define "pylae.gatewayNamespaces" -}}
{{- $namespaces := list }}
{{- range (include "pylae.gateways" . | fromJson).gateways }}
  {{- $namespaces = append $namespaces .namespace }}
{{- end }}
{{- $namespaces | uniq | toJson }}
{{- end }}

{{/* Who a process is: leases and events name it. */}}
{{- define "pylae.podEnvironment" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
{{- end }}

{{/* A dict of labels as `a=b,c=d`. */}}
{{- define "pylae.labelList" -}}
{{- $pairs := list }}
{{- range $key, $value := . }}
  {{- $pairs = append $pairs (printf "%s=%s" $key $value) }}
{{- end }}
{{- join "," $pairs }}
{{- end }}
