{{- define "sessiongraph.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "sessiongraph.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "sessiongraph.labels" -}}
{{ include "sessiongraph.selector" . }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The pods of the StatefulSet and of the Deployment. */}}
{{- define "sessiongraph.pod" -}}
{{- $access := .Values.access -}}
metadata:
  labels:
    {{- include "sessiongraph.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Other settings are another pod.
    checksum/settings: {{ include (print .Template.BasePath "/configmap.yaml") . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "sessiongraph.fullname" . }}
  automountServiceAccountToken: false
  # Variables of other services could be taken for settings.
  enableServiceLinks: false
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  # In-flight requests end within 10 s.
  terminationGracePeriodSeconds: 30
  containers:
    - name: sessiongraph
      image: "{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve]
      env:
        - name: SESSIONGRAPH_CONFIG
          value: /etc/sessiongraph/sessiongraph.yaml
        {{- if eq .Values.database.type "postgresql" }}
        - name: SESSIONGRAPH_DB
          valueFrom:
            secretKeyRef:
              name: {{ .Values.database.postgresql.existingSecret }}
              key: {{ .Values.database.postgresql.key }}
        {{- end }}
        {{- if $access.existingSecret }}
        {{- if $access.tokens }}
        - name: SESSIONGRAPH_TOKENS
          value: /run/secrets/sessiongraph/{{ $access.tokens }}
        {{- end }}
        {{- if $access.ingestKeys }}
        - name: SESSIONGRAPH_INGEST_KEYS_FILE
          value: /run/secrets/sessiongraph/{{ $access.ingestKeys }}
        {{- end }}
        {{- if $access.signSecrets }}
        - name: SESSIONGRAPH_SIGN_SECRETS_FILE
          value: /run/secrets/sessiongraph/{{ $access.signSecrets }}
        {{- end }}
        {{- if $access.maskKey }}
        - name: SESSIONGRAPH_MASK_KEY_FILE
          value: /run/secrets/sessiongraph/{{ $access.maskKey }}
        {{- end }}
        {{- end }}
        {{- if $access.open }}
        - name: SESSIONGRAPH_OPEN
          value: "true"
        {{- end }}
      ports:
        - name: http
          containerPort: 8080
      # An upgrade of the database, or one that cannot be reached yet, is no reason for a restart: /healthz is 200.
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: settings
          mountPath: /etc/sessiongraph
          readOnly: true
        {{- if $access.existingSecret }}
        - name: access
          mountPath: /run/secrets/sessiongraph
          readOnly: true
        {{- end }}
        {{- if eq .Values.database.type "sqlite" }}
        - name: data
          mountPath: /data
        {{- end }}
  volumes:
    - name: settings
      configMap:
        name: {{ include "sessiongraph.fullname" . }}
    {{- if $access.existingSecret }}
    - name: access
      secret:
        secretName: {{ $access.existingSecret }}
        defaultMode: 0440
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "sessiongraph.selector" . | nindent 10 }}
    {{- end }}
{{- end -}}
