#!/usr/bin/env bash
# What `make secrets`, `make deploy` and `make undeploy` do, to the cluster that kubectl talks to.
#   OVERLAY   a folder of knative/overlays
#   REGISTRY  where the functions' images are, TAG which; else what the overlay says
#   PICKET    the command `picket`, PYTHON one that has PyYAML
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
overlay=$here/overlays/${OVERLAY:?say which: dev or production}
[ -f "$overlay/kustomization.yaml" ] || { echo "there is no overlay $OVERLAY in $here/overlays" >&2; exit 1; }

# One that is there keeps its labels, Pod Security's among them.
namespace() { kubectl get namespace "$1" --output=name >/dev/null 2>&1 || kubectl create namespace "$1"; }
there() { kubectl get secret "$2" --namespace="$1" --ignore-not-found --output=name | grep --quiet .; }
keep() { kubectl create secret generic "$2" --namespace="$1" --from-env-file=/dev/stdin; }
of() { kubectl get secret "$2" --namespace="$1" --output="jsonpath={.data.$3}" | base64 --decode; }
random() { od -An -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# The store and the artifact store that come along with `dev`: passwords for them.
secrets_of_examples() {
  namespace picket-mongodb
  there picket-mongodb mongodb || printf '%s\n' "ROOT_PASSWORD=$(random)" "PICKET_PASSWORD=$(random)" \
    "INGEST_PASSWORD=$(random)" | keep picket-mongodb mongodb
  namespace picket-artifacts
  there picket-artifacts artifacts || printf '%s\n' "AWS_ACCESS_KEY_ID=$(random)" \
    "AWS_SECRET_ACCESS_KEY=$(random)" | keep picket-artifacts artifacts
  there picket picket-artifacts || printf '%s\n' \
    "AWS_ACCESS_KEY_ID=$(of picket-artifacts artifacts AWS_ACCESS_KEY_ID)" \
    "AWS_SECRET_ACCESS_KEY=$(of picket-artifacts artifacts AWS_SECRET_ACCESS_KEY)" | keep picket picket-artifacts
  local store=mongodb.picket-mongodb.svc.cluster.local:27017/picket
  MONGODB_URI=mongodb://picket:$(of picket-mongodb mongodb PICKET_PASSWORD)@$store
  MONGODB_URI_INGEST=mongodb://ingest:$(of picket-mongodb mongodb INGEST_PASSWORD)@$store
  export MONGODB_URI MONGODB_URI_INGEST
}

# Never replaces a Secret: with another hash key every finding would be a new one.
secrets() {
  namespace picket
  if [ "$OVERLAY" = dev ]; then secrets_of_examples; fi
  if there picket picket; then
    echo "the Secret picket is there and stays as it is" >&2
    return
  fi
  : "${MONGODB_URI:?say where the store is}"
  "${PICKET:-picket}" keys | keep picket picket
}

# The overlay, with images from elsewhere where REGISTRY says so.
manifests() {
  local built named
  built=$(kubectl kustomize "$overlay")
  if [ -n "${REGISTRY:-}" ]; then
    built=$(sed 's|image: .*/picket/\([a-z]*\):.*|image: '"$REGISTRY"'/\1:'"${TAG:-latest}"'|' <<<"$built")
    named=$(grep --count --fixed-strings "image: $REGISTRY/" <<<"$built" || true)
    [ "$named" -ge 7 ] || { echo "only $named of seven images could be named: say them in $overlay" >&2; return 1; }
  elif [ -n "${TAG:-}" ]; then
    echo "TAG needs REGISTRY: say where the images are" >&2
    return 1
  fi
  printf '%s\n' "$built"
}

# Looks at the cluster: `check` what is missing, `explain` what is not Ready.
ask() { (cd "$here/.." && "${PYTHON:-python3}" -m knative.cluster "$@"); }

# Wait until all objects of a kind are Ready, show for what, and say what is the matter with those that are not.
ready() {
  local kind=$1 seconds=${2:-300}
  [ -n "$(kubectl get "$kind" --namespace=picket --output=name)" ] || return 0
  echo "waiting for ${kind%%.*} to be Ready, ${seconds} s at most" >&2
  kubectl wait --namespace=picket --for=condition=Ready --timeout="${seconds}s" --all "$kind" && return
  ask explain "$kind"
  return 1
}

# Ends with an error where the stream that events wait in is not what the channel's template says.
compare() {
  local job ended end=$((SECONDS + 120))
  job=doctor-$(date -u +%Y%m%d%H%M%S)
  echo "comparing the stream with the channel's template" >&2
  kubectl create job "$job" --namespace=picket --from=cronjob/doctor >/dev/null
  until ended=$(kubectl get job "$job" --namespace=picket --output='jsonpath={.status.succeeded}/{.status.failed}'); [ "$ended" != / ]; do
    [ "$SECONDS" -lt "$end" ] || break
    sleep 1
  done
  if [ "$ended" = 1/ ]; then
    kubectl logs --namespace=picket "job/$job"
    return
  fi
  kubectl logs --namespace=picket "job/$job" >&2 || true
  ask explain
  echo "the stream is not as the channel's template says, or nobody could compare it: knative/README.md, \"Change the channel\"" >&2
  return 1
}

# In an order in which nothing waits for what comes later: what a function is told of the Broker when it is made, where
# it sends; and a Trigger whose function is not Ready backs off for minutes.
deploy() {
  local all
  all=$(manifests)
  ask check <<<"$all"
  kubectl apply --filename=- --selector='app.kubernetes.io/component notin (function,trigger)' <<<"$all"
  kubectl apply --filename=- --dry-run=server >/dev/null <<<"$all"
  ready brokers.eventing.knative.dev
  kubectl apply --filename=- --selector='app.kubernetes.io/component=function' <<<"$all"
  ready services.serving.knative.dev
  kubectl apply --filename=- <<<"$all"
  ready triggers.eventing.knative.dev
  ready pingsources.sources.knative.dev
  ready sinkbindings.sources.knative.dev
  ready domainmappings.serving.knative.dev
  compare
}

# Takes away what `deploy` made, by its label. Secrets, the store and its data stay: without the hash key they would be
# worth nothing. So does the namespace, for the Secrets in it.
undeploy() {
  local picket=app.kubernetes.io/part-of=picket known optional=
  known=$(kubectl api-versions)
  case $known in *monitoring.coreos.com/v1*) optional=,podmonitors.monitoring.coreos.com,servicemonitors.monitoring.coreos.com,prometheusrules.monitoring.coreos.com ;; esac
  kubectl delete --namespace=picket --selector="$picket" --ignore-not-found \
    domainmappings.serving.knative.dev,services.serving.knative.dev,triggers.eventing.knative.dev,pingsources.sources.knative.dev,sinkbindings.sources.knative.dev,brokers.eventing.knative.dev
  kubectl delete --selector="$picket" --ignore-not-found clusterdomainclaims.networking.internal.knative.dev
  kubectl delete --namespace=picket --selector="$picket" --ignore-not-found \
    "cronjobs.batch,jobs.batch,configmaps,serviceaccounts,networkpolicies.networking.k8s.io$optional"
}

"$1"
